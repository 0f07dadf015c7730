/**
 * Reads dnsmasq configuration: `address=/name/…/target`, `local=/name/` and `server=/name/`, each for the name and all below it.
 *
 * The target is the answer: none for NXDOMAIN, `#` or an address that leads nowhere for the configuration's, any other address for
 * itself. `local` and `server` without a target mean NXDOMAIN, with `#` an exception; a server to ask is no rule about a name, nor is any
 * other option: both are skipped.
 */
import { isIP } from 'node:net'
import { AddressAnswers, AS_CONFIGURED, NXDOMAIN } from './addresses.ts'
import { type EntryDetail, SUBTREE } from './entry.ts'
import { EntryWriter } from './entry-writer.ts'
import { isBlank, placeOf, skipBlanks, startsWith, textOf, trimEnd } from './octet-text.ts'
import type { FeedReader, ReaderContext } from './reader.ts'

const HASH = 0x23
const SLASH = 0x2f
const DOT = 0x2e
const STAR = 0x2a

export function readDnsmasq(context: ReaderContext): FeedReader {
  return new DnsmasqReader(context)
}

class DnsmasqReader implements FeedReader {
  private readonly writer: EntryWriter
  private readonly answers = new AddressAnswers()

  constructor(context: ReaderContext) {
    this.writer = new EntryWriter(context.sink)
  }

  line(bytes: Uint8Array, at: number, end: number, number: number): void {
    const start = skipBlanks(bytes, at, end)
    const stop = lineEnd(bytes, start, end)
    if (start === stop || bytes[start] === HASH) return
    const address = startsWith('address=/', bytes, start, stop)
    const server = startsWith('server=/', bytes, start, stop) || startsWith('local=/', bytes, start, stop)
    if (!address && !server) {
      this.other(bytes, start, stop, number)
      return
    }
    const names = placeOf(SLASH, bytes, start, stop) + 1
    const targetAt = afterLastSlash(bytes, names, stop)
    if (targetAt === names) {
      this.writer.bad(bytes, start, stop, 'no slash behind the name', number)
      return
    }
    if (address) this.address(bytes, names, targetAt, stop, number)
    else this.server(bytes, names, targetAt, stop, number)
  }

  finish(): void {}

  private address(bytes: Uint8Array, names: number, targetAt: number, end: number, number: number): void {
    if (targetAt === end) {
      this.each(bytes, names, targetAt, NXDOMAIN, number)
      return
    }
    if (end - targetAt === 1 && bytes[targetAt] === HASH) {
      this.each(bytes, names, targetAt, AS_CONFIGURED, number)
      return
    }
    const text = textOf(bytes, targetAt, end)
    if (text === null || isIP(text) === 0 || text.includes('%')) {
      this.writer.bad(bytes, targetAt, end, 'not an address to answer with', number)
      return
    }
    this.each(bytes, names, targetAt, this.answers.detailFor([text]), number)
  }

  private server(bytes: Uint8Array, names: number, targetAt: number, end: number, number: number): void {
    if (targetAt === end) {
      this.each(bytes, names, targetAt, NXDOMAIN, number)
      return
    }
    if (end - targetAt > 1 || bytes[targetAt] !== HASH) {
      this.writer.sink.skip(number, 'names a server to ask')
      return
    }
    this.each(bytes, names, targetAt, null, number, true)
  }

  /** The names between slashes, `bytes[at, end)`; the last slash is at `end - 1`. */
  private each(
    bytes: Uint8Array,
    at: number,
    end: number,
    detail: EntryDetail | null,
    number: number,
    allow = false,
  ): void {
    for (let name = at; name < end; ) {
      const nameEnd = placeOf(SLASH, bytes, name, end)
      const start = afterWildcard(bytes, name, nameEnd)
      if (isEveryName(bytes, name, nameEnd)) this.writer.bad(bytes, at, end, 'a rule for every name', number)
      else if (allow) this.writer.allow(bytes, start, nameEnd, SUBTREE, detail, number)
      else this.writer.block(bytes, start, nameEnd, SUBTREE, detail, number)
      name = nameEnd + 1
    }
  }

  private other(bytes: Uint8Array, at: number, end: number, number: number): void {
    if (/^[a-z0-9-]+(?:\s*=.*)?$/s.test(textOf(bytes, at, end) ?? ''))
      this.writer.sink.skip(number, 'another option of dnsmasq')
    else this.writer.bad(bytes, at, end, 'not an option of dnsmasq', number)
  }
}

/** `#` begins a comment at the start of a line or behind a blank. */
function lineEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let i = at; i + 1 < end; i++) if (isBlank(bytes[i]!) && bytes[i + 1] === HASH) return trimEnd(bytes, at, i)
  return trimEnd(bytes, at, end)
}

function afterLastSlash(bytes: Uint8Array, at: number, end: number): number {
  let i = end
  while (i > at && bytes[i - 1] !== SLASH) i--
  return i
}

function isEveryName(bytes: Uint8Array, at: number, end: number): boolean {
  return end - at === 1 && (bytes[at] === HASH || bytes[at] === DOT || bytes[at] === STAR)
}

/** dnsmasq reads `.name` as `name`, and from version 2.86 `*.name` as well. */
function afterWildcard(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] === DOT && end - at > 1) return at + 1
  return bytes[at] === STAR && bytes[at + 1] === DOT && end - at > 2 ? at + 2 : at
}
