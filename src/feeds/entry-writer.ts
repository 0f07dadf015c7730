/**
 * The last step of every reader: a host name as text into the sink as a name, or the reason why not.
 *
 * Owns: which refusals are bad lines and which are skipped. An address in a list of names is well-formed and no DNS rule, so it is
 * skipped; everything else that is no name is a mistake in the feed. A name of one label may be allowed, never blocked.
 */
import type { EntryDetail, Extent } from './entry.ts'
import { AN_ADDRESS, hostname, isTopLevel, problemText, TOP_LEVEL } from './hostname.ts'
import { shownText } from './octet-text.ts'
import type { FeedSink } from './reader.ts'

export class EntryWriter {
  readonly sink: FeedSink

  constructor(sink: FeedSink) {
    this.sink = sink
  }

  /** The name `bytes[at, end)`, without blanks around it. */
  block(bytes: Uint8Array, at: number, end: number, extent: Extent, detail: EntryDetail | null, line: number): void {
    this.blockParsed(hostname(bytes, at, end, this.sink.name), bytes, at, end, extent, detail, line)
  }

  /** The same for a caller that has already put the name into the sink; `length` is what `hostname` returned. */
  blockParsed(
    length: number,
    bytes: Uint8Array,
    at: number,
    end: number,
    extent: Extent,
    detail: EntryDetail | null,
    line: number,
  ): void {
    if (length < 0) this.refuse(length, bytes, at, end, line)
    else if (isTopLevel(this.sink.name, length)) this.refuse(TOP_LEVEL, bytes, at, end, line)
    else this.sink.block(length, extent, detail, line)
  }

  allow(bytes: Uint8Array, at: number, end: number, extent: Extent, detail: EntryDetail | null, line: number): void {
    const length = hostname(bytes, at, end, this.sink.name)
    if (length < 0) this.refuse(length, bytes, at, end, line)
    else this.sink.allow(length, extent, detail, line)
  }

  page(bytes: Uint8Array, at: number, end: number, detail: EntryDetail | null, line: number): void {
    const length = hostname(bytes, at, end, this.sink.name)
    if (length < 0) this.refuse(length, bytes, at, end, line)
    else if (isTopLevel(this.sink.name, length)) this.refuse(TOP_LEVEL, bytes, at, end, line)
    else this.sink.page(length, detail, line)
  }

  bad(bytes: Uint8Array, at: number, end: number, why: string, line: number): void {
    this.sink.bad(line, why, shownText(bytes, at, end))
  }

  refuse(problem: number, bytes: Uint8Array, at: number, end: number, line: number): void {
    if (problem === AN_ADDRESS) this.sink.skip(line, problemText(problem))
    else this.bad(bytes, at, end, problemText(problem), line)
  }
}
