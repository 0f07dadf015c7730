/**
 * Reads lists of URLs, with or without a scheme: `https://host/page`, `host/page`, `host:8080`, `host`.
 *
 * A URL says that a page is bad, not its site. Under the scope `page` an entry is given out as such and blocks nothing; only where the
 * feed's settings say `site` does it block its host, and that host alone. A bare host in such a list stands for its front page.
 */
import { type EntryDetail, EXACT } from './entry.ts'
import { EntryWriter } from './entry-writer.ts'
import { isBlank, placeOf, skipBlanks, textOf, trimEnd } from './octet-text.ts'
import type { FeedReader, ReaderContext } from './reader.ts'

const HASH = 0x23
const BANG = 0x21
const SEMICOLON = 0x3b
const SLASH = 0x2f
const COLON = 0x3a
const AT = 0x40
const LEFT_BRACKET = 0x5b
const RIGHT_BRACKET = 0x5d

export function readUrls(context: ReaderContext): FeedReader {
  return new UrlsReader(context)
}

class UrlsReader implements FeedReader {
  private readonly writer: EntryWriter
  private readonly context: ReaderContext

  constructor(context: ReaderContext) {
    this.writer = new EntryWriter(context.sink)
    this.context = context
  }

  line(bytes: Uint8Array, at: number, end: number, number: number): void {
    const start = skipBlanks(bytes, at, end)
    if (start === end || isCommentLine(bytes, start, end)) return
    const stop = urlEnd(bytes, start, end)
    const authority = afterScheme(bytes, start, stop)
    if (authority < 0) {
      this.writer.bad(bytes, start, stop, 'a URL without a host', number)
      return
    }
    this.give(bytes, start, stop, authority, authorityEnd(bytes, authority, stop), number)
  }

  finish(): void {}

  private give(bytes: Uint8Array, start: number, stop: number, authority: number, end: number, number: number): void {
    const host = afterUserinfo(bytes, authority, end)
    const hostEnd = beforePort(bytes, host, end)
    if (hostEnd < 0) {
      this.writer.bad(bytes, start, stop, 'a port that is no number', number)
      return
    }
    const detail = this.context.withUrls ? urlDetail(bytes, start, stop) : null
    if (this.context.scope === 'site') this.writer.block(bytes, host, hostEnd, EXACT, detail, number)
    else this.writer.page(bytes, host, hostEnd, detail, number)
  }
}

function urlDetail(bytes: Uint8Array, at: number, end: number): EntryDetail | null {
  const url = textOf(bytes, at, end)
  return url === null ? null : { url }
}

function isCommentLine(bytes: Uint8Array, at: number, end: number): boolean {
  const octet = bytes[at]
  return (
    octet === HASH ||
    octet === BANG ||
    octet === SEMICOLON ||
    (octet === SLASH && at + 1 < end && bytes[at + 1] === SLASH)
  )
}

/** A comment ends a URL where a blank stands before its `#`; a `#` within one begins the fragment. */
function urlEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let i = at; i + 1 < end; i++) if (isBlank(bytes[i]!) && bytes[i + 1] === HASH) return trimEnd(bytes, at, i)
  return trimEnd(bytes, at, end)
}

/** Where the authority begins: behind `scheme://`, or at once. Negative for a scheme that has none, such as `mailto:`. */
function afterScheme(bytes: Uint8Array, at: number, end: number): number {
  let i = at
  while (i < end && isSchemeOctet(bytes[i]!)) i++
  if (i === at || bytes[i] !== COLON || i + 1 >= end) return at
  if (i + 2 < end && bytes[i + 1] === SLASH && bytes[i + 2] === SLASH) return i + 3
  // Not a scheme but a host and its port, or the start of a userinfo.
  return isDigit(bytes[i + 1]!) || hasAt(bytes, i, end) ? at : -1
}

function hasAt(bytes: Uint8Array, at: number, end: number): boolean {
  // `mailto:someone@host` names no page; `user:word@host/` does.
  return authorityEnd(bytes, at, end) < end && afterUserinfo(bytes, at, authorityEnd(bytes, at, end)) > at
}

function authorityEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at
  for (; i < end; i++) {
    const octet = bytes[i]!
    // A backslash ends the host too, as it does for browsers (URL Standard §4.4).
    if (octet === SLASH || octet === 0x5c || octet === 0x3f || octet === HASH) break
  }
  return i
}

function afterUserinfo(bytes: Uint8Array, at: number, end: number): number {
  for (let i = end - 1; i >= at; i--) if (bytes[i] === AT) return i + 1
  return at
}

/** Where the host ends; negative when something other than a port number follows its colon. */
function beforePort(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] === LEFT_BRACKET) return Math.min(end, placeOf(RIGHT_BRACKET, bytes, at, end) + 1)
  let i = end
  while (i > at && isDigit(bytes[i - 1]!)) i--
  if (i > at && bytes[i - 1] === COLON) return isLoneColon(bytes, at, i - 1) ? i - 1 : end
  for (let k = at; k < end; k++) if (bytes[k] === COLON) return isLoneColon(bytes, k + 1, end) ? -1 : end
  return end
}

/** No colon before this one: with several it can only be an IPv6 address without its brackets. */
function isLoneColon(bytes: Uint8Array, at: number, end: number): boolean {
  for (let i = at; i < end; i++) if (bytes[i] === COLON) return false
  return true
}

function isDigit(octet: number): boolean {
  return octet >= 0x30 && octet <= 0x39
}

function isSchemeOctet(octet: number): boolean {
  const folded = octet | 0x20
  return (folded >= 0x61 && folded <= 0x7a) || isDigit(octet) || octet === 0x2b || octet === 0x2d || octet === 0x2e
}
