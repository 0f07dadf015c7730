import { expect, test } from 'vitest'
import { scalePrefixes } from '../../bench/scale/prefixes.ts'
import { goals, report, scaleList } from '../../bench/scale.ts'

test('a list is built from text in a process of its own, and all its figures are there', () => {
  const own = scaleList(2000, 500)
  expect(own.names).toBe(2000)
  expect(own.octetsAName).toBeGreaterThan(25)
  expect(own.octetsAName).toBeLessThan(40)
  expect(own.textOctets / own.names).toBeGreaterThan(18)
  expect(own.seconds).toBeGreaterThan(0)
  expect(own.peakOverImage).toBeGreaterThan(0)
  expect(own.peakOctets).toBeGreaterThan(own.peakOverImage * own.octetsAName * own.names)
  const lookups = ['hit, alone', 'hit, in batches', 'miss, alone', 'miss, in batches']
  expect(Object.keys(own.lookups)).toEqual(expect.arrayContaining(lookups))
  expect(Object.values(own.lookups).every(Number.isFinite)).toBe(true)
})

test.each([4, 6] as const)('prefixes of IPv%d: an image of the size that its layout says', family => {
  const own = scalePrefixes(1000, family, 'small')
  // A range for the prefix and one for what follows it; the IPv4 index comes on top.
  const octets = family === 4 ? 2 * 6 + 262_148 / 1000 : 18
  expect(own.octetsAPrefix).toBeGreaterThan(octets * 0.95)
  expect(own.octetsAPrefix).toBeLessThan(octets * 1.05)
  expect(own.lookupNanoseconds).toBeGreaterThan(0)
})

test('goals are judged for one million and ten million names, and lookups among ten million may take half as much again', () => {
  const lookups = { 'hit, alone': 500, 'hit, in batches': 200, 'miss, alone': 10, 'miss, in batches': 10 }
  const own = { textOctets: 1, seconds: 3, cpuSeconds: 3, octetsAName: 30, peakOverImage: 2, peakOctets: 1, lookups }
  const verdicts = (names: number) => goals([{ ...own, names }]).map(line => (line.includes('not met') ? 'no' : 'yes'))
  expect(verdicts(100_000)).toEqual([])
  // Built, memory, peak; hits and misses in batches, then alone.
  expect(verdicts(1_000_000)).toEqual(['no', 'yes', 'yes', 'no', 'yes', 'no', 'yes'])
  expect(verdicts(10_000_000)).toEqual(['yes', 'yes', 'yes', 'yes', 'yes', 'yes', 'yes'])
})

test('a report has both tables', () => {
  const lookups = { 'hit, alone': 1, 'hit, in batches': 1, 'miss, alone': 1, 'miss, in batches': 1 }
  const peaks = { peakOverImage: 1, peakOctets: 2 ** 20 }
  const list = { names: 10_000, textOctets: 1, seconds: 1, cpuSeconds: 1, octetsAName: 1, ...peaks, lookups }
  const text = report([list], [{ prefixes: 1000, family: 4, seconds: 1, octetsAPrefix: 12, lookupNanoseconds: 5 }])
  expect(text).toContain('| 10,000 | 0.0 | 1.00 | 1.00 | 1.0 | 1.00 | 104.86 | 1 | 1 | 1 | 1 | 1 |')
  expect(text).toContain('| 1,000 | IPv4 | 1.00 | 12.0 | 5 |')
})
