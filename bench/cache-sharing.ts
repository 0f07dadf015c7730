/**
 * One answer cache for all workers, or one for each? Two measurements:
 *
 * What a hit costs. A cache that several threads write needs, per bucket, a counter that a writer makes odd before and even after (a
 * seqlock); a reader copies the answer out and believes it only if the counter was even before and is the same after. Its last reading of the
 * counter must not overtake the copying, for which JavaScript has only the read-modify-write operations (ECMA-262 §29: an
 * `Atomics.load` keeps later accesses back, not earlier ones); and a use must be noted by one too, or two workers' notes destroy
 * each other's. Flat memory of the same shape is read in each way.
 *
 * What splitting costs. A Zipf load (s = 1) over a million names, put to one cache and to two and four of the same size together, each
 * query to a cache by chance, as the kernel spreads clients over sockets. TTLs matter: every worker has to ask for itself again. And once
 * more with caches that look into each other's before they ask an upstream, which takes one writer a cache and the checked reading above
 * on a miss alone.
 */
import { AnswerCache, type AnswerKey, MISS } from '../src/resolver/cache.ts'
import { addressAnswer, emptyRecords, KeyDeck } from './support/keys.ts'
import { type Case, compare, type Size } from './support/measure.ts'
import { cleanName } from './support/names.ts'
import { seeded, zipf } from './support/random.ts'
import { asText, type BenchResult } from './support/result.ts'

interface Sizes {
  readonly buckets: number
  readonly reads: number
  readonly names: number
  readonly queries: number
}
const SIZES: Record<Size, Sizes> = {
  small: { buckets: 1 << 10, reads: 2000, names: 5000, queries: 20_000 },
  full: { buckets: 1 << 17, reads: 200_000, names: 1_000_000, queries: 8_000_000 },
}

export function run(size: Size): BenchResult {
  const { buckets, reads } = SIZES[size]
  const shared = new SharedBuckets(buckets)
  const random = seeded(5)
  const asked = Uint32Array.from({ length: reads }, () => Math.floor(random() * buckets))
  const cases: readonly Case[] = [
    { what: 'hit: plain reads, one owner', each: reads, run: () => shared.readPlain(asked) },
    { what: 'hit: seqlock, two Atomics.load', each: reads, run: () => shared.readChecked(asked) },
    { what: 'hit: seqlock, the second a read-modify-write', each: reads, run: () => shared.readFenced(asked) },
    { what: 'hit: the same, and the use noted atomically', each: reads, run: () => shared.readNoted(asked) },
  ]
  return { title: 'Cache, shared or split', ...compare(cases, size), notes: splitNotes(SIZES[size]) }
}

/** 16 words a bucket: a counter, a use count, a hash, and an answer of 13 words. */
const WORDS = 16
const USES_AT = 1
const HASH_AT = 2
const ANSWER_AT = 3

class SharedBuckets {
  private readonly words: Int32Array
  private readonly out = new Int32Array(WORDS)

  constructor(buckets: number) {
    this.words = new Int32Array(new SharedArrayBuffer(buckets * WORDS * 4))
    for (let i = 0; i < this.words.length; i++) this.words[i] = i % WORDS === 0 ? 0 : i
  }

  readPlain(asked: Uint32Array): number {
    let sum = 0
    for (let i = 0; i < asked.length; i++) {
      const at = asked[i]! * WORDS
      this.copyOut(at)
      this.words[at + USES_AT] = (this.words[at + USES_AT]! & ~3) | 1
      sum ^= this.out[WORDS - 1]!
    }
    return sum
  }

  readChecked(asked: Uint32Array): number {
    let sum = 0
    for (let i = 0; i < asked.length; i++) {
      const at = asked[i]! * WORDS
      for (;;) {
        const before = Atomics.load(this.words, at)
        this.copyOut(at)
        if ((before & 1) === 0 && Atomics.load(this.words, at) === before) break
      }
      this.words[at + USES_AT] = (this.words[at + USES_AT]! & ~3) | 1
      sum ^= this.out[WORDS - 1]!
    }
    return sum
  }

  readFenced(asked: Uint32Array): number {
    let sum = 0
    for (let i = 0; i < asked.length; i++) {
      const at = asked[i]! * WORDS
      this.copyChecked(at)
      this.words[at + USES_AT] = (this.words[at + USES_AT]! & ~3) | 1
      sum ^= this.out[WORDS - 1]!
    }
    return sum
  }

  readNoted(asked: Uint32Array): number {
    let sum = 0
    for (let i = 0; i < asked.length; i++) {
      const at = asked[i]! * WORDS
      this.copyChecked(at)
      Atomics.or(this.words, at + USES_AT, 1)
      sum ^= this.out[WORDS - 1]!
    }
    return sum
  }

  private copyChecked(at: number): void {
    for (;;) {
      const before = Atomics.load(this.words, at)
      this.copyOut(at)
      if ((before & 1) === 0 && Atomics.add(this.words, at, 0) === before) return
    }
  }

  private copyOut(at: number): void {
    const { words, out } = this
    if (words[at + HASH_AT] !== at + HASH_AT) throw new Error('another bucket')
    for (let word = ANSWER_AT; word < WORDS; word++) out[word] = words[at + word]!
  }
}

export interface Split {
  readonly octets: number
  readonly ttlSeconds: number
  /** Share of lookups that found an answer, by `WAYS`. */
  readonly hitShares: readonly number[]
}

interface Way {
  readonly what: string
  readonly caches: number
  /** Whether a cache that misses looks into the others. */
  readonly asksOthers: boolean
}

const WAYS: readonly Way[] = [
  { what: 'one', caches: 1, asksOthers: false },
  { what: 'two', caches: 2, asksOthers: false },
  { what: 'four', caches: 4, asksOthers: false },
  { what: 'two that ask each other', caches: 2, asksOthers: true },
  { what: 'four that ask each other', caches: 4, asksOthers: true },
]
/** Queries a second of the whole machine. */
const PER_SECOND = 20_000
const FOR_EVER = 1 << 30
const TTLS_SECONDS = [FOR_EVER, 60, 10]

/** For a cache that holds a tenth of the names and one that could hold all, with answers that last, and that live for a minute and for ten seconds. */
export function splits({ names, queries }: Pick<Sizes, 'names' | 'queries'>): Split[] {
  const keys = new KeyDeck(Array.from({ length: names }, (_, i) => cleanName(i)))
  const draw = zipf(names, seeded(17))
  const asked = Uint32Array.from({ length: queries }, draw)
  return [names * 9, names * 180].flatMap(octets =>
    TTLS_SECONDS.map(ttlSeconds => ({
      octets,
      ttlSeconds,
      hitShares: WAYS.map(way => hitShare(keys, asked, way, octets / way.caches, ttlSeconds)),
    })),
  )
}

/** Of the second half of the queries: the first fills the caches. */
function hitShare(keys: KeyDeck, asked: Uint32Array, way: Way, octets: number, ttlSeconds: number): number {
  const caches = Array.from({ length: way.caches }, () => new AnswerCache(Math.max(65_536, octets)))
  const answer = addressAnswer(ttlSeconds)
  const random = seeded(23)
  let hits = 0
  for (let i = 0; i < asked.length; i++) {
    const cache = caches[Math.floor(random() * way.caches)]!
    const now = 1 + Math.floor(i / PER_SECOND)
    const key = keys.at(asked[i]!)
    let isHit = cache.find(key, now) !== MISS
    if (!isHit && way.asksOthers) isHit = takeFromOthers(cache, caches, key, now)
    if (!isHit) cache.insert(key, answer, now)
    else if (i >= asked.length / 2) hits++
  }
  return hits / (asked.length / 2)
}

const borrowed = emptyRecords()

/** Copies an answer that another cache has, for as long as it is still true. */
function takeFromOthers(own: AnswerCache, caches: readonly AnswerCache[], key: AnswerKey, now: number): boolean {
  for (const other of caches) {
    const at = other === own ? MISS : other.find(key, now)
    if (at === MISS) continue
    other.read(at, now, borrowed)
    return own.insert(key, borrowed, now)
  }
  return false
}

function splitNotes(sizes: Sizes): string[] {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  return splits(sizes).map(({ octets, ttlSeconds, hitShares }) => {
    const ttl = ttlSeconds === FOR_EVER ? 'answers that last' : `a TTL of ${ttlSeconds} s`
    const shares = hitShares.map((share, i) => `${WAYS[i]!.what} ${percent(share)}`).join(', ')
    return `Hits of ${sizes.names.toLocaleString('en')} names, ${(octets / 2 ** 20).toFixed(1)} MiB in all, ${ttl}: ${shares}.`
  })
}

if (import.meta.main) console.log(asText(run('full')))
