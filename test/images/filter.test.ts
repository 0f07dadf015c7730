/** The filter image: what a rule covers, who overrules whom, the edges of names, and names whose hashes meet. */
import { describe, expect, test } from 'vitest'
import { FilterBuilder, groupOctets } from '../../src/images/filter/builder.ts'
import { FilterReader } from '../../src/images/filter/reader.ts'
import { hashName } from '../../src/wire/hash.ts'
import { FILTER_SEED, Filtering, NOT_LISTED, openRules } from '../support/filtering.ts'
import { labels, seeded, wireName } from '../support/octets.ts'
import {
  addRule,
  BELOW,
  blockRule,
  EXACT,
  imageOf,
  labelsOf,
  type ReferenceRule,
  SUBTREE,
} from '../support/reference-filter.ts'

const EVERYTHING = { categories: [0, 1, 2, 3, 4, 5], allowOnly: [] }
const [HOTLINE, LEGAL, HOUSEHOLD] = [0, 1, 2]

const ask = (
  rules: readonly ReferenceRule[],
  name: string,
  policy = EVERYTHING as { categories: number[]; allowOnly: number[] },
) => new Filtering(openRules(rules, [policy])).ask(labelsOf(name))
const isBlocked = (rules: readonly ReferenceRule[], name: string) => ask(rules, name) !== null

describe('what a rule covers', () => {
  const rows: readonly (readonly [extent: 0 | 1 | 2, name: string, blocked: boolean])[] = [
    [SUBTREE, 'bad.test', true],
    [SUBTREE, 'a.bad.test', true],
    [SUBTREE, 'a.b.c.bad.test', true],
    [SUBTREE, 'test', false],
    [SUBTREE, 'notbad.test', false],
    [SUBTREE, 'bad.test.example', false],
    [SUBTREE, 'bad.best', false],
    [SUBTREE, 'b.test', false],
    [EXACT, 'bad.test', true],
    [EXACT, 'a.bad.test', false],
    [BELOW, 'bad.test', false],
    [BELOW, 'a.bad.test', true],
    [BELOW, 'a.b.bad.test', true],
  ]
  test.each(rows)('extent %d: %s %s', (extent, name, blocked) => {
    expect(isBlocked([blockRule('bad.test', { extent })], name)).toBe(blocked)
  })

  test('spelling in the question does not matter', () => {
    const filtering = new Filtering(openRules([blockRule('bad.test')], [EVERYTHING]))
    expect(filtering.ask(['A', 'bAd', 'TEST'])).not.toBeNull()
  })

  test('a dot within a label is no border between labels', () => {
    expect(isBlocked([blockRule('bad.test')], 'a\\.bad.test')).toBe(false)
    expect(isBlocked([blockRule('a\\.bad.test')], 'a.bad.test')).toBe(false)
    expect(isBlocked([blockRule('a\\.bad.test')], 'a\\.bad.test')).toBe(true)
  })

  test('the root is never covered', () => {
    expect(isBlocked([blockRule('test')], '.')).toBe(false)
    expect(() => new FilterBuilder(1).add(labels(), 1, 0, -1)).toThrow(RangeError)
  })
})

describe('who overrules whom', () => {
  const allow = (name: string, more: Partial<ReferenceRule> = {}) => blockRule(name, { allow: true, ...more })
  const rows: readonly (readonly [what: string, rules: readonly ReferenceRule[], name: string, blocked: boolean])[] = [
    ['an exception of the same name frees it', [blockRule('bad.test'), allow('bad.test')], 'bad.test', false],
    ['an exception below frees what is below', [blockRule('bad.test'), allow('ok.bad.test')], 'a.ok.bad.test', false],
    ['and nothing else', [blockRule('bad.test'), allow('ok.bad.test')], 'no.bad.test', true],
    ['an exception above does not free', [allow('test'), blockRule('bad.test')], 'bad.test', true],
    ['a block below an exception blocks', [allow('test'), blockRule('bad.test')], 'a.bad.test', true],
    ['a name alone is more specific', [blockRule('bad.test', { extent: EXACT }), allow('bad.test')], 'bad.test', true],
    ['in both directions', [blockRule('bad.test'), allow('bad.test', { extent: EXACT })], 'bad.test', false],
    [
      'a household frees nothing from hotline',
      [blockRule('bad.test', { ruleClass: HOTLINE }), allow('bad.test', { ruleClass: HOUSEHOLD })],
      'bad.test',
      true,
    ],
    [
      'a household frees nothing from law',
      [blockRule('bad.test', { ruleClass: LEGAL }), allow('bad.test', { ruleClass: HOUSEHOLD })],
      'bad.test',
      true,
    ],
    ['law frees from household', [blockRule('bad.test'), allow('bad.test', { ruleClass: LEGAL })], 'bad.test', false],
    [
      'hotline frees from household',
      [blockRule('bad.test'), allow('bad.test', { ruleClass: HOTLINE })],
      'bad.test',
      false,
    ],
    [
      'law frees nothing from hotline',
      [blockRule('bad.test', { ruleClass: HOTLINE }), allow('bad.test', { ruleClass: LEGAL })],
      'bad.test',
      true,
    ],
    [
      'hotline frees nothing from law',
      [blockRule('bad.test', { ruleClass: LEGAL }), allow('bad.test', { ruleClass: HOTLINE })],
      'bad.test',
      true,
    ],
    [
      'law frees from law',
      [blockRule('bad.test', { ruleClass: LEGAL }), allow('bad.test', { ruleClass: LEGAL })],
      'bad.test',
      false,
    ],
  ]
  test.each(rows)('%s', (_, rules, name, blocked) => {
    expect(isBlocked(rules, name)).toBe(blocked)
    expect(isBlocked([...rules].reverse(), name), 'in the other order').toBe(blocked)
  })

  test('of several classes the first speaks', () => {
    const rules = [HOUSEHOLD, LEGAL, HOTLINE].map(ruleClass =>
      blockRule('bad.test', { ruleClass: ruleClass!, category: ruleClass! }),
    )
    expect(ask(rules, 'bad.test')).toMatchObject({ ruleClass: HOTLINE, category: 0 })
    expect(ask(rules.slice(0, 2), 'bad.test')).toMatchObject({ ruleClass: LEGAL, category: 1 })
  })

  test('an exception of a category that the policy has not is none', () => {
    const rules = [blockRule('bad.test', { category: 0 }), allow('bad.test', { category: 1 })]
    expect(ask(rules, 'bad.test', { categories: [0], allowOnly: [] })).not.toBeNull()
    expect(ask(rules, 'bad.test', { categories: [0, 1], allowOnly: [] })).toBeNull()
  })

  test('the most specific block gives the reason', () => {
    const rules = [
      blockRule('test', { caseNumber: 'WIDE' }),
      blockRule('bad.test', { caseNumber: 'NARROW', category: 3 }),
    ]
    expect(ask(rules, 'a.bad.test')).toMatchObject({ caseNumber: 'NARROW', category: 3, depth: 2 })
    expect(ask(rules, 'good.test')).toMatchObject({ caseNumber: 'WIDE', depth: 1 })
  })
})

describe('a policy that allows only some categories', () => {
  const onlyKids = { categories: [0], allowOnly: [1] }
  const rules = [
    blockRule('bad.test', { category: 0, ruleClass: HOTLINE }),
    blockRule('kids.test', { category: 1 }),
    blockRule('bad.kids.test', { category: 0, ruleClass: HOTLINE }),
    blockRule('alone.test', { category: 1, extent: EXACT }),
  ]
  const rows: readonly (readonly [name: string, told: object | null])[] = [
    ['kids.test', null],
    ['www.kids.test', null],
    ['alone.test', null],
    ['www.alone.test', { ruleClass: HOUSEHOLD, category: NOT_LISTED, depth: 0 }],
    ['other.test', { ruleClass: HOUSEHOLD, category: NOT_LISTED, depth: 0, caseNumber: null }],
    ['bad.test', { ruleClass: HOTLINE, category: 0 }],
    ['bad.kids.test', { ruleClass: HOTLINE, category: 0 }],
    ['.', { category: NOT_LISTED }],
  ]
  test.each(rows)('%s', (name, told) => {
    const own = ask(rules, name, onlyKids)
    if (told === null) expect(own).toBeNull()
    else expect(own).toMatchObject(told)
  })

  test('with an empty image nothing resolves', () => {
    expect(ask([], 'a.test', onlyKids)).toMatchObject({ category: NOT_LISTED })
  })
})

describe('a name that several feeds have', () => {
  test('is one name with all their rules', () => {
    const rules = [0, 1, 2, 3].map(feed => blockRule('bad.test', { feed, category: feed, caseNumber: `F-${feed}` }))
    const reader = new FilterReader(imageOf(rules, 1))
    expect(reader.names).toBe(1)
    for (const category of [0, 1, 2, 3]) {
      expect(ask(rules, 'bad.test', { categories: [category], allowOnly: [] })).toMatchObject({
        caseNumber: `F-${category}`,
      })
    }
  })

  test('keeps every case number, however often', () => {
    const rules = Array.from({ length: 300 }, (_, i) =>
      blockRule('bad.test', { category: i % 6, caseNumber: `C-${i}` }),
    )
    for (let category = 0; category < 6; category++) {
      const told = ask(rules, 'bad.test', { categories: [category], allowOnly: [] })
      expect(rules.some(rule => rule.category === category && rule.caseNumber === told?.caseNumber)).toBe(true)
    }
  })

  test('the same rule again and again costs nothing', () => {
    const once = imageOf([blockRule('bad.test')], 1).byteLength
    expect(
      imageOf(
        Array.from({ length: 50 }, () => blockRule('bad.test')),
        1,
      ).byteLength,
    ).toBe(once)
  })
})

describe('the edges of names', () => {
  const longest = `${'x'.repeat(63)}.${'y'.repeat(63)}.${'z'.repeat(63)}.${'w'.repeat(61)}`
  const deepest = Array.from({ length: 127 }, () => 'a').join('.')

  test('255 octets', () => {
    expect(isBlocked([blockRule(longest)], longest)).toBe(true)
    expect(isBlocked([blockRule(longest)], longest.replace('x', 'v'))).toBe(false)
  })

  test('127 labels', () => {
    expect(ask([blockRule(deepest)], deepest)).toMatchObject({ depth: 127 })
    expect(isBlocked([blockRule(deepest)], deepest.slice(2))).toBe(false)
    expect(ask([blockRule('a')], deepest)).toMatchObject({ depth: 1 })
    expect(ask([blockRule('a.a', { extent: BELOW })], deepest)).toMatchObject({ depth: 2 })
  })

  test('one name, one octet', () => {
    expect(isBlocked([blockRule('x')], 'x')).toBe(true)
    expect(isBlocked([blockRule('x')], 'y')).toBe(false)
  })

  test('no name at all', () => {
    const reader = new FilterReader(imageOf([], 1))
    expect([reader.names, reader.depthMin, reader.depthMax]).toEqual([0, 0, 0])
    expect(isBlocked([], 'a.b.test')).toBe(false)
  })

  test('names that begin alike in wire form', () => {
    const names = [
      'a',
      'a.b',
      'a.b.c',
      'aa',
      'aa.a',
      'a.aa',
      '\\001',
      '\\001.\\001',
      '\\001a',
      '\\002aa',
      '\\000',
      '\\000.a',
      'a.\\000',
    ]
    for (const flagged of names) {
      for (const asked of names) {
        expect(isBlocked([blockRule(flagged, { extent: EXACT })], asked), `${flagged} flagged, ${asked} asked`).toBe(
          flagged === asked,
        )
      }
    }
  })

  test('an octet of every value', () => {
    const rules = Array.from({ length: 256 }, (_, octet) => blockRule(`\\${String(octet).padStart(3, '0')}.test`))
    const filtering = new Filtering(
      openRules(
        rules.filter((_, octet) => octet % 2 === 0),
        [EVERYTHING],
      ),
    )
    for (let octet = 0; octet < 256; octet++) {
      const folded = octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet
      expect(filtering.ask([String.fromCharCode(octet), 'test']) !== null, String(octet)).toBe(
        folded % 2 === 0 || (octet % 2 === 0 && folded === octet),
      )
    }
  })
})

describe('names whose hashes meet', () => {
  /** Pairs of different names below `test` that have the same 32 bits. */
  function pairs(count: number): [string, string][] {
    const seen = new Map<number, string>()
    const found: [string, string][] = []
    const random = seeded(11)
    for (let i = 0; i < 600_000 && found.length < count; i++) {
      const label = Array.from({ length: 8 }, () => String.fromCharCode(0x61 + random(26))).join('')
      const name = wireName(`${label}.test`)
      const hash = hashName(name, 0, name.length, FILTER_SEED)
      const other = seen.get(hash)
      if (other === label) continue
      if (other !== undefined) found.push([other, label])
      else seen.set(hash, label)
    }
    return found
  }
  const met = pairs(8)

  test('there are some', () => expect(met.length).toBeGreaterThan(3))

  test('never block an innocent name', () => {
    const filtering = new Filtering(
      openRules(
        met.map(([flagged]) => blockRule(`${flagged}.test`)),
        [EVERYTHING],
      ),
    )
    for (const [flagged, innocent] of met) {
      expect(filtering.ask([flagged, 'test'])).not.toBeNull()
      expect(filtering.ask([innocent, 'test'])).toBeNull()
      expect(filtering.ask(['www', innocent, 'test'])).toBeNull()
    }
  })

  test('are both found when both are flagged, each with its own rules', () => {
    const rules = met.flatMap(([one, other]) => [
      blockRule(`${one}.test`, { caseNumber: one }),
      blockRule(`${other}.test`, { caseNumber: other }),
    ])
    const filtering = new Filtering(openRules(rules, [EVERYTHING]))
    for (const name of met.flat()) expect(filtering.ask([name, 'test'])?.caseNumber).toBe(name)
  })
})

describe('a builder that is cut back', () => {
  test('gives the image that it would have given without what was cut', () => {
    const kept = Array.from({ length: 50 }, (_, i) =>
      blockRule(`k${i}.test`, { caseNumber: i % 3 === 0 ? `K-${i}` : null }),
    )
    const cut = Array.from({ length: 70 }, (_, i) =>
      blockRule(`k${i}.test`, { caseNumber: `X-${i}`, allow: i % 2 === 0 }),
    )
    const builder = new FilterBuilder(FILTER_SEED)
    for (const rule of kept.slice(0, 25)) addRule(builder, rule)
    const mark = builder.mark()
    for (const rule of cut) addRule(builder, rule)
    expect(builder.size).toBe(95)
    builder.cutBack(mark)
    expect(builder.size).toBe(25)
    for (const rule of kept.slice(25)) addRule(builder, rule)
    const reader = new FilterReader(builder.finish(1))
    const straight = new FilterReader(imageOf(kept, FILTER_SEED))
    expect(reader.names).toBe(straight.names)
    expect([...reader.pool]).toEqual([...straight.pool])
    expect([...reader.text]).toEqual([...straight.text])
  })

  test('to nothing is empty', () => {
    const builder = new FilterBuilder(1)
    const mark = builder.mark()
    addRule(builder, blockRule('a.test', { caseNumber: 'X' }))
    builder.cutBack(mark)
    expect(new FilterReader(builder.finish(1)).names).toBe(0)
  })
})

describe('an image', () => {
  test('that is none, or of another version, is refused', () => {
    expect(() => new FilterReader(new SharedArrayBuffer(64))).toThrow(TypeError)
    const image = imageOf([], 1)
    new Uint32Array(image)[1] = 99
    expect(() => new FilterReader(image)).toThrow(TypeError)
  })

  test('of many names costs what the layout says', () => {
    const builder = new FilterBuilder(1)
    const count = 100_000
    let octets = 0
    for (let i = 0; i < count; i++) {
      const rule = blockRule(`host-${i}.example-${i % 977}.test`)
      addRule(builder, rule)
      octets += (labels(...rule.name).length + 1 + 3) & ~3
    }
    const reader = new FilterReader(builder.finish(1))
    // Slots of 4 octets at 3/4, at most 1.5 for a node's bits, the name and its group up to the next word.
    expect(reader.octets).toBeLessThan(count * (4 / 0.75 + 2 * 1.5 + octets / count) + 1000)
  })

  test('a group number takes as many octets as it needs', () => {
    expect([0, 0x7f, 0x80, 0x3fff, 0x4000, 0x1fffff, 0x200000].map(groupOctets)).toEqual([1, 1, 2, 2, 3, 3, 4])
  })

  test('with thousands of different groups keeps them apart', () => {
    const rules = Array.from({ length: 20_000 }, (_, i) => [
      blockRule(`n${i}.test`, { feed: i % 700, category: i % 6 }),
      blockRule(`n${i}.test`, { feed: 700 + (i % 31), category: (i + 1) % 6 }),
    ]).flat()
    const filtering = new Filtering(openRules(rules, [{ categories: [0], allowOnly: [] }]))
    for (let i = 0; i < 20_000; i += 17) {
      expect(filtering.ask([`n${i}`, 'test']) !== null, `n${i}`).toBe(i % 6 === 0 || (i + 1) % 6 === 0)
    }
  })
})
