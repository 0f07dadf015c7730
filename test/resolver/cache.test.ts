/** The answer cache against a map that forgets nothing: what it gives back was put in for exactly that key, and is still true. */
import { describe, expect, test } from 'vitest'
import {
  AnswerCache,
  type AnswerKey,
  type AnswerRecords,
  ageRecords,
  MISS,
  RECORD_COUNT_MAX,
} from '../../src/resolver/cache.ts'
import { hashName } from '../../src/wire/hash.ts'
import { u32 } from '../../src/wire/octets.ts'
import { hex, seeded, wireName } from '../support/octets.ts'

const CAPACITY = 1 << 17

function keyFor(name: string, type = 1, keyFlags = 0, hash?: number): AnswerKey {
  const wire = wireName(name)
  const own = hash ?? hashName(wire, 0, wire.length, 1) ^ Math.imul(type, 0x9e3779b1)
  return { name: wire, nameAt: 0, nameOctets: wire.length, hash: own, type, keyFlags }
}

function recordsOf(bytes: Uint8Array, ttlSeconds: number, more: Partial<AnswerRecords> = {}): AnswerRecords {
  return {
    bytes,
    at: 0,
    octets: bytes.length,
    answers: 1,
    authorities: 0,
    rcode: 0,
    authenticData: false,
    marks: 0,
    ede: -1,
    ttlOffsets: Uint16Array.of(0),
    ttlCount: 1,
    ttlSeconds,
    ageSeconds: 0,
    ...more,
  }
}

function emptyRecords(): AnswerRecords {
  return recordsOf(new Uint8Array(0), 0, { ttlOffsets: new Uint16Array(2 * RECORD_COUNT_MAX) })
}

const readBack = emptyRecords()

/** What the cache gives for a key, as the octets of its records; null where it has nothing. */
function get(cache: AnswerCache, key: AnswerKey, now: number): Uint8Array | null {
  const at = cache.find(key, now)
  if (at === MISS) return null
  cache.read(at, now, readBack)
  return readBack.bytes.slice(readBack.at, readBack.at + readBack.octets)
}

describe('an answer', () => {
  test('comes back as it was put in, with its age', () => {
    const cache = new AnswerCache(CAPACITY)
    const bytes = hex('c00c 0001 0001 0000003c 0004 c0000201')
    const records = recordsOf(bytes, 60, {
      answers: 3,
      authorities: 2,
      rcode: 3,
      authenticData: true,
      ttlOffsets: Uint16Array.of(6, 0x1234),
      ttlCount: 2,
    })
    expect(cache.insert(keyFor('a.test'), records, 100)).toBe(true)
    expect(get(cache, keyFor('a.test'), 130)).toEqual(bytes)
    expect(readBack).toMatchObject({
      answers: 3,
      authorities: 2,
      rcode: 3,
      authenticData: true,
      ttlCount: 2,
      ageSeconds: 30,
      ttlSeconds: 30,
    })
    expect([...readBack.ttlOffsets.subarray(0, 2)]).toEqual([6, 0x1234])
  })

  test('is true until the second in which it expires', () => {
    const cache = new AnswerCache(CAPACITY)
    cache.insert(keyFor('a.test'), recordsOf(hex('00'), 60), 100)
    expect(get(cache, keyFor('a.test'), 159)).not.toBeNull()
    expect(get(cache, keyFor('a.test'), 160)).toBeNull()
  })

  test('takes the place of an older one for the same key', () => {
    const cache = new AnswerCache(CAPACITY)
    cache.insert(keyFor('a.test'), recordsOf(hex('0001'), 60), 100)
    cache.insert(keyFor('a.test'), recordsOf(hex('0002'), 60), 100)
    expect(get(cache, keyFor('a.test'), 101)).toEqual(hex('0002'))
    expect(cache.counts.entries).toBe(1)
  })

  const apart: readonly (readonly [what: string, key: AnswerKey])[] = [
    ['another name', keyFor('b.test')],
    ['another type', keyFor('a.test', 28)],
    ['DO', keyFor('a.test', 1, 1)],
    ['CD', keyFor('a.test', 1, 2)],
    ['RD clear', keyFor('a.test', 1, 4)],
    ['another name of the same hash', keyFor('b.test', 1, 0, keyFor('a.test').hash)],
    ['a longer name of the same hash', keyFor('a.test.test', 1, 0, keyFor('a.test').hash)],
    ['another type of the same hash', keyFor('a.test', 28, 0, keyFor('a.test').hash)],
    ['other flags of the same hash', keyFor('a.test', 1, 7, keyFor('a.test').hash)],
  ]
  test.each(apart)('is not given to %s', (_, other) => {
    const cache = new AnswerCache(CAPACITY)
    cache.insert(keyFor('a.test'), recordsOf(hex('01'), 60), 1)
    expect(get(cache, other, 2)).toBeNull()
    cache.insert(other, recordsOf(hex('02'), 60), 2)
    expect(get(cache, keyFor('a.test'), 3)).toEqual(hex('01'))
    expect(get(cache, other, 3)).toEqual(hex('02'))
  })

  const unkept: readonly (readonly [what: string, records: AnswerRecords])[] = [
    ['a TTL of 0 (RFC 1035 §3.2.1)', recordsOf(hex('00'), 0)],
    ['more octets than a quarter of the small ring', recordsOf(new Uint8Array(4000), 60)],
    ['more records than are counted', recordsOf(hex('00'), 60, { answers: RECORD_COUNT_MAX + 1 })],
    ['more authority records than are counted', recordsOf(hex('00'), 60, { authorities: RECORD_COUNT_MAX + 1 })],
  ]
  test.each(unkept)('is not kept with %s', (_, records) => {
    const cache = new AnswerCache(CAPACITY)
    expect(cache.insert(keyFor('a.test'), records, 1)).toBe(false)
    expect(get(cache, keyFor('a.test'), 1)).toBeNull()
    expect(cache.counts.entries).toBe(0)
  })

  test('of the largest size that is kept is kept whole', () => {
    const cache = new AnswerCache(1 << 24)
    const bytes = new Uint8Array(65_535).map((_, i) => i)
    cache.insert(keyFor('a.test'), recordsOf(bytes, 60), 1)
    expect(get(cache, keyFor('a.test'), 1)).toEqual(bytes)
  })

  test('nothing is kept without memory', () => {
    const cache = new AnswerCache(0)
    expect(cache.insert(keyFor('a.test'), recordsOf(hex('00'), 60), 1)).toBe(false)
    expect(get(cache, keyFor('a.test'), 1)).toBeNull()
  })
})

describe('TTLs', () => {
  test('are counted down, to no less than zero (RFC 2181 §8)', () => {
    const out = hex('ff 0000003c 00000005 ffffffff')
    ageRecords(out, 1, recordsOf(out, 60, { ttlOffsets: Uint16Array.of(0, 4, 8), ttlCount: 3, ageSeconds: 10 }))
    expect([u32(out, 1), u32(out, 5), u32(out, 9)]).toEqual([50, 0, 0xffffffff - 10])
  })
})

/** Octets that no other insertion has: its number, again and again. */
function payload(number: number, octets: number): Uint8Array {
  const bytes = new Uint8Array(octets)
  for (let i = 0; i < octets; i++) bytes[i] = number >>> ((i & 3) * 8)
  return bytes
}

interface Kept {
  readonly number: number
  readonly octets: number
  readonly expires: number
  readonly ttlCount: number
}

interface Traffic {
  readonly capacity: number
  readonly names: number
  readonly inserts: number
  readonly octetsMax: number
  /** How often a question is for one of the few popular names, of 100. */
  readonly hot: number
  readonly hashBits?: number
}

/** Questions in a random order, each put in when it is not there; every answer is compared with what was put in last for its key. */
function runTraffic(seed: number, traffic: Traffic): { hits: number; cache: AnswerCache } {
  const random = seeded(seed)
  const cache = new AnswerCache(traffic.capacity)
  const keys = Array.from({ length: traffic.names }, (_, i) => {
    const key = keyFor(`n${i}.${'x'.repeat(random(40) + 1)}.test`, 1 + (i % 3), i % 8)
    const hash = traffic.hashBits === undefined ? random(2 ** 32) | 0 : random(2 ** traffic.hashBits) << 3
    return { ...key, hash }
  })
  const model = new Map<number, Kept>()
  const ttlOffsets = new Uint16Array(200).map((_, i) => i)
  let hits = 0
  for (let number = 0, now = 1; number < traffic.inserts; ) {
    if (random(20) === 0) now++
    const chosen = random(100) < traffic.hot ? random(Math.max(1, traffic.names >>> 6)) : random(traffic.names)
    const key = keys[chosen]!
    const kept = model.get(chosen)
    const at = cache.find(key, now)
    if (at !== MISS) {
      hits++
      cache.read(at, now, readBack)
      checkAgainst(kept, now)
    }
    if (at === MISS || random(50) === 0) {
      number++
      const octets = 1 + random(traffic.octetsMax)
      const ttlCount = random(10)
      const ttlSeconds = 1 + random(2000)
      const records = recordsOf(payload(number, octets), ttlSeconds, { ttlOffsets, ttlCount })
      if (cache.insert(key, records, now)) model.set(chosen, { number, octets, expires: now + ttlSeconds, ttlCount })
    }
    if (cache.counts.octets > traffic.capacity || cache.counts.octets < 0) throw new Error('beyond its capacity')
  }
  return { hits, cache }
}

function checkAgainst(kept: Kept | undefined, now: number): void {
  if (kept === undefined) throw new Error('an answer that was never put in')
  if (kept.expires <= now) throw new Error('an answer that has expired')
  if (readBack.octets !== kept.octets || readBack.ttlCount !== kept.ttlCount)
    throw new Error('the size of another answer')
  for (let i = 0; i < kept.octets; i++) {
    const octet = (kept.number >>> ((i & 3) * 8)) & 0xff
    if (readBack.bytes[readBack.at + i] !== octet) throw new Error(`octet ${i} of ${kept.octets} is another's`)
  }
}

describe('over many insertions of random sizes every answer is the one that was put in last for its key', () => {
  const rows: readonly (readonly [what: string, traffic: Traffic])[] = [
    ['small answers', { capacity: 1 << 18, names: 20_000, inserts: 200_000, octetsMax: 60, hot: 20 }],
    ['mixed answers, popular names', { capacity: 1 << 18, names: 4000, inserts: 60_000, octetsMax: 1200, hot: 60 }],
    ['large answers in the least memory', { capacity: 65_536, names: 600, inserts: 60_000, octetsMax: 1400, hot: 40 }],
    ['names that come back', { capacity: 65_536, names: 300, inserts: 60_000, octetsMax: 700, hot: 70 }],
    ['hashes that meet', { capacity: 1 << 17, names: 3000, inserts: 60_000, octetsMax: 100, hot: 30, hashBits: 6 }],
  ]
  test.each(rows)('%s', (_, traffic) => {
    for (const seed of [1, 2, 3]) {
      const { hits, cache } = runTraffic(seed, traffic)
      expect(hits).toBeGreaterThan(0)
      expect(cache.counts.entries).toBeGreaterThan(0)
      expect(cache.counts.entries).toBeLessThanOrEqual(traffic.names)
    }
  })
})

describe('what is asked for often', () => {
  test('survives a scan of random names many times the size of the cache', () => {
    const cache = new AnswerCache(1 << 18)
    const popular = Array.from({ length: 100 }, (_, i) => keyFor(`popular${i}.test`))
    const one = recordsOf(new Uint8Array(40), 100_000)
    for (const key of popular) cache.insert(key, one, 1)
    for (const key of popular) get(cache, key, 1)
    for (let i = 0; i < 50_000; i++) {
      cache.insert(keyFor(`scan${i}.test`), one, 1)
      if (i % 500 === 0) for (const key of popular) get(cache, key, 1)
    }
    const kept = popular.filter(key => get(cache, key, 1) !== null).length
    expect(kept).toBeGreaterThanOrEqual(95)
  })

  test('is remembered when it returns soon after it had to leave', () => {
    const cache = new AnswerCache(1 << 18)
    const one = recordsOf(new Uint8Array(40), 100_000)
    const scan = (from: number, count: number) => {
      for (let i = from; i < from + count; i++) cache.insert(keyFor(`scan${i}.test`), one, 1)
    }
    const returning = Array.from({ length: 100 }, (_, i) => keyFor(`back${i}.test`))
    const kept = () => returning.filter(key => get(cache, key, 1) !== null).length
    const insertAll = () => {
      for (const key of returning) cache.insert(key, one, 1)
    }
    // Until all memory is in use nothing has to leave.
    scan(0, 4000)
    insertAll()
    scan(4000, 1000)
    expect(kept()).toBeLessThan(10)
    insertAll()
    scan(5000, 2000)
    // A full bucket of the index may cost a few of them.
    expect(kept()).toBeGreaterThan(75)
  })

  test('the whole memory is put to use', () => {
    const cache = new AnswerCache(1 << 20)
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 12_000; i++) {
        const key = keyFor(`n${i}.test`)
        if (get(cache, key, 1) === null) cache.insert(key, recordsOf(new Uint8Array(40), 100_000), 1)
      }
    }
    expect(cache.counts.octets).toBeGreaterThan(0.8 * cache.capacity)
  })
})
