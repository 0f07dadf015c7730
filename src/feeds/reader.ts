/**
 * What all readers of feeds have in common: lines in, entries out.
 *
 * A reader is made for one feed and reads it once, from the first line to `finish`. It throws nothing but `FeedRefused`, keeps no line,
 * and says about every line either nothing (a comment, a blank), or that it is an entry, to be skipped, or bad.
 */
import type { EntryDetail, Extent, RuleSink } from './entry.ts'

export interface FeedReader {
  /** The line is `bytes[at, end)`, without its end and a byte order mark; the octets are lent until this returns. */
  line(bytes: Uint8Array, at: number, end: number, number: number): void
  /** After the last line: entries that waited for more lines are given out. */
  finish(): void
}

/** Where readers put entries. Besides rules it hears of those that time has ended, or will. */
export interface FeedSink extends RuleSink {
  /** An entry that is past its date and so no rule any more. The name stands in `name`, as for `block`. */
  expired(nameLength: number, extent: Extent, detail: EntryDetail, line: number, isAllow: boolean): void
  /** An entry that was given out as a rule ends at this time. */
  expiresAt(seconds: number): void
  /** The number that the list itself has for its version. */
  serial?(serial: number): void
}

export interface ReaderContext {
  readonly sink: FeedSink
  /** What a URL stands for: `FeedSettings.scope`. */
  readonly scope: 'page' | 'site'
  /** `FeedSettings.subdomains`. */
  readonly subdomains: boolean | null
  /** Whole seconds since 1970: entries that expire then or before are no rules. */
  readonly now: number
  /** Whether a URL is given out with its host. It costs a string a line, which only people who ask about one name need. */
  readonly withUrls: boolean
}

export type MakeReader = (context: ReaderContext) => FeedReader

/** Why a version is not in force, for who counts: it cannot be read, is no list, is too bad a list, lacks signatures, or waits for a person. */
export const LOAD_CAUSES = ['unreadable', 'form', 'bad-lines', 'signature', 'held'] as const
export type LoadCause = (typeof LOAD_CAUSES)[number]

/** The whole file cannot be used, for a reason that is no single line's. */
export class FeedRefused extends Error {
  override readonly name = 'FeedRefused'
  readonly kind: LoadCause

  constructor(message: string, kind: LoadCause = 'form') {
    super(message)
    this.kind = kind
  }
}
