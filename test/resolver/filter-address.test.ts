/** Rules about addresses, against a naive reading of them: prefixes as strings of bits, looked through from the longest. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CLASSES, type RuleClass } from '../../src/images/classes.ts'
import { BLOCKED, Findings, filter, probe } from '../../src/resolver/filter.ts'
import { filterAddress, filterClient } from '../../src/resolver/filter-address.ts'
import { PASS, QuerySlot } from '../../src/resolver/query.ts'
import { readName } from '../../src/resolver/question-name.ts'
import { addressOctets } from '../../src/wire/address-text.ts'
import { nameFromText } from '../../src/wire/name.ts'
import { images, type RuleText } from '../support/images.ts'

const query = new QuerySlot(new Uint8Array(0), new Uint8Array(0))

/** The class and category that block an address under the first policy, or null. */
function verdict(
  rules: readonly RuleText[],
  address: string,
  categories: readonly string[] = ['a', 'b'],
): string | null {
  const { categories: names, ...own } = images(rules, [{ categories }])
  const octets = Uint8Array.from([0xee, ...addressOctets(address)])
  query.policy = 0
  if (filterAddress(query, own, octets, 1, octets.length - 1) !== BLOCKED) return null
  return `${CLASSES[query.blockClass]} ${names[query.blockCategory]}`
}

describe('an address in an answer', () => {
  const rows: readonly (readonly [rules: readonly RuleText[], address: string, expected: string | null])[] = [
    [[{ name: '[192.0.2.0/24]', category: 'a' }], '192.0.2.255', 'household a'],
    [[{ name: '[192.0.2.0/24]', category: 'a' }], '192.0.3.0', null],
    [[{ name: '[192.0.2.0/24]', category: 'other' }], '192.0.2.1', null],
    [[{ name: '[255.255.255.255/32]', category: 'a' }], '255.255.255.255', 'household a'],
    [[{ name: '[128.0.0.0/8]', category: 'a' }], '128.1.2.3', 'household a'],
    [[{ name: '[2001:db8::/32]', category: 'a' }], '2001:db8:ffff::1', 'household a'],
    [[{ name: '[ffff:ffff::/32]', category: 'a' }], 'ffff:ffff:8000::', 'household a'],
    [[{ name: '[192.0.2.0/24]', category: 'a' }], '64:ff9b::c000:207', 'household a'],
    [[{ name: '[192.0.2.0/24]', category: 'a' }], '64:ff9b::1:c000:207', null],
    [[{ name: '[64:ff9b::/96]', category: 'b' }], '64:ff9b::c000:207', 'household b'],
    [
      [
        { name: '[192.0.2.0/24]', category: 'a' },
        { name: '[192.0.2.7/32]', category: 'a', allow: true },
      ],
      '192.0.2.7',
      null,
    ],
    [
      [
        { name: '[192.0.2.0/24]', category: 'a', allow: true },
        { name: '[192.0.2.7/32]', category: 'a' },
      ],
      '192.0.2.7',
      'household a',
    ],
    [
      [
        { name: '[192.0.2.0/24]', category: 'a', ruleClass: 'hotline' },
        { name: '[192.0.2.7/32]', category: 'a', allow: true },
      ],
      '192.0.2.7',
      'hotline a',
    ],
    [
      [
        { name: '[192.0.2.0/24]', category: 'a' },
        { name: '[192.0.0.0/16]', category: 'b', ruleClass: 'legal' },
      ],
      '192.0.2.7',
      'legal b',
    ],
    [[], '192.0.2.1', null],
  ]
  test.each(rows)('%j, %s: %s', (rules, address, expected) => expect(verdict(rules, address)).toBe(expected))
})

const bitsOf = (octets: Uint8Array) => [...octets].map(octet => octet.toString(2).padStart(8, '0')).join('')

/** IPv4 addresses that share many leading bits, and rules for networks around them. */
const address = fc
  .tuple(fc.constantFrom(10, 192, 255), fc.constantFrom(0, 128), fc.nat(3), fc.nat(255))
  .map(parts => Uint8Array.from(parts))
const rule = fc.record({
  network: address,
  bits: fc.integer({ min: 8, max: 32 }),
  ruleClass: fc.constantFrom<RuleClass>(...CLASSES),
  category: fc.constantFrom('a', 'b', 'other'),
  allow: fc.boolean(),
})

function naive(
  rules: readonly { network: Uint8Array; bits: number; ruleClass: RuleClass; category: string; allow: boolean }[],
  asked: Uint8Array,
): string | null {
  const covering = rules
    .map((own, place) => ({ ...own, place }))
    .filter(own => own.category !== 'other' && bitsOf(asked).startsWith(bitsOf(own.network).slice(0, own.bits)))
    .sort((a, b) => b.bits - a.bits || a.place - b.place)
  const decided = new Map<string, (typeof covering)[number]>()
  const allowed = new Set<string>()
  for (const own of covering) {
    const isAllowed = own.ruleClass === 'household' ? allowed.size > 0 : allowed.has(own.ruleClass)
    if (decided.has(own.ruleClass) || isAllowed) continue
    if (own.allow) allowed.add(own.ruleClass)
    else decided.set(own.ruleClass, own)
  }
  const first = CLASSES.map(own => decided.get(own)).find(own => own !== undefined)
  return first === undefined ? null : `${first.ruleClass} ${first.category}`
}

test('is judged as a naive reader would', () => {
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 30 }),
      fc.array(address, { minLength: 1, maxLength: 20 }),
      (rules, asked) => {
        const texts = rules.map(({ network, bits, ...own }): RuleText => {
          const masked = network.map((octet, i) => octet & (0xff << Math.max(0, Math.min(8, 8 * (i + 1) - bits))))
          return { ...own, name: `[${masked.join('.')}/${bits}]` }
        })
        // A rule first, so that every category is known.
        const all = [...texts, { name: '[203.0.113.1/32]', category: 'a' }, { name: '[203.0.113.1/32]', category: 'b' }]
        for (const one of asked) expect(verdict(all, one.join('.'))).toBe(naive(rules, one))
      },
    ),
    { numRuns: 400 },
  )
})

describe('an address that asks', () => {
  /** By class and category: what blocks `flagged.example`, flagged by the hotline and by a household, for a client under the first policy. */
  function verdictFor(rules: readonly RuleText[], client: string): string {
    const flagged: readonly RuleText[] = [
      { name: 'flagged.example', category: 'a', ruleClass: 'hotline' },
      { name: 'home.example', category: 'b' },
    ]
    const { categories: names, ...own } = images([...flagged, ...rules], [{ categories: ['a', 'b'] }])
    const octets = addressOctets(client)
    const asking = new QuerySlot(new Uint8Array(0), new Uint8Array(0))
    asking.policy = 0
    asking.client.set(octets.length === 4 ? [2, 0, 0, 0, ...octets] : [10, 0, 0, 0, 0, 0, 0, 0, ...octets])
    const shown = () => `${CLASSES[asking.blockClass]} ${names[asking.blockCategory]}`
    if (filterClient(asking, own) === BLOCKED) return `all: ${shown()}`
    return ['flagged.example', 'home.example']
      .map(name => {
        readText(asking, name, own.filter.seed)
        probe(asking, own)
        return filter(asking, own, new Findings()) === BLOCKED ? shown() : '-'
      })
      .join(', ')
  }

  const both = 'hotline a, household b'
  test.each<[rules: readonly RuleText[], client: string, expected: string]>([
    [[], '192.0.2.1', both],
    [[{ name: 'clients [192.0.2.0/24]', category: 'a', ruleClass: 'legal' }], '192.0.2.1', 'all: legal a'],
    [[{ name: 'clients [192.0.2.0/24]', category: 'a', ruleClass: 'legal' }], '::ffff:192.0.2.1', 'all: legal a'],
    [[{ name: 'clients [192.0.2.0/24]', category: 'a', ruleClass: 'legal' }], '192.0.3.1', both],
    [[{ name: 'clients [192.0.2.0/24]', category: 'other', ruleClass: 'legal' }], '192.0.2.1', both],
    [[{ name: 'clients [2001:db8::/32]', category: 'a' }], '2001:db8:1::1', 'all: household a'],
    // What is asked by way of translation has an address of its own; the rule does not name it.
    [[{ name: 'clients [192.0.2.0/24]', category: 'a' }], '64:ff9b::c000:201', both],
    [[{ name: 'clients [192.0.2.7/32]', category: 'a', ruleClass: 'hotline', allow: true }], '192.0.2.7', '-, -'],
    [[{ name: 'clients [192.0.2.7/32]', category: 'a', allow: true }], '192.0.2.7', 'hotline a, -'],
    [[{ name: 'clients [192.0.2.7/32]', category: 'a', ruleClass: 'legal', allow: true }], '192.0.2.7', 'hotline a, -'],
    [
      [
        { name: 'clients [192.0.2.0/24]', category: 'a', ruleClass: 'hotline' },
        { name: 'clients [192.0.2.7/32]', category: 'a', ruleClass: 'hotline', allow: true },
      ],
      '192.0.2.7',
      '-, -',
    ],
    // Rules about addresses in answers are not about who asks.
    [[{ name: '[192.0.2.0/24]', category: 'a', ruleClass: 'legal' }], '192.0.2.1', both],
  ])('%j, %s: %s', (rules, client, expected) => expect(verdictFor(rules, client)).toBe(expected))
})

test('a rule about clients that is only monitored blocks nothing, and is there to be counted', () => {
  const rules: readonly RuleText[] = [{ name: 'clients [192.0.2.0/24]', category: 'a', monitor: true }]
  const own = images([...rules, { name: 'flagged.example', category: 'a' }], [{ categories: ['a'] }])
  const asking = new QuerySlot(new Uint8Array(0), new Uint8Array(0))
  const ask = (name: string, last: number) => {
    asking.client.set([2, 0, 0, 0, 192, 0, last, 7])
    const verdicts = [filterClient(asking, own)]
    readText(asking, name, own.filter.seed)
    probe(asking, own)
    return [...verdicts, filter(asking, own, new Findings()), asking.monitoredFeed]
  }
  expect(ask('other.example', 2)).toEqual([PASS, PASS, 0])
  expect(ask('other.example', 3)).toEqual([PASS, PASS, -1])
  expect(ask('flagged.example', 2)).toEqual([PASS, BLOCKED, 0])
})

function readText(asking: QuerySlot, name: string, seed: number): void {
  const wire = new Uint8Array(256)
  const end = nameFromText(name, wire)
  asking.bytes = wire
  readName(asking, 0, end, seed)
}
