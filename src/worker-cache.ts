/** What a worker does with its cache beside answering from it: throws names out when told, keeps it on disk between runs. */
import { readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { copyOfCache, readCopy } from './cache-copy.ts'
import { makeFolder } from './platform/make-folder.ts'
import { writeSynced, writeWhole } from './platform/write-whole.ts'
import type { AnswerCache } from './resolver/cache.ts'
import type { Clock } from './resolver/plane.ts'

/** Places of the index looked at between two batches of queries: some tenths of a millisecond. */
const PLACES_AT_ONCE = 4096
/** A copy on disk is not larger than this, however large the cache. */
const COPY_OCTETS_MAX = 256 * 2 ** 20

/** Throws a folded name out of a cache, with `below` all names below it, a piece at a time; `done` gets how many answers went. */
export function flush(cache: AnswerCache, name: Uint8Array, below: boolean, done: (forgotten: number) => void): void {
  let forgotten = 0
  const next = (from: number) => {
    if (from >= cache.places) return done(forgotten)
    forgotten += cache.forget(name, below, from, from + PLACES_AT_ONCE)
    setImmediate(() => next(from + PLACES_AT_ONCE))
  }
  next(0)
}

/** Takes in what the last run has left, which is then gone: a copy serves once. Returns what is worth a note, or null. */
export function restore(file: string, cache: AnswerCache, clock: Clock, seed: number): string | null {
  try {
    const copy = readFileSync(file)
    rmSync(file, { force: true })
    const kept = readCopy(copy, cache, clock.nowSeconds, clock.unixOffset + clock.nowSeconds, seed)
    return typeof kept === 'string' ? `the kept cache is not used: ${kept}` : null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    return `the kept cache cannot be read: ${(error as Error).message}`
  }
}

/** Leaves the cache for the next run, whole or not at all. Returns what went wrong, or null. */
export function keep(file: string, cache: AnswerCache, clock: Clock): string | null {
  const temporary = `${file}.new`
  try {
    makeFolder(dirname(file))
    const copy = copyOfCache(cache, clock.nowSeconds, clock.unixOffset + clock.nowSeconds, COPY_OCTETS_MAX)
    writeSynced(temporary, fd => writeWhole(fd, copy))
    renameSync(temporary, file)
    return null
  } catch (error) {
    rmSync(temporary, { force: true })
    return `the cache is not kept: ${(error as Error).message}`
  }
}
