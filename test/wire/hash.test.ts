/** Hashes of names: steps from parent to child, the same for the same name, spread over all places. */
import { describe, expect, test } from 'vitest'
import { foldWord, hashName, placeOf, step } from '../../src/wire/hash.ts'
import { FOLD } from '../../src/wire/name.ts'
import { labels, seeded, wireName } from '../support/octets.ts'

function hashOf(name: Uint8Array, seed = 1): number {
  return hashName(name, 0, name.length, seed)
}

describe('the hash of a name', () => {
  test('is the same wherever the name stands, whatever stands before and behind it', () => {
    const name = wireName('a.example.test')
    for (let at = 0; at < 9; at++) {
      const memory = new Uint8Array(40).fill(0x77 + at)
      memory.set(name, at)
      expect(hashName(memory, at, at + name.length, 1)).toBe(hashOf(name))
    }
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

  test('has no pair of words that cancel one another whatever the seed', () => {
    const random = seeded(23)
    for (let round = 0; round < 320; round++) {
      // Two words that differ in one bit, the uppermost as well.
      const bit = 1 << (round % 32)
      const one = random(2 ** 32) | 0
      const other = one ^ bit
      const state = random(2 ** 32) | 0
      const cancels = step(state, one) ^ step(state, other)
      // With the words behind them that make up for it under this state, they meet …
      expect(step(step(state, one), 0)).toBe(step(step(state, other), cancels))
      // … and under no other, but by chance.
      let met = 0
      for (let k = 0; k < 200; k++) {
        const another = random(2 ** 32) | 0
        if (step(step(another, one), 0) === step(step(another, other), cancels)) met++
      }
      expect(met, `bit ${bit}`).toBeLessThan(20)
    }
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

test('a word is folded as its octets are, whatever they are', () => {
  const random = seeded(13)
  const view = new DataView(new ArrayBuffer(4))
  for (let round = 0; round < 20_000; round++) {
    const octets = [0, 1, 2, 3].map(() => random(256))
    for (const [i, octet] of octets.entries()) view.setUint8(i, octet)
    view.setInt32(0, foldWord(view.getInt32(0, true)), true)
    expect([0, 1, 2, 3].map(i => view.getUint8(i))).toEqual(octets.map(octet => FOLD[octet]!))
  }
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
