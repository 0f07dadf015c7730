/**
 * Keeps the filter image true to its feeds: compiles at the start, when a file changes, when told (SIGHUP), and when an entry expires;
 * one compilation at a time, and one more for all the reasons that came up meanwhile.
 *
 * Owns: when, and what is known of the last time. Never: touches what is in force; a new image goes to `onImage`, whole. A compilation that
 * fails leaves everything as it was.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { makeFolder } from '../platform/make-folder.ts'
import type { FeedSettings } from '../settings/settings.ts'
import type { Compiled } from './compilation.ts'
import { Compiler } from './compiler.ts'
import { decisionsPath } from './decisions.ts'
import { nextEndOf } from './guards/exception.ts'
import type { NeverBlockNames } from './guards/never-block.ts'
import { signaturePath } from './guards/signature.ts'
import type { Keeping } from './history/archive.ts'
import { LOAD_CAUSES, type LoadCause } from './reader.ts'
import { type FeedReport, isInForce, nextExpiryOf } from './report.ts'
import type { SavedImage } from './saved-image.ts'
import { type FeedWatch, watchFeeds } from './watch.ts'

/** How long a file must lie still before it is read. */
const DEBOUNCE_MS = 300
/** After a compilation that failed. */
const RETRY_MS = 60_000
/** Timers cannot be set further; entries that expire later are looked at again by then. */
const TIMER_MS_MAX = 2 ** 31 - 1
/** What a start waits for an image of the lists as they are now, before it takes that of the last run. */
const FRESH_MS = 200
/** Entries that expire within it go together. */
const EXPIRY_STEP_MS = 1000

export interface KeeperOptions {
  readonly feeds: readonly FeedSettings[]
  readonly dataFolder: string | null
  readonly seed: number
  readonly categories: readonly string[]
  readonly neverBlock: NeverBlockNames
  readonly keeping: Keeping
  /** What was in force when the program last ran; null: it must be compiled first. */
  readonly saved: SavedImage | null
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly onImage: (compiled: InForce) => void
  readonly onProblem: (problem: string) => void
}

/** An image and what was loaded into it, as it comes into force. */
export interface InForce extends Compiled {
  readonly generation: number
}

/** What became of a feed, over several compilations. Times are seconds since 1970. */
export interface FeedState {
  readonly report: FeedReport | null
  readonly lastAttemptAt: number | null
  readonly lastSuccessAt: number | null
  /** Since when the version in force is; at the earliest since the start. Null where none is. */
  readonly inForceSince: number | null
  /** Attempts that failed since the start, by cause. */
  readonly failures: Readonly<Record<LoadCause, number>>
}

export class FeedKeeper {
  readonly states = new Map<string, FeedState>()
  /** Why the last compilation came to nothing, or no other will come; null where it came to something. */
  failure: string | null = null
  private readonly options: Omit<KeeperOptions, 'saved'>
  private watch: FeedWatch | null = null
  private underWay: Promise<void> | null = null
  private wanted = false
  private generation = 0
  private expiryTimer: NodeJS.Timeout | null = null
  private closed = false
  private readonly compiler = new Compiler()
  private saved: SavedImage | null

  constructor({ saved, ...options }: KeeperOptions) {
    this.options = options
    this.saved = saved
    for (const feed of options.feeds)
      this.states.set(feed.name, {
        report: null,
        lastAttemptAt: null,
        lastSuccessAt: null,
        inForceSince: null,
        failures: noFailures(),
      })
  }

  /** Compiles for the first time, and from then on whenever a file changes. Rejects where no image came of it: nothing may be served unfiltered. */
  async start(): Promise<void> {
    const { feeds, dataFolder } = this.options
    // Its folder must be there to be watched.
    if (dataFolder !== null) tryToMake(dataFolder)
    const decisions = dataFolder === null ? [] : [{ name: 'decisions', source: decisionsPath(dataFolder) }]
    const signatures = feeds.flatMap(({ name, source, signature }) =>
      signature === null ? [] : [{ name, source: signaturePath(source) }],
    )
    this.watch = watchFeeds([...feeds, ...signatures, ...decisions], () => void this.refresh(), {
      debounceMs: DEBOUNCE_MS,
    })
    const fresh = this.refresh()
    const { saved } = this
    this.saved = null
    if (saved === null) await fresh
    else await Promise.race([fresh, sleep(FRESH_MS, undefined, { ref: false })])
    if (this.generation > 0) return
    if (saved !== null) this.adopt(saved)
    else throw new Error(`the feeds could not be compiled: ${this.failure}`)
  }

  /** Resolves when an image of the feeds as they are now has been handed over, or could not be made. */
  refresh(): Promise<void> {
    if (this.closed) return Promise.resolve()
    if (this.underWay !== null) {
      this.wanted = true
      return this.underWay
    }
    this.underWay = this.compileUntilCurrent().finally(() => {
      this.underWay = null
    })
    return this.underWay
  }

  /** The image of the last run is in force until the lists have been read. */
  private adopt({ image, reports, savedAt }: SavedImage): void {
    for (const report of reports) this.remember(report, savedAt, null)
    this.options.onImage({ image, reports, seconds: 0, generation: 0 })
  }

  private async compileUntilCurrent(): Promise<void> {
    do {
      this.wanted = false
      await this.compileOnce()
    } while (this.wanted && !this.closed)
  }

  private async compileOnce(): Promise<void> {
    const { feeds, dataFolder, seed, categories, neverBlock, keeping, now, onImage, onProblem } = this.options
    const startedAt = Math.floor(now() / 1000)
    const generation = this.generation + 1
    try {
      const orders = { feeds, dataFolder, now: startedAt, seed, categories, generation, neverBlock, keeping }
      const { compiled, ended } = await this.compiler.compile(orders, onProblem)
      if (this.closed) return
      this.generation = generation
      this.failure = null
      for (const report of compiled.reports) this.remember(report, startedAt, report.cause)
      this.planExpiry(compiled.reports, startedAt)
      onImage({ ...compiled, generation })
      // What it writes down must not be written by two at once.
      await ended
    } catch (error) {
      if (this.closed) return
      this.failure = error instanceof Error ? error.message : String(error)
      onProblem(this.failure)
      // What should have ended with this compilation must not stay for ever.
      this.wakeIn(RETRY_MS)
    }
  }

  /** `failedBy`: what is counted; null for what was read in another run, or well. */
  private remember(report: FeedReport, at: number, failedBy: LoadCause | null): void {
    const before = this.states.get(report.name)!
    const { failures } = before
    this.states.set(report.name, {
      report,
      lastAttemptAt: at,
      lastSuccessAt: report.failure === null ? at : before.lastSuccessAt,
      inForceSince: inForceSince(before, report, at),
      failures: failedBy === null ? failures : { ...failures, [failedBy]: failures[failedBy] + 1 },
    })
  }

  /** For entries, and for exceptions of guards, that were in force at `at`. */
  private planExpiry(reports: readonly FeedReport[], at: number): void {
    if (this.expiryTimer !== null) clearTimeout(this.expiryTimer)
    this.expiryTimer = null
    const ends = [nextExpiryOf(reports), nextEndOf(this.options.neverBlock.exceptions, at)].filter(end => end !== null)
    if (ends.length === 0) return
    const waitMs = Math.max(EXPIRY_STEP_MS, Math.min(...ends) * 1000 - this.options.now())
    this.wakeIn(Math.min(waitMs, TIMER_MS_MAX))
  }

  private wakeIn(waitMs: number): void {
    if (this.expiryTimer !== null) clearTimeout(this.expiryTimer)
    this.expiryTimer = setTimeout(() => void this.refresh(), waitMs)
    this.expiryTimer.unref()
  }

  /** Why feeds are not all in force, or null: a feed that never loaded leaves its names unblocked. */
  notInForce(): string | null {
    const missing = [...this.states]
      .filter(([, { report }]) => report === null || !isInForce(report))
      .map(([name]) => name)
    return missing.length === 0 ? null : `not in force: ${missing.join(', ')}`
  }

  /** Ends a compilation that is under way: one that is killed at any moment loses nothing. */
  close(): void {
    this.closed = true
    // Whoever waits for a refresh must not take it for one that found nothing new.
    this.failure = 'the server is ending'
    this.compiler.close()
    this.watch?.close()
    if (this.expiryTimer !== null) clearTimeout(this.expiryTimer)
  }
}

function inForceSince(before: FeedState, report: FeedReport, at: number): number | null {
  if (!isInForce(report)) return null
  return before.report?.sha256 === report.sha256 ? (before.inForceSince ?? at) : at
}

function noFailures(): Record<LoadCause, number> {
  return Object.fromEntries(LOAD_CAUSES.map(cause => [cause, 0])) as Record<LoadCause, number>
}

/** What cannot be made is noticed by whoever writes there. */
function tryToMake(folder: string): void {
  try {
    makeFolder(folder)
  } catch {
    // The files in it are looked at from time to time all the same.
  }
}
