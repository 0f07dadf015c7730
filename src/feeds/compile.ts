/**
 * All feeds, one after another, into their sinks.
 *
 * Owns: what happens when a feed fails. Its source is read once, and copied as it is read; when it loaded well the copy becomes the last
 * good one, when it did not (missing, unreadable, refused, written to meanwhile) what the sink was given is undone and the last good
 * copy is read instead. A feed never stops the others.
 */
import type { FeedSettings } from '../settings/settings.ts'
import type { RuleSink } from './entry.ts'
import { type FeedFile, openFeedFile } from './feed-file.ts'
import { Keeper, type LastGood, lastGoodPath, openLastGood } from './last-good.ts'
import { loadFeed } from './load-feed.ts'
import { FeedRefused } from './reader.ts'
import { type FeedReport, reportOf, Tally } from './report.ts'

/** Where one feed's entries go. */
export interface FeedTarget {
  readonly sink: RuleSink
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
  const report = loadFeed(feed, file, target.sink, {
    ...loadOptions(options),
    ...(keeper === null ? {} : { tap: (octets: Uint8Array) => keeper.write(octets) }),
  })
  return file.hasChanged() ? { ...report, failure: CHANGED } : report
}

function settle(report: FeedReport, target: FeedTarget, keeper: Keeper | null): FeedReport {
  if (report.failure !== null) {
    keeper?.discard()
    target.undo()
    return report
  }
  keeper?.keep(report.sha256, report.octets)
  return keeper === null || keeper.warning === null ? report : { ...report, warnings: [keeper.warning] }
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
  const report = loadFeed(feed, copy.file, target.sink, loadOptions(options))
  const problem = report.sha256 === copy.sha256 ? report.failure : `${copy.file.path} is damaged`
  if (problem === null) return { ...report, failure: failed.failure, fromLastGood: true }
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
