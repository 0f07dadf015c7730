/**
 * Gives memory back that only the collector knows to be free. A thread that allocates nothing never collects, and an image that it has let go of
 * then stays in memory: hundreds of megabytes, one more with each reload.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { returnFreedBlocks } from './malloc.ts'

/** What has been let go of in all when it is worth the pause, which takes a worker some milliseconds. */
export const WORTH_OCTETS = 4 * 1024 * 1024

/** A function that collects all garbage of the thread that calls it. */
export function collector(): () => void {
  return gc()
}

/**
 * The same for a thread that nobody waits for: it takes some ten milliseconds, twice, and gives back to the system what the engine and the C library keep
 * for later as well: room for young objects that only the start needed, and pages that the first collection has emptied.
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

/** Counts what a thread lets go of, and collects a little later, once it is out of hand, when that is worth it: small images too, after some of them. */
export class LettingGo {
  private readonly collect: () => void
  private readonly afterMs: number
  private octets = 0

  constructor(collect: () => void, afterMs: number) {
    this.collect = collect
    this.afterMs = afterMs
  }

  note(octets: number): void {
    this.octets += octets
    if (this.octets < WORTH_OCTETS) return
    this.octets = 0
    setTimeout(this.collect, this.afterMs).unref()
  }
}

type Collect = (options?: {
  readonly type: 'major'
  readonly execution: 'sync'
  readonly flavor: 'last-resort'
}) => void

function gc(): Collect {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as Collect
}
