/** What is told of the lists: counted from the image, and from the history. */
import { describe, expect, test } from 'vitest'
import type { FeedReport } from '../../src/feeds/report.ts'
import { expiredEntries, listAges, listCounts } from '../../src/public/list-counts.ts'
import type { FeedSettings } from '../../src/settings/settings.ts'
import { images, type RuleText } from '../support/images.ts'

const BLOCKED: ReadonlySet<string> = new Set(['illegal', 'ads'])
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
    const feeds = [feed('list'), feed('seen', 'monitor'), feed('gone')]
    const counts = listCounts(own.filter, { feeds, categories: own.categories, blocked: BLOCKED, states })
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
    const sources = { feeds: [feed('list')], categories: own.categories, blocked: BLOCKED, states: new Map() }
    const counts = listCounts(own.filter, sources)
    expect(counts.map(({ category, entries }) => [category, entries])).toEqual([
      ['illegal', 666],
      ['ads', 334],
    ])
  })
})

describe('positive lists block nothing', () => {
  const rules: readonly RuleText[] = [
    { name: 'school.example', category: 'kids' },
    { name: 'bad.example', category: 'illegal', ruleClass: 'legal' },
  ]
  const own = images(rules, [{ categories: ['illegal'], allowOnly: ['kids'] }])
  const sources = {
    feeds: [feed('list'), { ...feed('kids'), category: 'kids' }],
    categories: own.categories,
    blocked: new Set(['illegal', 'ads']),
  }

  test('and are not among what does', () => {
    const counts = listCounts(own.filter, { ...sources, states: new Map() })
    expect(counts.map(({ feed: name, category, entries }) => [name, category, entries])).toEqual([
      ['list', 'illegal', 1],
    ])
    expect(listAges(own.filter, sources, 0).map(({ unknown }) => unknown)).toEqual([0, 1, 0])
  })

  test('nor among what has expired', () => {
    const report = { failure: null, fromLastGood: false, expired: 3 } as FeedReport
    const states = new Map(['list', 'kids'].map(name => [name, { report, lastSuccessAt: null }]))
    expect(expiredEntries({ ...sources, states })).toEqual({ list: 3 })
  })
})

test('for how long entries have been listed, by class', () => {
  const now = Date.UTC(2026, 10, 25) / 1000
  const since = (days: number) => ({ listedAt: now - days * 86_400 })
  const rules: readonly RuleText[] = [
    { name: 'today.example', category: 'ads', ...since(0) },
    { name: 'tomorrow.example', category: 'ads', ...since(-1) },
    { name: 'a29.example', category: 'ads', ...since(29) },
    { name: 'a30.example', category: 'ads', ...since(30) },
    { name: 'a364.example', category: 'ads', ...since(364) },
    { name: 'a365.example', category: 'ads', ruleClass: 'legal', ...since(365) },
    { name: 'a1095.example', category: 'ads', ruleClass: 'legal', ...since(1095) },
    { name: '[192.0.2.0/24]', category: 'ads', ruleClass: 'legal' },
    { name: 'allowed.example', category: 'ads', ruleClass: 'legal', allow: true, ...since(1) },
  ]
  const own = images(rules, [{ categories: ['ads'] }])
  expect(listAges(own.filter, { categories: own.categories, blocked: BLOCKED }, now)).toEqual([
    { class: 'hotline', month: 0, year: 0, threeYears: 0, older: 0, unknown: 0 },
    { class: 'legal', month: 0, year: 0, threeYears: 1, older: 1, unknown: 1 },
    { class: 'household', month: 3, year: 2, threeYears: 0, older: 0, unknown: 0 },
  ])
})
