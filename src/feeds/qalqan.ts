/**
 * Reads Qalqan's own lists: NDJSON, a header and then an object a line, with the case, the reason and the dates of every entry.
 *
 * A file without the header, or of another version, is refused whole. An entry that has expired is no rule: it is counted. The URL of an
 * entry is its page; only `scope: site` in the feed's settings makes its host of a URL that has no scope of its own.
 */
import { EXACT, SUBTREE } from './entry.ts'
import { AN_ADDRESS, hostnameFromText, isTopLevel, problemText, TOP_LEVEL } from './hostname.ts'
import { shownText, skipBlanks, textOf } from './octet-text.ts'
import { type QalqanEntry, readEntry, readHeader } from './qalqan-entry.ts'
import { type FeedReader, FeedRefused, type FeedSink, type ReaderContext } from './reader.ts'

/** A line holds a reason and a legal basis beside the name. */
export const JSON_LINE_OCTETS_MAX = 64 * 1024

export function readQalqan(context: ReaderContext): FeedReader {
  return new QalqanReader(context)
}

class QalqanReader implements FeedReader {
  private readonly sink: FeedSink
  private readonly context: ReaderContext
  private hasHeader = false

  constructor(context: ReaderContext) {
    this.sink = context.sink
    this.context = context
  }

  line(bytes: Uint8Array, at: number, end: number, number: number): void {
    const start = skipBlanks(bytes, at, end)
    if (start === end) return
    const value = parsed(textOf(bytes, start, end))
    if (!this.hasHeader) {
      this.header(value)
      return
    }
    const entry = value === undefined ? 'not JSON' : readEntry(value, this.context.scope === 'site' ? 'host' : 'page')
    const problem = typeof entry === 'string' ? entry : this.give(entry, number)
    if (problem !== null) this.sink.bad(number, problem, shownText(bytes, start, end))
  }

  finish(): void {
    if (!this.hasHeader) throw new FeedRefused('the first line is not a header {"qalqan":1,…}')
  }

  private header(value: unknown): void {
    const header = readHeader(value)
    if (typeof header === 'string') throw new FeedRefused(header)
    this.hasHeader = true
    this.sink.serial?.(header.serial)
  }

  /** Gives an entry out, or returns why it cannot be. */
  private give(entry: QalqanEntry, line: number): string | null {
    const length = hostnameFromText(entry.host, this.sink.name)
    if (length === AN_ADDRESS) {
      this.sink.skip(line, problemText(AN_ADDRESS))
      return null
    }
    if (length < 0) return problemText(length)
    if (entry.action === 'block' && isTopLevel(this.sink.name, length)) return problemText(TOP_LEVEL)
    this.giveNamed(entry, length, line)
    return null
  }

  private giveNamed({ scope, action, detail }: QalqanEntry, length: number, line: number): void {
    const extent = scope === 'domain' ? SUBTREE : EXACT
    if (detail.expiresAt !== undefined) {
      if (detail.expiresAt <= this.context.now) {
        this.sink.expired(length, extent, detail, line, action === 'allow')
        return
      }
      this.sink.expiresAt(detail.expiresAt)
    }
    if (scope === 'page') this.sink.page(length, detail, line)
    else if (action === 'allow') this.sink.allow(length, extent, detail, line)
    else this.sink.block(length, extent, detail, line)
  }
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
