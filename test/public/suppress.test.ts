/** Small numbers are not told, and cannot be worked out from those that are. */
import { describe, expect, test } from 'vitest'
import type { TallyHead } from '../../src/feeds/tally/tally-file.ts'
import { exactSince, monthChanges } from '../../src/public/changes.ts'
import { foldSmall, told, toldTogether } from '../../src/public/suppress.ts'

test('a number below the least is not told; none is', () => {
  expect([0, 1, 4, 5, 6].map(count => told(count, 5))).toEqual([0, null, null, 5, 6])
  expect(told(1, 0)).toBe(1)
})

const rows: readonly (readonly [what: string, counts: number[], told: (number | null)[]])[] = [
  ['none is small: all', [5, 6, 0], [5, 6, 0]],
  ['one is small: the next smallest goes with it', [3, 9, 7, 0], [null, 9, null, 0]],
  ['two are small: the next smallest goes with them', [3, 9, 4, 12], [null, null, null, 12]],
  ['the only one is small: it alone', [0, 3, 0], [0, null, 0]],
]
test.each(rows)('of numbers whose sum is known, where %s', (_, counts, expected) => {
  expect(toldTogether(counts, 5)).toEqual(expected)
})

test('rows too small to be told with their basis are told together', () => {
  const row = (group: string, basis: string | null, entries: number) =>
    ({ group, basis, entries, class: 'legal', category: 'x' }) as const
  const all = [row('a', 'Act', 9), row('a', 'one', 3), row('a', 'two', 4), row('b', 'three', 1), row('b', null, 2)]
  expect(foldSmall(all, own => own.group, ['entries'], 5)).toEqual([
    row('a', 'Act', 9),
    row('a', null, 7),
    row('b', null, 3),
  ])
  expect(foldSmall(all, own => own.group, ['entries'], 0)).toEqual(all)
})

describe('months', () => {
  const tally = (feed: string, months: TallyHead['months'], differencesUntil: string | null = null): TallyHead => ({
    feed,
    contents: '',
    key: '',
    differencesUntil,
    cells: [],
    months,
  })
  const change = (basis: string | null, added: number, withdrawn = 0, expired = 0, category = 'illegal') => ({
    class: 'legal' as const,
    category,
    basis,
    added,
    withdrawn,
    expired,
  })
  const tallies = [
    tally('a', { '2026-10': [change('Act', 10, 5, 6)], '2026-11': [change('Act', 10, 1, 0), change('Rule', 0, 3, 9)] }),
    tally('b', { '2026-12': [change(null, 2)], '2026-11': [change(null, 50, 0, 0, 'kids')] }, '2026-11-25T10:00:00Z'),
  ]

  test('are told the newest first, small cells without basis or not at all, positive lists never', () => {
    expect(monthChanges(tallies, category => category !== 'kids', 5)).toEqual([
      { month: '2026-12', feed: 'b', ...change(null, 0), added: null },
      { month: '2026-11', feed: 'a', ...change(null, 10, 0, 9), withdrawn: null },
      { month: '2026-10', feed: 'a', ...change('Act', 10, 5, 6) },
    ])
  })

  test('say from when on they are exact', () => {
    expect([exactSince(tallies), exactSince([tallies[0]!])]).toEqual(['2026-11-25', null])
  })
})
