/**
 * A million answers in the cache and a minute of churn: Zipf lookups among three million names, every miss inserted, as fast as it goes.
 * What is reported is what it does to the event loop: the longest turn, in processor time of this thread (so that a neighbour on the
 * machine is not taken for a pause) and on the clock; and the garbage collections.
 */
import { PerformanceObserver } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { AnswerCache, MISS } from '../src/resolver/cache.ts'
import { addressAnswer, KeyDeck } from './support/keys.ts'
import { cleanName } from './support/names.ts'
import { seeded, zipf } from './support/random.ts'
import { conditions } from './support/result.ts'
import { BATCH } from './support/workload.ts'

export interface Churn {
  readonly entries: number
  readonly lookups: number
  readonly inserts: number
  readonly evictions: number
  readonly longestTurnCpuMs: number
  readonly longestTurnMs: number
  readonly collections: number
  readonly longestCollectionMs: number
}

interface ChurnSize {
  readonly names: number
  readonly cacheOctets: number
  readonly seconds: number
}
export const FULL: ChurnSize = { names: 3_000_000, cacheOctets: 128 << 20, seconds: 60 }

/** Lookups whose names are drawn in advance, so that drawing is not in a turn. */
const DRAWN = 1 << 24
/** What the batch driver takes before it gives the loop back. */
const BATCHES_A_TURN = 8
const TTL_SECONDS = 1 << 30
const NOW = 1

export async function churn({ names, cacheOctets, seconds }: ChurnSize): Promise<Churn> {
  const keys = new KeyDeck(Array.from({ length: names }, (_, i) => cleanName(i)))
  const cache = new AnswerCache(cacheOctets)
  const answer = addressAnswer(TTL_SECONDS)
  // Asked for at once: what nobody asks for again would leave by the small ring, and the cache would stay a tenth full.
  for (let i = 0; i < names; i++) {
    cache.insert(keys.at(i), answer, NOW)
    cache.find(keys.at(i), NOW)
  }
  const draw = zipf(names, seeded(11))
  const drawn = Uint32Array.from({ length: Math.min(DRAWN, names * 4) }, draw)
  const before = { ...cache.counts }
  const batch = (first: number) => {
    for (let i = 0; i < BATCH; i++) {
      const key = keys.at(drawn[(first + i) % drawn.length]!)
      if (cache.find(key, NOW) === MISS) cache.insert(key, answer, NOW)
    }
  }
  const turns = await runTurns(batch, seconds)
  return {
    entries: cache.counts.entries,
    lookups: turns.turns * BATCHES_A_TURN * BATCH,
    inserts: cache.counts.inserts - before.inserts,
    evictions: cache.counts.evictions - before.evictions,
    ...turns,
  }
}

/** A few batches a turn of the event loop. */
async function runTurns(batch: (first: number) => void, seconds: number) {
  const collections = observeCollections()
  for (let i = 0; i < 20_000; i++) batch(i * BATCH)
  await nextTurn()
  const startMs = performance.now()
  const endMs = startMs + seconds * 1000
  let longestTurnCpuMs = 0
  let longestTurnMs = 0
  let turns = 0
  let cpuMs = threadMs()
  for (let nowMs = startMs; nowMs < endMs; turns++) {
    for (let i = 0; i < BATCHES_A_TURN; i++) batch((turns * BATCHES_A_TURN + i) * BATCH)
    await nextTurn()
    const [nextMs, nextCpuMs] = [performance.now(), threadMs()]
    longestTurnMs = Math.max(longestTurnMs, nextMs - nowMs)
    longestTurnCpuMs = Math.max(longestTurnCpuMs, nextCpuMs - cpuMs)
    nowMs = nextMs
    cpuMs = nextCpuMs
  }
  return { turns, longestTurnMs, longestTurnCpuMs, ...collections.end(startMs) }
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

function observeCollections() {
  const durations: (readonly [startMs: number, ms: number])[] = []
  const observer = new PerformanceObserver(list => {
    for (const entry of list.getEntries()) durations.push([entry.startTime, entry.duration])
  })
  observer.observe({ entryTypes: ['gc'] })
  return {
    end(fromMs: number) {
      for (const entry of observer.takeRecords()) durations.push([entry.startTime, entry.duration])
      observer.disconnect()
      const own = durations.filter(([startMs]) => startMs >= fromMs).map(([, ms]) => ms)
      return { collections: own.length, longestCollectionMs: Math.max(0, ...own) }
    },
  }
}

export function churnText(seconds: number, own: Churn): string {
  const count = (value: number) => Math.round(value).toLocaleString('en')
  return [
    '**Churn**',
    '',
    `${count(own.entries)} answers in the cache; ${seconds} s, ${count(own.lookups)} lookups, ${count(own.inserts)} insertions, ${count(own.evictions)} evictions.`,
    `Longest turn of the event loop (512 lookups): ${own.longestTurnCpuMs.toFixed(1)} ms of processor time, ${own.longestTurnMs.toFixed(1)} ms on the clock.`,
    `Collections: ${own.collections}, the longest ${own.longestCollectionMs.toFixed(1)} ms; each turn's promise and clock readings are the bench's own garbage.`,
    '',
    conditions(),
  ].join('\n')
}

if (import.meta.main) console.log(churnText(FULL.seconds, await churn(FULL)))
