/**
 * Gives memory back that only the collector knows to be free. A thread that allocates nothing never collects, and an image that it has let go of
 * then stays in memory: hundreds of megabytes, one more with each reload.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { returnFreedBlocks } from './malloc.ts'
import { inTurns } from './yielding.ts'

/** What has been let go of in all when young objects are looked through, which takes less than a millisecond. */
export const WORTH_OCTETS = 4 * 1024 * 1024
/** And when all are, which takes a worker some milliseconds and the main thread more: for what has grown old before it was let go of. */
export const MUCH_OCTETS = 64 * 1024 * 1024

export interface Collector {
  /** Collects what is young and let go of. What belongs to an image mostly is: little else is made that would let it grow old. */
  young(): void
  /** Collects all garbage. */
  all(): void
}

/** Of the thread that calls it. */
export function collector(): Collector {
  const collect = gc()
  return { young: () => collect({ type: 'minor', execution: 'sync' }), all: () => collect() }
}

/** The same for a thread that others should go before: all garbage takes milliseconds to collect, and there may be fewer cores than threads that are busy. */
export function collectorInTurns(): Collector {
  const { young, all } = collector()
  return { young, all: () => inTurns(all) }
}

/**
 * Collects all garbage of the calling thread and gives back to the system what the engine and the C library keep for later as well: room for young objects that only
 * the start needed, and pages that the first collection has emptied. Takes some ten milliseconds, twice: for a moment when nobody waits for the thread.
 */
export function thoroughCollector(): () => void {
  const collect = gc()
  const thorough = { type: 'major', execution: 'sync', flavor: 'last-resort' } as const
  return () => {
    collect(thorough)
    collect(thorough)
    returnFreedBlocks()
  }
}

/** Counts what a thread lets go of, and collects a little later, once it is out of hand, as far as that is worth it. */
export class LettingGo {
  private readonly collect: Collector
  private readonly afterMs: number
  /** Since young objects, and all, were last looked through. */
  private octets = 0
  private octetsInAll = 0

  constructor(collect: Collector, afterMs: number) {
    this.collect = collect
    this.afterMs = afterMs
  }

  note(octets: number): void {
    this.octets += octets
    this.octetsInAll += octets
    if (this.octets < WORTH_OCTETS) return
    this.octets = 0
    const isMuch = this.octetsInAll >= MUCH_OCTETS
    if (isMuch) this.octetsInAll = 0
    setTimeout(() => (isMuch ? this.collect.all() : this.collect.young()), this.afterMs).unref()
  }
}

type Collect = (options?: {
  readonly type: 'major' | 'minor'
  readonly execution: 'sync'
  readonly flavor?: 'last-resort'
}) => void

function gc(): Collect {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as Collect
}
