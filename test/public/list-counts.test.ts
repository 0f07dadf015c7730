/** What is told of the lists: counted from the image, and from the history. */
import { describe, expect, test } from 'vitest'
import type { HistoryLine } from '../../src/feeds/history/chain.ts'
import { changesByMonth, listCounts } from '../../src/public/list-counts.ts'
import type { FeedSettings } from '../../src/settings/settings.ts'
import { images, type RuleText } from '../support/images.ts'

const feed = (name: string, mode: 'enforce' | 'monitor' = 'enforce') =>
  ({ name, mode, class: 'household', category: 'ads' }) as FeedSettings

describe('rules by list, class, category and basis', () => {
  const rules: readonly RuleText[] = [
    { name: 'a.example', category: 'illegal', ruleClass: 'legal', basis: 'Act, §1' },
    { name: '=b.example', category: 'illegal', ruleClass: 'legal', basis: 'Act, §1', caseNumber: 'K-1' },
    { name: 'c.example', category: 'illegal', ruleClass: 'legal', basis: 'Өтініш' },
    { name: 'c.example', category: 'ads' },
    { name: 'd.example', category: 'illegal', ruleClass: 'legal', allow: true },
    { name: '[192.0.2.0/24]', category: 'ads' },
    { name: 'clients [192.0.2.0/24]', category: 'ads' },
    // Too long to be kept: told without its own words.
    { name: 'e.example', category: 'illegal', ruleClass: 'legal', basis: 'x'.repeat(601) },
  ]
  test('each rule once, exceptions not at all', () => {
    const own = images(rules, [{ categories: ['illegal', 'ads'] }])
    const states = new Map([['list', { report: null, lastSuccessAt: 7 }]])
    const counts = listCounts(own.filter, [feed('list'), feed('seen', 'monitor'), feed('gone')], own.categories, states)
    const row = (ruleClass: string, category: string, basis: string | null, entries: number) => ({
      feed: 'list',
      class: ruleClass,
      category,
      basis,
      entries,
      updatedAt: 7,
    })
    expect(counts).toEqual([
      row('household', 'ads', null, 3),
      row('legal', 'illegal', 'Act, §1', 2),
      row('legal', 'illegal', 'Өтініш', 1),
      row('legal', 'illegal', null, 1),
      { feed: 'gone', class: 'household', category: 'ads', basis: null, entries: 0, updatedAt: null },
    ])
  })

  test('of a thousand names that share groups', () => {
    const many = Array.from(
      { length: 1000 },
      (_, i): RuleText => ({
        name: `n${i}.example`,
        category: i % 3 === 0 ? 'ads' : 'illegal',
        ...(i % 2 === 0 ? { caseNumber: `K-${i}` } : {}),
      }),
    )
    const own = images(many, [{ categories: ['illegal', 'ads'] }])
    const counts = listCounts(own.filter, [feed('list')], own.categories, new Map())
    expect(counts.map(({ category, entries }) => [category, entries])).toEqual([
      ['illegal', 666],
      ['ads', 334],
    ])
  })
})

test('by month, what lists gained and lost from version to version', () => {
  const line = (at: string, own: string, block: number, act: HistoryLine['act'] = 'in force', mode = 'enforce') =>
    ({ at, feed: own, act, block, reading: { mode } }) as HistoryLine
  expect(
    changesByMonth([
      line('2026-09-30T23:59:59.999Z', 'a', 100),
      line('2026-10-01T00:00:00.000Z', 'a', 120),
      line('2026-10-02T00:00:00.000Z', 'b', 50, 'in force', 'monitor'),
      line('2026-10-03T00:00:00.000Z', 'a', 90),
      line('2026-10-04T00:00:00.000Z', 'b', 50),
      line('2026-11-01T00:00:00.000Z', 'a', 90),
      line('2026-12-01T00:00:00.000Z', 'a', 90, 'out of force'),
    ]),
  ).toEqual({
    '2026-09': { added: 100, removed: 0 },
    '2026-10': { added: 70, removed: 30 },
    '2026-12': { added: 0, removed: 90 },
  })
})
