/**
 * Reads lists of domains, a name a line.
 *
 * `name` covers the name and all below it, unless the feed's settings say otherwise; `*.name` and `.name` always do. Comments begin with
 * `#` anywhere, or with `!`, `;` or `//` at the start of a line or behind a blank.
 */
import { EXACT, type Extent, SUBTREE } from './entry.ts'
import { EntryWriter } from './entry-writer.ts'
import { isBlank, skipBlanks, trimEnd } from './octet-text.ts'
import type { FeedReader, ReaderContext } from './reader.ts'

const HASH = 0x23
const DOT = 0x2e
const STAR = 0x2a
const BANG = 0x21
const SEMICOLON = 0x3b
const SLASH = 0x2f

export function readDomains(context: ReaderContext): FeedReader {
  return new DomainsReader(context)
}

class DomainsReader implements FeedReader {
  private readonly writer: EntryWriter
  private readonly extent: Extent

  constructor(context: ReaderContext) {
    this.writer = new EntryWriter(context.sink)
    this.extent = context.subdomains === false ? EXACT : SUBTREE
  }

  line(bytes: Uint8Array, at: number, end: number, number: number): void {
    const start = skipBlanks(bytes, at, end)
    if (start === end || isComment(bytes, start, end)) return
    const stop = entryEnd(bytes, start, end)
    if (bytes[start] === DOT) this.writer.block(bytes, start + 1, stop, SUBTREE, null, number)
    else if (bytes[start] === STAR && bytes[start + 1] === DOT && start + 2 <= stop)
      this.writer.block(bytes, start + 2, stop, SUBTREE, null, number)
    else this.writer.block(bytes, start, stop, this.extent, null, number)
  }

  finish(): void {}
}

/** Whether a comment begins at `at`, which is the start of a line or follows a blank. */
export function isComment(bytes: Uint8Array, at: number, end: number): boolean {
  const octet = bytes[at]
  if (octet === HASH || octet === BANG || octet === SEMICOLON) return at < end
  return octet === SLASH && at + 1 < end && bytes[at + 1] === SLASH
}

/** Where the entry ends: before a comment and the blanks around it. */
function entryEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at
  for (; i < end; i++) {
    while (i < end && bytes[i]! > HASH) i++
    if (i === end || bytes[i] === HASH) break
    if (isBlank(bytes[i]!) && isComment(bytes, i + 1, end)) break
  }
  return trimEnd(bytes, at, i)
}
