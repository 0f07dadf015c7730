/** Hashes of names: steps from parent to child, the same for the same name, spread over all places. */
import { describe, expect, test } from 'vitest'
import { hashLabel, placeOf, spread } from '../../src/wire/hash.ts'
import { FOLD } from '../../src/wire/name.ts'
import { labels, seeded, wireName } from '../support/octets.ts'

function hashOf(name: Uint8Array, seed = 1): number {
  const starts: number[] = []
  for (let at = 0; name[at] !== 0; at += name[at]! + 1) starts.push(at)
  return spread(starts.reduceRight((state, at) => hashLabel(state, name, at), seed))
}

describe('the hash of a name', () => {
  test('is a step from that of its parent', () => {
    const child = wireName('a.example.test')
    let state = 1
    for (const at of [10, 2, 0]) state = hashLabel(state, child, at)
    expect(spread(state)).toBe(hashOf(child))
  })

  test('is the same for every spelling once folded', () => {
    const folded = labels('WwW', 'eXample', 'TEST').map(octet => FOLD[octet]!)
    expect(hashOf(folded)).toBe(hashOf(wireName('www.example.test')))
  })

  const different: readonly (readonly [string, string])[] = [
    ['a.bc', 'ab.c'],
    ['ab', 'a.b'],
    ['ba', 'ab'],
    ['a.b', 'b.a'],
    ['a.test', 'test'],
    ['a\\.b', 'a.b'],
    ['\\000', '\\000.\\000'],
    ['\\001a', 'a'],
  ]
  test.each(different)('%s and %s differ', (a, b) => expect(hashOf(wireName(a))).not.toBe(hashOf(wireName(b))))

  test('depends on the seed', () => {
    expect(hashOf(wireName('example.test'), 1)).not.toBe(hashOf(wireName('example.test'), 2))
  })

  test('meets another about as rarely as chance: 300,000 names', () => {
    const seen = new Set<number>()
    for (let i = 0; i < 300_000; i++) seen.add(hashOf(wireName(`n${i}.example.test`)))
    // Of n hashes of 32 bits n²/2³³ pairs meet: 10.5 here.
    expect(300_000 - seen.size).toBeLessThan(40)
  })

  test('fills the places of a table evenly', () => {
    const places = 64
    const counts = new Uint32Array(places)
    for (let i = 0; i < 64_000; i++) counts[placeOf(hashOf(wireName(`host-${i}.example.test`)), places / 2 ** 32)]!++
    // Chi-square with 63 degrees of freedom: above 114 in one run of ten thousand.
    const chiSquare = counts.reduce((sum, own) => sum + (own - 1000) ** 2 / 1000, 0)
    expect(chiSquare).toBeLessThan(114)
  })
})

test('a place lies within its table, for any hash and any count', () => {
  const random = seeded(7)
  for (const count of [1, 2, 3, 1000, 13_333_334, 2 ** 31, 2 ** 32 - 1]) {
    for (const hash of [0, -1, 1, 0x7fffffff, -0x80000000, random(2 ** 32) | 0, random(2 ** 32) | 0]) {
      const place = placeOf(hash, count / 2 ** 32)
      expect(place >= 0 && place < count, `${hash} in ${count}`).toBe(true)
    }
  }
})
