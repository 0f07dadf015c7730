/**
 * All feeds, one after another, into their sinks.
 *
 * Owns: what happens when a feed fails. Its source is read once, and copied as it is read; when it loaded well the copy becomes the last
 * good one, when it did not (missing, unreadable, refused, written to meanwhile) what the sink was given is undone and the last good
 * copy is read instead. A feed never stops the others.
 */
import type { FeedSettings } from '../settings/settings.ts'
import { type Decision, isApproved } from './decisions.ts'
import { type FeedFile, openFeedFile } from './feed-file.ts'
import { changeProblem, readVersion, versionPath, writeVersion } from './guards/change.ts'
import type { NeverBlock } from './guards/never-block.ts'
import { type GuardedSink, Quarantine } from './guards/quarantine.ts'
import { Keeper, type LastGood, lastGoodPath, openLastGood } from './last-good.ts'
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
      : new Keeper(lastGoodPath(options.dataFolder, feed.name))
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
  const report = loadGuarded(feed, file, target.sink, options, keeper)
  if (file.hasChanged()) return { ...report, failure: CHANGED }
  return report.failure === null ? judgeChange(feed, report, options) : report
}

function loadGuarded(
  feed: FeedSettings,
  file: FeedFile,
  sink: GuardedSink,
  options: CompileOptions,
  keeper: Keeper | null,
): FeedReport {
  const tap = keeper === null ? {} : { tap: (octets: Uint8Array) => keeper.write(octets) }
  const own = { ...loadOptions(options), ...tap }
  if (options.neverBlock === undefined || !options.neverBlock.guards(feed.name)) return loadFeed(feed, file, sink, own)
  const quarantine = new Quarantine(sink, options.neverBlock)
  const report = loadFeed(feed, file, quarantine, own)
  return { ...report, blocked: report.blocked - quarantine.total, quarantined: quarantine.counts }
}

/** Holds a version back that is too different from the one in force, unless a person has approved of it. */
function judgeChange(feed: FeedSettings, report: FeedReport, options: CompileOptions): FeedReport {
  const { dataFolder, decisions = [], keep } = options
  if (dataFolder === null || feed.limits === null) return report
  const path = versionPath(dataFolder, feed.name)
  const version = { sha256: report.sha256, entries: report.blocked + report.allowed + report.pages }
  const problem = changeProblem(readVersion(path), version, feed.limits)
  if (problem !== null && !isApproved(decisions, feed.name, report.sha256))
    return { ...report, failure: problem, isHeld: true }
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
  const copy = orReason(() => openLastGood(path))
  if (copy === null) return failed
  if (typeof copy === 'string') return withCopyFailure(failed, copy)
  try {
    return readCopy(feed, options, target, copy, failed)
  } finally {
    copy.file.close()
  }
}

function readCopy(
  feed: FeedSettings,
  options: CompileOptions,
  target: FeedTarget,
  copy: LastGood,
  failed: FeedReport,
): FeedReport {
  const report = loadGuarded(feed, copy.file, target.sink, options, null)
  const problem = report.sha256 === copy.sha256 ? report.failure : `${copy.file.path} is damaged`
  if (problem === null) return { ...report, failure: failed.failure, isHeld: failed.isHeld, fromLastGood: true }
  target.undo()
  return withCopyFailure(failed, problem)
}

function withCopyFailure(failed: FeedReport, problem: string): FeedReport {
  return { ...failed, failure: `${failed.failure}; the last good copy cannot be used either: ${problem}` }
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
