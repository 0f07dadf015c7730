/**
 * All feeds, one after another, into their sinks.
 *
 * Owns: what happens when a feed fails. Its source is read once, and copied as it is read; when it loaded well the copy becomes the last
 * good one, when it did not (missing, unreadable, refused, written to meanwhile) what the sink was given is undone and the last good
 * copy is read instead. A feed never stops the others.
 */
import { nameBefore } from '../platform/keep-before.ts'
import type { FeedSettings } from '../settings/settings.ts'
import { type Decision, isApproved, pinnedVersion } from './decisions.ts'
import { type FeedFile, type OctetSource, openFeedFile } from './feed-file.ts'
import { changeProblem, readVersion, versionPath, writeVersion } from './guards/change.ts'
import { endedText } from './guards/exception.ts'
import type { NeverBlock } from './guards/never-block.ts'
import { type GuardedSink, Quarantine } from './guards/quarantine.ts'
import { SignatureCheck } from './guards/signature.ts'
import { openArchived } from './history/archive.ts'
import { Keeper, lastGoodPath, openLastGood, originOf } from './last-good.ts'
import { loadFeed } from './load-feed.ts'
import { FeedRefused } from './reader.ts'
import { type FeedReport, reportOf, Tally } from './report.ts'

/** Where one feed's entries go. */
export interface FeedTarget {
  readonly sink: GuardedSink
  /** Forgets all that the sink was given. More may follow. */
  undo(): void
}

export interface CompileOptions {
  /** Where last good copies are; null: there are none. */
  readonly dataFolder: string | null
  /** Whole seconds since 1970. */
  readonly now: number
  /** Whether good copies are kept, or only read. Absent: kept. */
  readonly keep?: boolean
  /** Whether a URL is given out with its host; see `ReaderContext`. */
  readonly withUrls?: boolean
  readonly clock?: () => number
  /** Names that no feed may block. Absent: any may. */
  readonly neverBlock?: NeverBlock
  /** Absent: none were taken. */
  readonly decisions?: readonly Decision[]
  readonly pause?: (milliseconds: number) => void
}

/** How often a file that is being written to is tried, and how long apart. */
const ATTEMPTS = 3
const PAUSE_MS = 200

/** Throws only what a sink throws. Reports are in the order of the feeds. */
export function compileFeeds(
  feeds: readonly FeedSettings[],
  options: CompileOptions,
  newTarget: (feed: FeedSettings) => FeedTarget,
): FeedReport[] {
  return feeds.map(feed => compileFeed(feed, options, newTarget(feed)))
}

export function compileFeed(feed: FeedSettings, options: CompileOptions, target: FeedTarget): FeedReport {
  const pinned = pinnedVersion(options.decisions ?? [], feed.name)
  if (pinned === null) return fromSourceOrCopy(feed, options, target)
  const report = fromArchive(feed, options, target, pinned)
  if (typeof report !== 'string') return report
  const instead = fromSourceOrCopy(feed, options, target)
  return { ...instead, warnings: [...instead.warnings, `it cannot go back: ${report}`] }
}

/** The version that a person went back to; or why it cannot be used. */
function fromArchive(
  feed: FeedSettings,
  options: CompileOptions,
  target: FeedTarget,
  { sha256, by, at }: Decision,
): FeedReport | string {
  const { dataFolder } = options
  if (dataFolder === null) return 'there is no data folder'
  const source = orReason(() => openArchived(dataFolder, feed.name, sha256))
  if (typeof source === 'string') return source
  const report = loadGuarded(feed, source, target.sink, options, () => {})
  if (report.failure === null) return { ...report, pinned: { by, at } }
  target.undo()
  return report.failure
}

function fromSourceOrCopy(feed: FeedSettings, options: CompileOptions, target: FeedTarget): FeedReport {
  let report = fromSource(feed, options, target)
  for (let attempt = 1; report.failure === CHANGED && attempt < ATTEMPTS; attempt++) {
    ;(options.pause ?? sleep)(PAUSE_MS)
    report = fromSource(feed, options, target)
  }
  return report.failure === null ? report : fromLastGood(feed, options, target, report)
}

const CHANGED = 'it was written to while it was read'

function fromSource(feed: FeedSettings, options: CompileOptions, target: FeedTarget): FeedReport {
  const file = orReason(() => openFeedFile(feed.source))
  if (typeof file === 'string') return unread(feed, file)
  const keeper =
    options.dataFolder === null || options.keep === false
      ? null
      : new Keeper(lastGoodPath(options.dataFolder, feed.name), originOf(feed))
  try {
    return settle(readSource(feed, options, target, file, keeper), target, keeper)
  } catch (error) {
    keeper?.discard()
    throw error
  } finally {
    file.close()
  }
}

function readSource(
  feed: FeedSettings,
  options: CompileOptions,
  target: FeedTarget,
  file: FeedFile,
  keeper: Keeper | null,
): FeedReport {
  const signature = feed.signature === null ? null : new SignatureCheck(feed.signature, feed.source)
  const read = loadGuarded(feed, file, target.sink, options, octets => {
    keeper?.write(octets)
    signature?.tap(octets)
  })
  if (file.hasChanged()) return { ...read, failure: CHANGED, cause: 'unreadable' }
  const report = signature === null ? read : withSignature(read, signature, options.now)
  return report.failure === null ? judgeChange(feed, report, options) : report
}

function withSignature(report: FeedReport, check: SignatureCheck, now: number): FeedReport {
  if (report.failure !== null) return report
  const signed = orReason(() => check.verdict(now))
  if (typeof signed === 'string') return { ...report, failure: signed, cause: 'signature' }
  const times = [report.nextExpiry, signed.expiresAt].filter(time => time !== null)
  const nextExpiry = times.length === 0 ? null : Math.min(...times)
  return { ...report, serial: signed.serial ?? report.serial, signedBy: signed.by, nextExpiry }
}

function loadGuarded(
  feed: FeedSettings,
  file: OctetSource,
  sink: GuardedSink,
  options: CompileOptions,
  tap: (octets: Uint8Array) => void,
): FeedReport {
  const own = { ...loadOptions(options), tap }
  if (options.neverBlock === undefined || !options.neverBlock.guards(feed.name)) return loadFeed(feed, file, sink, own)
  const quarantine = new Quarantine(sink, options.neverBlock)
  const report = loadFeed(feed, file, quarantine, own)
  return {
    ...report,
    blocked: report.blocked - quarantine.total,
    quarantined: quarantine.counts,
    spared: Object.fromEntries(quarantine.spared),
    warnings: [...report.warnings, ...[...quarantine.ended].map(endedText)],
  }
}

/** Holds a version back that is too different from the one in force, unless a person has approved of it. */
function judgeChange(feed: FeedSettings, report: FeedReport, options: CompileOptions): FeedReport {
  const { dataFolder, decisions = [], keep } = options
  if (dataFolder === null || feed.limits === null) return report
  const path = versionPath(dataFolder, feed.name)
  const { sha256, serial } = report
  const version = { sha256, entries: report.blocked + report.allowed + report.pages, serial }
  const problem = changeProblem(readVersion(path), version, feed.limits)
  if (problem !== null && !isApproved(decisions, feed.name, report.sha256))
    return { ...report, failure: problem, cause: 'held', isHeld: true }
  const warning = keep === false ? null : writeVersion(path, version)
  return warning === null ? report : { ...report, warnings: [...report.warnings, warning] }
}

function settle(report: FeedReport, target: FeedTarget, keeper: Keeper | null): FeedReport {
  if (report.failure !== null) {
    keeper?.discard()
    target.undo()
    return report
  }
  keeper?.keep(report.sha256, report.octets)
  return keeper === null || keeper.warning === null
    ? report
    : { ...report, warnings: [...report.warnings, keeper.warning] }
}

function fromLastGood(feed: FeedSettings, options: CompileOptions, target: FeedTarget, failed: FeedReport): FeedReport {
  if (options.dataFolder === null) return failed
  const path = lastGoodPath(options.dataFolder, feed.name)
  const problems: string[] = []
  for (const one of [path, nameBefore(path)]) {
    const report = readCopy(feed, options, target, one)
    if (report === null) continue
    if (typeof report !== 'string')
      return {
        ...report,
        failure: failed.failure,
        cause: failed.cause,
        isHeld: failed.isHeld,
        fromLastGood: true,
        warnings: [...problems, ...report.warnings],
      }
    problems.push(report)
  }
  if (problems.length === 0) return failed
  return { ...failed, failure: `${failed.failure}; the last good copy cannot be used either: ${problems.join('; ')}` }
}

/** The report on a copy that is in force now; null where there is none, and why it cannot be used. */
function readCopy(
  feed: FeedSettings,
  options: CompileOptions,
  target: FeedTarget,
  path: string,
): FeedReport | string | null {
  const copy = orReason(() => openLastGood(path, originOf(feed)))
  if (copy === null || typeof copy === 'string') return copy
  try {
    const report = loadGuarded(feed, copy.file, target.sink, options, () => {})
    const problem = report.sha256 === copy.sha256 ? report.failure : `${path} is damaged`
    if (problem === null) return report
    target.undo()
    return problem
  } finally {
    copy.file.close()
  }
}

function loadOptions({ now, clock, withUrls }: CompileOptions) {
  return { now, clock: clock ?? (() => performance.now()), withUrls: withUrls ?? false }
}

function unread(feed: FeedSettings, failure: string): FeedReport {
  const tally = new Tally({ name: new Uint8Array(0), block() {}, allow() {}, page() {}, skip() {}, bad() {} })
  return reportOf(feed, tally, {
    source: feed.source,
    format: null,
    octets: 0,
    sha256: '',
    lines: 0,
    durationMs: 0,
    failure,
    cause: 'unreadable',
  })
}

function orReason<T>(act: () => T): T | string {
  try {
    return act()
  } catch (error) {
    if (error instanceof FeedRefused) return error.message
    throw error
  }
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
