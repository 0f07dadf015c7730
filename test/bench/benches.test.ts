/** Each bench at its small size: that it runs, repeats itself, and computes what it says. What it measures then says nothing. */
import { expect, test } from 'vitest'
import { BENCHES } from '../../bench/run.ts'
import { asMarkdown, asText, verdict } from '../../bench/support/result.ts'

/** Rows of each; a bench throws by itself where a lookup hits or misses that should not. */
const ROWS: Readonly<Record<string, number>> = {
  admit: 4,
  identify: 4,
  filter: 8,
  cache: 5,
  accept: 3,
  answer: 8,
  counters: 3,
  stages: 9,
  'cache-sharing': 4,
}

test('every bench is named here', () => expect(Object.keys(ROWS)).toEqual(Object.keys(BENCHES)))

test.each(Object.entries(ROWS))('%s runs, with a figure for each row and the same checksum each time', (name, rows) => {
  const once = BENCHES[name]!('small')
  expect(once.figures).toHaveLength(rows)
  for (const { what, nanoseconds, least, most } of once.figures) {
    expect(Number.isFinite(nanoseconds), what).toBe(true)
    expect(least).toBeLessThanOrEqual(nanoseconds)
    expect(nanoseconds).toBeLessThanOrEqual(most)
  }
  expect(once.checksum).not.toBe(0)
  expect(BENCHES[name]!('small').checksum).toBe(once.checksum)
  expect(asText(once)).toMatch(/checksum [0-9a-f]{8}$/)
  expect(asMarkdown(once).match(/^\| /gm)).toHaveLength(rows + 2)
})

test('a goal is met or not met, with the distance', () => {
  expect(verdict('This', 75, 100, 'ns')).toBe('This: 75.0 ns, goal ≤ 100 ns: met, 25 % below.')
  expect(verdict('That', 3, 2, 's')).toBe('That: 3.00 s, goal ≤ 2.00 s: **not met**, 50 % above.')
})
