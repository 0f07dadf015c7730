/**
 * Reads Unbound configuration: `local-zone:` for a name and all below it, `local-data:` for the addresses of one name.
 *
 * The zone's type is the answer. A `redirect` zone answers with its data, which may follow at once or, for a bounded number of
 * zones, anywhere in the file; without any it has no data to give. Data of a name that is no such zone is a rule for that name alone.
 * Transparent zones are exceptions. All other options are skipped.
 */
import { isIP } from 'node:net'
import { AddressAnswers, AS_CONFIGURED, DROP, NODATA, NXDOMAIN, REFUSED } from './addresses.ts'
import { type EntryDetail, EXACT, type Extent, SUBTREE } from './entry.ts'
import { EntryWriter } from './entry-writer.ts'
import { placeOf, skipBlanks, startsWith, textOf, trimEnd, wordEnd } from './octet-text.ts'
import type { FeedReader, ReaderContext } from './reader.ts'

const HASH = 0x23
const ZONE = 'local-zone:'
const DATA = 'local-data:'

const ALLOW = 'allow'
const REDIRECT = 'redirect'
const SKIP = 'skip'
type Meaning = EntryDetail | typeof AS_CONFIGURED | typeof ALLOW | typeof REDIRECT | typeof SKIP

const ZONE_TYPES: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['static', NXDOMAIN],
  ['always_nxdomain', NXDOMAIN],
  ['always_nodata', NODATA],
  ['always_null', AS_CONFIGURED],
  ['refuse', REFUSED],
  ['always_refuse', REFUSED],
  ['deny', DROP],
  ['always_deny', DROP],
  ['inform_deny', DROP],
  ['redirect', REDIRECT],
  ['inform_redirect', REDIRECT],
  ['transparent', ALLOW],
  ['always_transparent', ALLOW],
  ['typetransparent', ALLOW],
  ['nodefault', ALLOW],
  ['inform', SKIP],
  ['block_a', SKIP],
  ['ipset', SKIP],
  ['noview', SKIP],
])

/** Redirect zones that wait for data elsewhere in the file. What comes after is taken to have none. */
const WAITING_MAX = 100_000

/** Addresses of one name that are kept; an answer needs no more. */
const ADDRESSES_MAX = 32

/** Names with addresses that are not yet known to be all. */
interface Gathering {
  readonly key: string
  readonly line: number
  readonly extent: Extent
  readonly addresses: string[]
}

export function readUnbound(context: ReaderContext): FeedReader {
  return new UnboundReader(context)
}

class UnboundReader implements FeedReader {
  private readonly writer: EntryWriter
  private readonly answers = new AddressAnswers()
  private readonly waiting = new Map<string, Gathering>()
  private gathering: Gathering | null = null
  /** The type in the line before, which most lines repeat. */
  private lastType = new Uint8Array(0)
  private lastMeaning: Meaning | undefined = undefined

  constructor(context: ReaderContext) {
    this.writer = new EntryWriter(context.sink)
  }

  line(bytes: Uint8Array, at: number, end: number, number: number): void {
    const start = skipBlanks(bytes, at, end)
    if (start === end || bytes[start] === HASH) return
    if (startsWith(ZONE, bytes, start, end)) {
      this.zone(bytes, start + ZONE.length, end, number)
      return
    }
    if (startsWith(DATA, bytes, start, end)) {
      this.data(bytes, start + DATA.length, end, number)
      return
    }
    this.other(bytes, start, end, number)
  }

  finish(): void {
    this.closeGathering()
    for (const zone of this.waiting.values()) this.give(zone)
    this.waiting.clear()
  }

  private zone(bytes: Uint8Array, at: number, end: number, number: number): void {
    const start = skipBlanks(bytes, at, end)
    const quoted = isQuote(bytes[start]!) && start < end
    const name = quoted ? start + 1 : start
    const nameEnd = quoted ? placeOf(bytes[start]!, bytes, name, end) : wordEnd(bytes, name, end)
    const type = skipBlanks(bytes, quoted ? nameEnd + 1 : nameEnd, end)
    const meaning = this.meaningOf(bytes, type, wordEnd(bytes, type, placeOf(HASH, bytes, type, end)))
    if (meaning === undefined) {
      this.writer.bad(bytes, start, end, 'no type of zone that Unbound has', number)
      return
    }
    if (meaning === SKIP) {
      this.writer.sink.skip(number, 'a zone type that blocks nothing')
      return
    }
    if (meaning === ALLOW) this.writer.allow(bytes, name, nameEnd, SUBTREE, null, number)
    else if (meaning === REDIRECT) this.redirect(bytes, name, nameEnd, number)
    else this.writer.block(bytes, name, nameEnd, SUBTREE, meaning, number)
  }

  private redirect(bytes: Uint8Array, at: number, end: number, number: number): void {
    const key = keyOf(textOf(bytes, at, end) ?? '')
    if (key === '') {
      this.writer.block(bytes, at, end, SUBTREE, NODATA, number)
      return
    }
    const current = this.gathering
    // Its data came first.
    const addresses = current?.key === key && current.extent === EXACT ? current.addresses : []
    if (addresses.length > 0) this.gathering = null
    this.closeGathering()
    this.gathering = { key, line: number, extent: SUBTREE, addresses }
  }

  /** `local-data: "name [ttl] [IN] A address"`, in single or double quotes. */
  private data(bytes: Uint8Array, at: number, end: number, number: number): void {
    const text = textOf(bytes, at, end)
    const record = /^\s*(["'])(.*?)\1\s*(?:#.*)?$/s.exec(text ?? '')?.[2]
    if (record === undefined) {
      this.writer.bad(bytes, at, end, 'not a record in quotes', number)
      return
    }
    const [, owner, type, value] =
      /^\s*(\S+)\s+(?:\d+\s+)?(?:IN\s+)?(?:\d+\s+)?([A-Za-z]\S*)\s+(\S.*?)\s*$/is.exec(record) ?? []
    if (owner === undefined) {
      this.writer.bad(bytes, at, end, 'not a record', number)
      return
    }
    if (!/^a(?:aaa)?$/i.test(type!)) {
      this.writer.sink.skip(number, 'a record of another type than A and AAAA')
      return
    }
    if (isIP(value!) !== (type!.length === 1 ? 4 : 6) || value!.includes('%')) {
      this.writer.bad(bytes, at, end, 'not an address of the type', number)
      return
    }
    this.gather(keyOf(owner), value!, number)
  }

  private gather(key: string, address: string, line: number): void {
    const waiting = this.waiting.get(key)
    if (waiting !== undefined) {
      addAddress(waiting, address)
      return
    }
    if (this.gathering?.key !== key) {
      this.closeGathering()
      this.gathering = { key, line, extent: EXACT, addresses: [] }
    }
    addAddress(this.gathering!, address)
  }

  private closeGathering(): void {
    const done = this.gathering
    this.gathering = null
    if (done === null) return
    const mayWait = done.addresses.length === 0 && this.waiting.size < WAITING_MAX && !this.waiting.has(done.key)
    if (mayWait) this.waiting.set(done.key, done)
    else this.give(done)
  }

  private give({ key, line, extent, addresses }: Gathering): void {
    const name = Buffer.from(key)
    const detail = addresses.length === 0 ? NODATA : this.answers.detailFor(addresses)
    this.writer.block(name, 0, name.length, extent, detail, line)
  }

  private meaningOf(bytes: Uint8Array, at: number, end: number): Meaning | undefined {
    if (this.lastMeaning !== undefined && isSame(this.lastType, bytes, at, end)) return this.lastMeaning
    const text = textOf(bytes, at, end)?.replace(/^(["'])(.*)\1$/, '$2')
    this.lastMeaning = ZONE_TYPES.get(text ?? '')
    this.lastType = bytes.slice(at, end)
    return this.lastMeaning
  }

  private other(bytes: Uint8Array, at: number, end: number, number: number): void {
    const text = textOf(bytes, at, trimEnd(bytes, at, end)) ?? ''
    if (/^(?:server|view|remote-control):\s*(?:#.*)?$/.test(text)) return
    if (/^[a-z0-9-]+:/.test(text)) this.writer.sink.skip(number, 'another option of Unbound')
    else this.writer.bad(bytes, at, end, 'not an option of Unbound', number)
  }
}

function addAddress(gathering: Gathering, address: string): void {
  if (gathering.addresses.length < ADDRESSES_MAX) gathering.addresses.push(address)
}

function keyOf(owner: string): string {
  return owner.trim().toLowerCase().replace(/\.$/, '')
}

function isQuote(octet: number): boolean {
  return octet === 0x22 || octet === 0x27
}

function isSame(text: Uint8Array, bytes: Uint8Array, at: number, end: number): boolean {
  if (text.length !== end - at) return false
  for (let i = 0; i < text.length; i++) if (text[i] !== bytes[at + i]) return false
  return true
}
