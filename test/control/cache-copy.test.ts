/** A cache that outlives its process, and names thrown out of it. */

import { describe, expect, test } from 'vitest'
import { copyOfCache, readCopy } from '../../src/cache-copy.ts'
import { AnswerCache, type AnswerKey, MISS, newRecords } from '../../src/resolver/cache.ts'
import { hashFor } from '../../src/resolver/key.ts'
import { QuerySlot } from '../../src/resolver/query.ts'
import { readName } from '../../src/resolver/question-name.ts'
import { nameAt, nameHash, roomOctets } from '../../src/wire/name-room.ts'
import { wireName } from '../support/octets.ts'

const NOW = 1_000_000
const UNIX = 1_800_000_000

function keyOf(name: string, seed: number, type = 1): AnswerKey {
  const wire = wireName(name)
  const slot = new QuerySlot(wire, new Uint8Array(0))
  readName(slot, 0, wire.length, seed)
  return {
    name: roomOctets,
    nameAt: nameAt(slot),
    nameOctets: wire.length,
    hash: hashFor(nameHash(slot), type),
    type,
    keyFlags: 0,
  }
}

function filled(names: readonly string[], seed: number, ttlSeconds = 300): AnswerCache {
  const cache = new AnswerCache(1 << 20)
  for (const [i, name] of names.entries()) {
    const bytes = Uint8Array.from({ length: 16 }, (_, at) => (at < 12 ? 0 : i + 1))
    const records = { ...newRecords(1), bytes, octets: 16, answers: 1, ttlCount: 1, ttlSeconds, marks: 1, ede: 6 }
    records.ttlOffsets[0] = 4
    expect(cache.insert(keyOf(name, seed), records, NOW)).toBe(true)
  }
  return cache
}

const names = Array.from({ length: 500 }, (_, i) => `host${i}.zone${i % 7}.test`)

describe('a copy of a cache', () => {
  test('has every answer, under hashes of another seed, with the time that passed counted off', () => {
    const copy = copyOfCache(filled(names, 1), NOW + 10, UNIX, 1e9)
    const cache = new AnswerCache(1 << 20)
    expect(readCopy(copy, cache, NOW, UNIX + 20, 2)).toBe(500)
    const records = newRecords(64)
    for (const [i, name] of names.entries()) {
      const at = cache.find(keyOf(name, 2), NOW)
      expect(at).not.toBe(MISS)
      cache.read(at, NOW, records)
      expect([records.ttlSeconds, records.ageSeconds, records.marks, records.ede]).toEqual([270, 30, 1, 6])
      expect(records.bytes[records.at + 15]).toBe((i + 1) & 0xff)
    }
  })

  test('leaves out what is no longer true when it is read', () => {
    const copy = copyOfCache(filled(names, 1), NOW, UNIX, 1e9)
    expect(readCopy(copy, new AnswerCache(1 << 20), NOW, UNIX + 301, 2)).toBe(0)
  })

  test.each([
    ['nothing', (copy: Buffer) => copy.subarray(0, 0)],
    ['another file', () => Buffer.from('x'.repeat(100))],
    ['one that is cut', (copy: Buffer) => copy.subarray(0, copy.length - 100)],
    [
      'one with a changed octet',
      (copy: Buffer) => Buffer.from(copy.map((octet, i) => (i === 200 ? octet ^ 1 : octet))),
    ],
  ])('%s is refused, and nothing of it kept', (_, spoil) => {
    const cache = new AnswerCache(1 << 20)
    expect(typeof readCopy(spoil(copyOfCache(filled(names, 1), NOW, UNIX, 1e9)), cache, NOW, UNIX, 2)).toBe('string')
    expect(cache.counts.entries).toBe(0)
  })

  test('from the future is refused', () => {
    expect(readCopy(copyOfCache(filled(names, 1), NOW, UNIX, 1e9), new AnswerCache(1 << 20), NOW, UNIX - 1, 2)).toBe(
      'it is from the future',
    )
  })

  test('is not larger than it may be', () => {
    expect(copyOfCache(filled(names, 1), NOW, UNIX, 2000).length).toBeLessThan(2200)
  })
})

describe('a name that is thrown out', () => {
  const forget = (cache: AnswerCache, name: string, below: boolean) =>
    cache.forget(wireName(name), below, 0, cache.places)

  test.each([
    ['host0.zone0.test', false, 1],
    ['host0.zone0.test', true, 1],
    ['zone0.test', false, 0],
    ['zone0.test', true, 72],
    ['one0.test', true, 0],
    ['test', true, 500],
  ])('%s, with what is below: %s', (name, below, forgotten) => {
    const cache = filled(names, 1)
    expect(forget(cache, name, below)).toBe(forgotten)
    expect(cache.counts.entries).toBe(500 - forgotten)
    const left = names.filter(own => cache.find(keyOf(own, 1), NOW) !== MISS)
    expect(left.length).toBe(500 - forgotten)
  })
})
