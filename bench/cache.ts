/**
 * The answer cache alone: a hit among 10,000 and a million answers of one address, one at a time and with a batch of 64 read ahead; an insertion
 * where there is room, and one that must evict. `cache-churn.ts` has what a minute of this does to the event loop.
 */
import { AnswerCache, type AnswerRecords, MISS } from '../src/resolver/cache.ts'
import { addressAnswer, emptyRecords, KeyDeck } from './support/keys.ts'
import { type Case, compare, type Size } from './support/measure.ts'
import { cleanName } from './support/names.ts'
import { seeded } from './support/random.ts'
import { asText, type BenchResult } from './support/result.ts'
import { BATCH } from './support/workload.ts'

interface Sizes {
  readonly entries: readonly number[]
  readonly hits: number
  readonly inserts: number
}
const SIZES: Record<Size, Sizes> = {
  small: { entries: [500], hits: 1000, inserts: 2000 },
  full: { entries: [10_000, 1_000_000], hits: 200_000, inserts: 200_000 },
}
const TTL_SECONDS = 3600
const NOW = 1
/** Octets that an answer of one address takes with its place in the index, from above. */
const ENTRY_OCTETS = 130

export function run(size: Size): BenchResult {
  const { entries, hits, inserts } = SIZES[size]
  const answer = addressAnswer(TTL_SECONDS)
  const cases = [...entries.flatMap(count => hitCases(count, hits, answer)), ...insertCases(inserts, answer)]
  return { title: 'Answer cache', ...compare(cases, size), notes: [] }
}

function hitCases(entries: number, hits: number, answer: AnswerRecords): Case[] {
  const keys = new KeyDeck(Array.from({ length: entries }, (_, i) => cleanName(i)))
  const cache = new AnswerCache(Math.max(1 << 18, entries * ENTRY_OCTETS))
  for (let i = 0; i < entries; i++) cache.insert(keys.at(i), answer, NOW)
  const random = seeded(3)
  // Only those that are still there: buckets overflow before the memory is full.
  const asked = Uint32Array.from({ length: hits }, () => {
    for (;;) {
      const index = Math.floor(random() * entries)
      if (cache.find(keys.at(index), NOW) !== MISS) return index
    }
  })
  const among = `among ${entries.toLocaleString('en')}`
  return [
    { what: `hit, alone, ${among}`, each: hits, run: () => findAll(cache, keys, asked) },
    { what: `hit, in batches, ${among}`, each: hits, run: () => findBatches(cache, keys, asked) },
  ]
}

const found = emptyRecords()
const ahead = new Int32Array(BATCH)

function findAll(cache: AnswerCache, keys: KeyDeck, asked: Uint32Array): number {
  let sum = 0
  for (let i = 0; i < asked.length; i++) sum += readOne(cache, keys, asked[i]!)
  return sum
}

function findBatches(cache: AnswerCache, keys: KeyDeck, asked: Uint32Array): number {
  let sum = 0
  let begun = 0
  for (let first = 0; first < asked.length; first += BATCH) {
    const end = Math.min(first + BATCH, asked.length)
    for (let i = first; i < end; i++) ahead[i - first] = keys.hashAt(asked[i]!)
    begun ^= cache.touchIndex(ahead, end - first) ^ cache.touchEntries(ahead, end - first)
    for (let i = first; i < end; i++) sum += readOne(cache, keys, asked[i]!)
  }
  return begun === -1 ? 0 : sum
}

function readOne(cache: AnswerCache, keys: KeyDeck, index: number): number {
  const at = cache.find(keys.at(index), NOW)
  if (at === MISS) throw new Error('an answer that is there was not found')
  cache.read(at, NOW, found)
  return found.octets
}

function insertCases(inserts: number, answer: AnswerRecords): Case[] {
  const keys = new KeyDeck(Array.from({ length: inserts }, (_, i) => cleanName(i)))
  const crowded = new AnswerCache(Math.max(65_536, inserts * (ENTRY_OCTETS >> 3)))
  return [
    {
      what: 'insert, room left (memory touched first)',
      each: inserts,
      run: () => insertAll(new AnswerCache(inserts * ENTRY_OCTETS), keys, answer),
    },
    { what: 'insert, evicting one', each: inserts, run: () => insertAll(crowded, keys, answer) },
    {
      what: 'insert, evicting one, half of them asked for',
      each: inserts,
      run: () => insertAll(crowded, keys, answer, true),
    },
  ]
}

function insertAll(cache: AnswerCache, keys: KeyDeck, answer: AnswerRecords, asking = false): number {
  let taken = 0
  for (let i = 0; i < keys.count; i++) {
    if (cache.insert(keys.at(i), answer, NOW)) taken++
    if (asking && (i & 1) === 0) cache.find(keys.at(i), NOW)
  }
  if (taken !== keys.count) throw new Error(`${keys.count - taken} answers were not taken`)
  return taken
}

if (import.meta.main) console.log(asText(run('full')))
