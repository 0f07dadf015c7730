import { expect, test } from 'vitest'
import { churn } from '../../bench/cache-churn.ts'
import { splits } from '../../bench/cache-sharing.ts'
import { compare } from '../../bench/support/measure.ts'
import { blockedQuestions, cleanName, cleanQuestions, flaggedName, nameBelow } from '../../bench/support/names.ts'
import { seeded, zipf } from '../../bench/support/random.ts'
import { withSection } from '../../bench/support/readme.ts'

test('names are different, repeat themselves, and lie below names that are reserved', () => {
  const flagged = Array.from({ length: 5000 }, (_, i) => flaggedName(i))
  const clean = Array.from({ length: 5000 }, (_, i) => cleanName(i))
  expect(new Set([...flagged, ...clean]).size).toBe(10_000)
  expect([...flagged, ...clean].every(name => /\.(example|test)$/.test(name))).toBe(true)
  expect(flagged[77]).toBe(flaggedName(77))
  const octets = flagged.reduce((sum, name) => sum + name.length + 2, 0) / flagged.length
  expect(octets).toBeGreaterThan(20)
  expect(octets).toBeLessThan(24)
})

test('questions are all different; half of the blocked ones ask for flagged names, the others below one', () => {
  const listed = 4000
  const flagged = new Set(Array.from({ length: listed }, (_, i) => flaggedName(i)))
  const asked = blockedQuestions(2000, listed)
  expect(new Set(asked).size).toBe(2000)
  expect(asked.filter(name => flagged.has(name))).toHaveLength(1000)
  expect(asked.every(name => flagged.has(name) || flagged.has(name.slice(name.indexOf('.') + 1)))).toBe(true)
  expect(new Set(cleanQuestions(2000)).size).toBe(2000)
  expect(nameBelow('a.example', 13)).toBe('m3.a.example')
})

test('Zipf draws the first name twice as often as the second', () => {
  const draw = zipf(1000, seeded(9))
  const counts = new Uint32Array(1000)
  for (let drawn = 0; drawn < 100_000; drawn++) counts[draw()]!++
  expect(counts[0]! / counts[1]!).toBeCloseTo(2, 0)
})

test("a case's time is less what it goes without, and a case that does not repeat itself is found out", () => {
  const spin = (times: number) => () => {
    let sum = 0
    for (let i = 0; i < times; i++) sum = (Math.imul(sum, 31) + i) | 0
    return sum
  }
  const cases = [
    { what: 'short', each: 1, run: spin(4_000_000) },
    { what: 'long', each: 1, without: 'short', run: spin(40_000_000) },
  ]
  const { figures } = compare(cases, 'small')
  expect(figures[1]!.nanoseconds).toBeGreaterThan(figures[0]!.nanoseconds)
  let calls = 0
  expect(() => compare([{ what: 'fickle', each: 1, run: () => calls++ }], 'small')).toThrow('fickle')
})

const BEGIN = '<!-- filter: written by --write, begin -->'
const END = '<!-- filter: written by --write, end -->'

test('a run replaces what is between its own markers', () => {
  const readme = `# Before\n\n${BEGIN}\n\nold\n\n${END}\n\nAfter\n`
  const once = withSection(readme, 'filter', 'new\n')
  expect(once).toBe(`# Before\n\n${BEGIN}\n\nnew\n\n${END}\n\nAfter\n`)
  expect(withSection(once, 'filter', 'new')).toBe(once)
  expect(() => withSection(readme, 'cache', 'x')).toThrow('<!-- cache')
  expect(() => withSection(`${END}\n${BEGIN}`, 'filter', 'x')).toThrow('needs the lines')
})

test('churn evicts, and counts every lookup', async () => {
  const own = await churn({ names: 5000, cacheOctets: 1 << 17, seconds: 0.3 })
  expect(own.lookups % 64).toBe(0)
  expect(own.inserts).toBeLessThanOrEqual(own.lookups + 20_000 * 64)
  expect(own.evictions).toBeGreaterThan(0)
  expect(own.entries).toBeGreaterThan(500)
  for (const { count, highMs, longestMs } of [own.own, own.control]) {
    expect(count).toBeGreaterThan(0)
    expect(highMs).toBeGreaterThan(0)
    expect(longestMs).toBeGreaterThan(0)
  }
})

test('a cache that is split finds less, unless its parts ask each other', () => {
  for (const { hitShares } of splits({ names: 40_000, queries: 100_000 })) {
    expect(hitShares).toHaveLength(5)
    const [one, two, four, , fourAsking] = hitShares
    expect(one).toBeGreaterThan(two!)
    expect(two).toBeGreaterThan(four!)
    expect(fourAsking).toBeGreaterThan(four!)
    for (const share of hitShares) expect(share).toBeGreaterThan(0.2)
  }
})
