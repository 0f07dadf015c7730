/** What is said of one rule holds of the filter with all rules at once, under any policy and in any order. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { WeighedRule } from '../../src/feeds/history/standing.ts'
import { networkFromText } from '../../src/feeds/network.ts'
import { CLASSES } from '../../src/images/classes.ts'
import { FilterBuilder } from '../../src/images/filter/builder.ts'
import { ALLOW_BIT, ANSWER_AS_SET, NO_RULE } from '../../src/images/filter/layout.ts'
import { buildPolicies } from '../../src/images/policies.ts'
import { Judge } from '../../src/policy/judge.ts'
import { openImages } from '../../src/resolver/assemble.ts'
import { weigherFor } from '../../src/weigh-rules.ts'
import { addressOctets } from '../../src/wire/address-text.ts'
import { wireName } from '../support/octets.ts'

const CATEGORIES = ['a', 'b', 'c']
const NAME = 'www.bad.example'
const ADDRESS = '192.0.2.1'

const common = {
  isAllow: fc.boolean(),
  ruleClass: fc.constantFrom(...CLASSES),
  category: fc.constantFrom(...CATEGORIES),
}
const nameRules = fc.array(
  fc
    .record({
      ...common,
      name: fc.constantFrom('www.bad.example', 'bad.example', 'example'),
      extent: fc.constantFrom(0 as const, 1 as const, 2 as const),
      isUrgent: fc.boolean(),
    })
    // An urgent change is never an exception, nor only for what is below.
    .map(rule => ({ ...rule, isUrgent: rule.isUrgent && !rule.isAllow && rule.extent !== 2 }))
    .filter(({ name, extent }) => (name === NAME ? extent !== 2 : extent !== 0)),
  { minLength: 1, maxLength: 7 },
)
const networkRules = fc.array(
  fc.record({
    ...common,
    name: fc.constantFrom('192.0.2.1/32', '192.0.2.0/24', '192.0.0.0/16'),
    addresses: fc.constantFrom('answers' as const),
    extent: fc.constant(0 as const),
    isUrgent: fc.constant(false),
  }),
  { minLength: 1, maxLength: 7 },
)
const policy = fc.subarray([0, 1, 2])

/** By the filter, with all rules, in the order given. */
function isBlocked(subject: string, rules: readonly WeighedRule[], categories: readonly number[]): boolean {
  const builders = [new FilterBuilder(0), new FilterBuilder(0)] as const
  for (const { name, addresses, extent, isAllow, isUrgent, ruleClass, category } of rules) {
    const builder = builders[isUrgent ? 1 : 0]
    const element = builder.tables.element({
      feed: 0,
      category: CATEGORIES.indexOf(category),
      basis: 0,
      ruleClass: CLASSES.indexOf(ruleClass),
      kind: extent | (isAllow ? ALLOW_BIT : 0),
      answer: ANSWER_AS_SET,
    })
    const network = addresses === undefined ? null : networkFromText(name, addresses)
    if (network === null) builder.add(wireName(name), wireName(name).length, element, NO_RULE)
    else builder.addPrefix(network.octets, network.bits, element, NO_RULE)
  }
  const images = openImages({
    filter: builders[0].finish(0),
    overlay: builders[1].finish(0),
    policies: buildPolicies([{ categories, allowOnly: [] }], [], 0, CATEGORIES.length),
    notListedCategory: CATEGORIES.length,
  })
  const judge = new Judge(CATEGORIES)
  const judgement =
    subject === NAME ? judge.judge(subject, 0, images) : judge.judgeAddress(addressOctets(subject), 0, images)
  return judgement !== null
}

const subjects = [
  [NAME, nameRules],
  [ADDRESS, networkRules],
] as const
test.each(subjects)(
  '%s: a rule that blocks does under each policy that has it, one that is overruled under none',
  (subject, some) => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(some, policy, (rules: readonly WeighedRule[], categories) => {
        const weigh = weigherFor(subject)
        const exceptions = rules.filter(own => own.isAllow)
        const own = rules.filter(rule => !rule.isAllow && categories.includes(CATEGORIES.indexOf(rule.category)))
        const weights = own.map(rule => weigh(rule, exceptions))
        for (const weight of weights) seen.add(weight)
        const found = isBlocked(subject, rules, categories)
        if (weights.includes('blocks')) expect(found).toBe(true)
        else if (weights.every(weight => weight === 'overruled')) expect(found).toBe(false)
      }),
      { numRuns: 2000 },
    )
    expect([...seen].sort()).toEqual(['blocks', 'depends', 'overruled'])
  },
)
