/** What a case number, or a public number, leads to: never a name, and nothing that blocks nobody. */
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { publicNumber } from '../../src/images/filter/public-number.ts'
import { FilterReader } from '../../src/images/filter/reader.ts'
import { collector } from '../../src/platform/collect.ts'
import { caseFinder } from '../../src/policy/find-case.ts'
import { asNumber } from '../../src/policy/public-numbers.ts'
import { filterImage, type RuleText } from '../support/images.ts'
import { wireName } from '../support/octets.ts'

const CATEGORIES = ['ads', 'illegal', 'kids']
const BLOCKED: ReadonlySet<string> = new Set(['ads', 'illegal'])
const reader = (rules: readonly RuleText[]) => new FilterReader(filterImage(rules, CATEGORIES))
const numberOf = (name: string) => publicNumber(wireName(name))

function finder(rules: readonly RuleText[], urgent: readonly RuleText[] = []) {
  const images = { filter: reader(rules), overlay: reader(urgent) }
  return { images, find: caseFinder(CATEGORIES, BLOCKED, () => images) }
}

const flagged = (name: string, more: Partial<RuleText> = {}): RuleText => ({
  name,
  category: 'illegal',
  ruleClass: 'hotline',
  ...more,
})

describe('a case number', async () => {
  test('leads to what its entry says', async () => {
    const own = { caseNumber: 'K-1', basis: 'Act, §1', reviewedBy: 'Board', listedAt: 86_400 }
    const { find } = finder([flagged('a.example', own), flagged('b.example')])
    expect(await find('K-1')).toEqual({
      ruleClass: 'hotline',
      category: 'illegal',
      basis: 'Act, §1',
      reviewedBy: 'Board',
      listedAt: 86_400,
    })
    for (const other of ['K-2', 'K-', '', 'k-1', 'K-1 ']) expect([other, await find(other)]).toEqual([other, null])
  })

  const nothing: readonly (readonly [what: string, rule: RuleText, urgent: readonly RuleText[]])[] = [
    ['of an exception', flagged('a.example', { caseNumber: 'K-1', allow: true }), []],
    ['of a list that is only monitored', flagged('a.example', { caseNumber: 'K-1', monitor: true }), []],
    ['of a category that nobody’s policy blocks', flagged('a.example', { caseNumber: 'K-1', category: 'kids' }), []],
    [
      'that was lifted',
      flagged('a.example', { caseNumber: 'K-1' }),
      [flagged('a.example', { caseNumber: '', withdraw: true })],
    ],
  ]
  test.each(nothing)('%s leads to nothing', async (_, rule, urgent) => {
    expect(await finder([rule, flagged('b.example')], urgent).find('K-1')).toBe(null)
  })

  test('of an urgent block counts before that of a list', async () => {
    const urgent = [flagged('a.example', { caseNumber: 'K-1', category: 'ads' })]
    const { find } = finder([flagged('a.example', { caseNumber: 'K-1' })], urgent)
    expect((await find('K-1'))?.category).toBe('ads')
  })
})

describe('a public number', async () => {
  test('leads to the class and category of the name it was drawn from, the class that speaks first', async () => {
    const rules = [
      flagged('both.example', { category: 'ads', ruleClass: 'household' }),
      flagged('both.example', { ruleClass: 'legal', basis: 'Act, §1' }),
    ]
    expect(await finder(rules).find(numberOf('both.example'))).toEqual({
      ruleClass: 'legal',
      category: 'illegal',
      basis: 'Act, §1',
      reviewedBy: null,
      listedAt: null,
    })
  })

  test('of a name whose entry has a case number of its own leads to nothing: nobody was told it', async () => {
    const { find } = finder([flagged('a.example', { caseNumber: 'K-1' }), flagged('b.example', { listedAt: 5 })])
    expect([await find(numberOf('a.example')), (await find(numberOf('b.example')))?.listedAt]).toEqual([null, 5])
  })

  test('of a positive list, of an exception, or of nothing leads to nothing', async () => {
    const { find } = finder([flagged('school.example', { category: 'kids' }), flagged('ok.example', { allow: true })])
    for (const name of ['school.example', 'ok.example', 'other.example']) expect(await find(numberOf(name))).toBe(null)
    for (const bad of ['Q-', 'Q-0000-0000-000', 'Q-0000-0000-00000', 'Q-OOOO-0000-0000', 'q-0000-0000-0000'])
      expect(await find(bad)).toBe(null)
  })

  test('leads to nothing once the block is lifted, and to it again when a new image has it', async () => {
    const { images, find } = finder([flagged('a.example')])
    const number = numberOf('a.example')
    expect((await find(number))?.ruleClass).toBe('hotline')
    images.overlay = reader([flagged('a.example', { withdraw: true })])
    expect(await find(number)).toBe(null)
    images.overlay = reader([])
    images.filter = reader([flagged('a.example', { ruleClass: 'legal' })])
    expect((await find(number))?.ruleClass).toBe('legal')
  })

  test('is found among twenty thousand, each its own', async () => {
    const rules = Array.from({ length: 20_000 }, (_, i) =>
      flagged(`n${i}.example`, { ruleClass: i % 2 === 0 ? 'hotline' : 'household' }),
    )
    const { find } = finder(rules)
    for (let i = 0; i < 20_000; i += 97)
      expect((await find(numberOf(`n${i}.example`)))?.ruleClass).toBe(i % 2 === 0 ? 'hotline' : 'household')
    expect(await find(numberOf('n20000.example'))).toBe(null)
  })

  test('asked for by many at once is looked for once, and what was asked of a former image is not taken for the new one', async () => {
    const { images, find } = finder([flagged('a.example')])
    const number = numberOf('a.example')
    const before = Promise.all([find(number), find(number)])
    images.filter = reader([flagged('b.example')])
    expect((await before).map(own => own?.ruleClass)).toEqual(['hotline', 'hotline'])
    expect(await find(number)).toBe(null)
  })
})

test('nothing that was looked for keeps a former image in memory', async () => {
  const collect = collector().all
  const { images, find } = finder([flagged('a.example', { caseNumber: 'K-1' }), flagged('b.example')])
  await find('K-1')
  await find(numberOf('b.example'))
  const former = new WeakRef(images.filter)
  images.filter = reader([])
  await wait(10)
  collect()
  expect(former.deref()).toBe(undefined)
})

describe('a number as a visitor writes it', () => {
  const rows: readonly (readonly [what: string, written: string, number: string])[] = [
    ['a public number in small letters', 'q-xvy7-ftay-nanm', 'Q-XVY7-FTAY-NANM'],
    ['with letters that its alphabet has not, for digits', 'Q-OVY7-FIAY-NALM', 'Q-0VY7-F1AY-NA1M'],
    ['a case of a list’s own that begins like one', 'Q-OIL-2026/7', 'Q-OIL-2026/7'],
    ['such a case in small letters', 'q-12a', 'q-12a'],
    ['any other case', 'KZ-2026-000123', 'KZ-2026-000123'],
  ]
  test.each(rows)('%s: %s', (_, written, number) => expect(asNumber(written)).toBe(number))
})
