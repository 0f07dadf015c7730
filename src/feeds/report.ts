/**
 * What became of a feed: counts, the first bad lines, and whether it may be used.
 *
 * Owns: when a file is too bad to be a list. Memory is bounded whatever is in the file.
 */

import type { FeedSettings } from '../settings/settings.ts'
import type { EntryDetail, Extent, Network, RuleSink } from './entry.ts'
import { noneQuarantined, type QuarantineCounts } from './guards/quarantine.ts'
import { shown } from './octet-text.ts'
import type { FeedSink, LoadCause } from './reader.ts'
import type { FileFormat } from './readers.ts'

export interface BadLine {
  readonly line: number
  readonly why: string
  readonly text: string
}

export interface FeedReport {
  readonly name: string
  /** What was read: the source, or the last good copy. */
  readonly source: string
  /** As named or found; null where the file was refused before that. */
  readonly format: FileFormat | null
  readonly octets: number
  /** Of what was read, hexadecimal; empty where nothing could be. */
  readonly sha256: string
  readonly lines: number
  /** Rules given to the sink. A line of a hosts file can hold several. */
  readonly blocked: number
  readonly allowed: number
  /** URLs that stand for their page and block nothing. */
  readonly pages: number
  readonly expired: number
  readonly skipped: number
  readonly skippedBy: ReadonlyMap<string, number>
  readonly bad: number
  /** The first of them. */
  readonly badLines: readonly BadLine[]
  /** When the next entry in force expires, in seconds since 1970; null where none will. */
  readonly nextExpiry: number | null
  readonly durationMs: number
  /** Why the source is not in force, a sentence; null where it is. */
  readonly failure: string | null
  /** The same, for who counts; null where it is in force. */
  readonly cause: LoadCause | null
  /** Rules that may not count, by reason; not among `blocked`. */
  readonly quarantined: QuarantineCounts
  /** How many of `blocked` count by an exception of a guard, by its name. */
  readonly spared: Readonly<Record<string, number>>
  /** The source reads well, but waits for a person's word: `failure` says why. */
  readonly isHeld: boolean
  /** The publisher's number of this version: signed, or in the list itself; null where there is none. */
  readonly serial: number | null
  /** Keys whose signatures hold; null where none are asked for. */
  readonly signedBy: readonly string[] | null
  /** Who went back to this version, where somebody did; the source does not count then. */
  readonly pinned: { readonly by: string; readonly at: string } | null
  /** The source failed, and the copy of its last good state is in force instead. */
  readonly fromLastGood: boolean
  /** What the operator should know although the feed is in force. */
  readonly warnings: readonly string[]
}

/** Whether the feed's rules, of whatever age, count. */
export function isInForce(report: FeedReport): boolean {
  return report.failure === null || report.fromLastGood
}

/** When the first entry of any feed in force expires; null where none will. */
export function nextExpiryOf(reports: readonly FeedReport[]): number | null {
  const times = reports.filter(isInForce).flatMap(report => report.nextExpiry ?? [])
  return times.length === 0 ? null : Math.min(...times)
}

const BAD_LINES_MAX = 20
/** Readers have fewer reasons than this; a limit all the same, for what is counted by text. */
const REASONS_MAX = 64
/** Where nobody has said how many bad lines are too many: a file with more is something else than it is taken for. */
const BAD_SHARE_MAX = 0.25
/** Under so many lines the share says little. */
const LINES_JUDGED_MIN = 20
/** So many are let pass in a list of any length. */
const BAD_LINES_PASSED = 5

/** Counts what passes through to a sink. */
export class Tally implements FeedSink {
  readonly name: Uint8Array
  blocked = 0
  allowed = 0
  pages = 0
  skipped = 0
  badCount = 0
  expiredCount = 0
  nextExpiry: number | null = null
  ownSerial: number | null = null
  readonly skippedBy = new Map<string, number>()
  readonly badLines: BadLine[] = []
  private readonly sink: RuleSink & Partial<Pick<FeedSink, 'expired'>>

  /** A sink that has a method `expired` hears of those entries too. */
  constructor(sink: RuleSink & Partial<Pick<FeedSink, 'expired'>>) {
    this.sink = sink
    this.name = sink.name
  }

  block(nameLength: number, extent: Extent, detail: EntryDetail | null, line: number): void {
    this.blocked++
    this.sink.block(nameLength, extent, detail, line)
  }

  allow(nameLength: number, extent: Extent, detail: EntryDetail | null, line: number): void {
    this.allowed++
    this.sink.allow(nameLength, extent, detail, line)
  }

  prefix(network: Network, isAllow: boolean, detail: EntryDetail | null, line: number): void {
    if (isAllow) this.allowed++
    else this.blocked++
    this.sink.prefix?.(network, isAllow, detail, line)
  }

  page(nameLength: number, detail: EntryDetail | null, line: number): void {
    this.pages++
    this.sink.page(nameLength, detail, line)
  }

  skip(line: number, why: string): void {
    this.skipped++
    const reason = this.skippedBy.has(why) || this.skippedBy.size < REASONS_MAX ? why : 'other reasons'
    this.skippedBy.set(reason, (this.skippedBy.get(reason) ?? 0) + 1)
    this.sink.skip(line, why)
  }

  bad(line: number, why: string, text: string): void {
    this.badCount++
    if (this.badLines.length < BAD_LINES_MAX) this.badLines.push({ line, why, text: shown(text) })
    this.sink.bad(line, why, text)
  }

  expired(nameLength: number, extent: Extent, detail: EntryDetail, line: number, isAllow: boolean): void {
    this.expiredCount++
    this.sink.expired?.(nameLength, extent, detail, line, isAllow)
  }

  expiresAt(seconds: number): void {
    if (this.nextExpiry === null || seconds < this.nextExpiry) this.nextExpiry = seconds
  }

  serial(serial: number): void {
    this.ownSerial = serial
  }

  /** Why the file is not to be used, or null. `badShare`: what share of its lines may be bad; null: not decided. */
  refusal(badShare: number | null): string | null {
    const valid = this.blocked + this.allowed + this.pages + this.expiredCount
    const judged = valid + this.skipped + this.badCount
    const first = this.badLines[0]
    if (first === undefined) return null
    const example = `line ${first.line}: ${first.why}`
    if (valid === 0) return `no valid entry (${example})`
    const most = badShare === null ? BAD_SHARE_MAX * judged : Math.max(BAD_LINES_PASSED, badShare * judged)
    if (judged < LINES_JUDGED_MIN || this.badCount <= most) return null
    return `${this.badCount} of ${judged} entries are bad (${example})`
  }
}

export interface Reading {
  readonly source: string
  readonly format: FileFormat | null
  readonly octets: number
  readonly sha256: string
  readonly lines: number
  readonly durationMs: number
  readonly failure: string | null
  readonly cause: LoadCause | null
}

export function reportOf(feed: FeedSettings, tally: Tally, reading: Reading): FeedReport {
  return {
    name: feed.name,
    ...reading,
    blocked: tally.blocked,
    allowed: tally.allowed,
    pages: tally.pages,
    expired: tally.expiredCount,
    skipped: tally.skipped,
    skippedBy: tally.skippedBy,
    bad: tally.badCount,
    badLines: tally.badLines,
    nextExpiry: tally.nextExpiry,
    quarantined: noneQuarantined(),
    spared: {},
    isHeld: false,
    serial: tally.ownSerial,
    signedBy: null,
    pinned: null,
    fromLastGood: false,
    warnings: [],
  }
}
