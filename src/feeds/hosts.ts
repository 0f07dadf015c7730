/**
 * Reads hosts files: an address, then one name or more.
 *
 * A name is blocked where its address leads nowhere (0.0.0.0, ::, or loopback), and covers itself alone unless the feed's settings say
 * otherwise. A line with any other address tells where a host is, which is no reason to block it: skipped. The names that every
 * hosts file has for the machine itself (`localhost`, `ip6-allnodes`) are passed over in silence.
 */
import { isIP } from 'node:net'
import { isNowhere } from './addresses.ts'
import { EXACT, type Extent, SUBTREE } from './entry.ts'
import { EntryWriter } from './entry-writer.ts'
import { hostname, isTopLevel } from './hostname.ts'
import { placeOf, skipBlanks, textOf, wordEnd } from './octet-text.ts'
import type { FeedReader, ReaderContext } from './reader.ts'

const HASH = 0x23
const BANG = 0x21

const OWN_NAMES: ReadonlySet<string> = new Set([
  'localhost',
  'localhost.localdomain',
  'localhost4',
  'localhost4.localdomain4',
  'localhost6',
  'localhost6.localdomain6',
  'local',
  'broadcasthost',
  'ip6-localhost',
  'ip6-loopback',
  'ip6-localnet',
  'ip6-mcastprefix',
  'ip6-allnodes',
  'ip6-allrouters',
  'ip6-allhosts',
  '0.0.0.0',
  '127.0.0.1',
  '::1',
  '255.255.255.255',
])

const NOWHERE = 0
const SOMEWHERE = 1
const NO_ADDRESS = 2
type Place = typeof NOWHERE | typeof SOMEWHERE | typeof NO_ADDRESS

export function readHosts(context: ReaderContext): FeedReader {
  return new HostsReader(context)
}

export class HostsReader implements FeedReader {
  private readonly writer: EntryWriter
  private readonly extent: Extent
  /** The address of the line before, which nearly every line repeats, and what it meant. */
  private readonly last = new Uint8Array(64)
  private lastLength = 0
  private lastPlace: Place = NO_ADDRESS

  constructor(context: ReaderContext) {
    this.writer = new EntryWriter(context.sink)
    this.extent = context.subdomains === true ? SUBTREE : EXACT
  }

  line(bytes: Uint8Array, at: number, end: number, number: number): void {
    const start = skipBlanks(bytes, at, end)
    if (start === end || bytes[start] === HASH || bytes[start] === BANG) return
    const stop = placeOf(HASH, bytes, start, end)
    const addressEnd = wordEnd(bytes, start, stop)
    const place = this.placeOfAddress(bytes, start, addressEnd)
    if (place === NO_ADDRESS) {
      this.writer.bad(bytes, start, end, 'no address before the name', number)
      return
    }
    let names = 0
    for (let name = skipBlanks(bytes, addressEnd, stop); name < stop; names++) {
      const nameEnd = wordEnd(bytes, name, stop)
      this.name(bytes, name, nameEnd, place, number)
      name = skipBlanks(bytes, nameEnd, stop)
    }
    if (names === 0) this.writer.bad(bytes, start, end, 'an address without a name', number)
  }

  finish(): void {}

  private name(bytes: Uint8Array, at: number, end: number, place: Place, number: number): void {
    const { sink } = this.writer
    const length = hostname(bytes, at, end, sink.name)
    if (mayBeOwn(sink.name, length) && isOwn(bytes, at, end)) return
    if (place === SOMEWHERE) sink.skip(number, 'maps to a real address')
    else this.writer.blockParsed(length, bytes, at, end, this.extent, null, number)
  }

  private placeOfAddress(bytes: Uint8Array, at: number, end: number): Place {
    const length = end - at
    if (length === this.lastLength && this.isLast(bytes, at, length)) return this.lastPlace
    const place = placeOfText(textOf(bytes, at, end))
    if (length <= this.last.length) {
      this.last.set(bytes.subarray(at, end))
      this.lastLength = length
      this.lastPlace = place
    }
    return place
  }

  private isLast(bytes: Uint8Array, at: number, length: number): boolean {
    for (let i = 0; i < length; i++) if (bytes[at + i] !== this.last[i]) return false
    return true
  }
}

/** Own names are no names to block, or have one label, or begin with `localhost`: a cheap question that nearly all names fail. */
function mayBeOwn(name: Uint8Array, length: number): boolean {
  return length < 0 || isTopLevel(name, length) || (name[1] === 0x6c && name[2] === 0x6f && name[3] === 0x63)
}

function isOwn(bytes: Uint8Array, at: number, end: number): boolean {
  const text = textOf(bytes, at, end)
  return text !== null && OWN_NAMES.has(text.toLowerCase())
}

function placeOfText(text: string | null): Place {
  if (text === null || isIP(text) === 0) return NO_ADDRESS
  return isNowhere(text) ? NOWHERE : SOMEWHERE
}
