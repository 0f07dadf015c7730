/** The filter image and the filter stage against the plainest telling of the same rules, on random rules and names. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CATEGORIES, Filtering, NOT_LISTED, openRules, type Told } from '../support/filtering.ts'
import { seeded } from '../support/octets.ts'
import {
  type Decision,
  ReferenceFilter,
  type ReferencePolicy,
  type ReferenceRule,
} from '../support/reference-filter.ts'

/** What differs between the two, in a sentence; null where they agree. */
function difference(told: Told | null, decision: Decision | null): string | null {
  if ((told === null) !== (decision === null)) return told === null ? 'should be blocked' : 'should not be blocked'
  if (told === null || decision === null) return null
  if (told.ruleClass !== decision.ruleClass) return `class ${told.ruleClass}, not ${decision.ruleClass}`
  if (told.depth !== decision.depth) return `depth ${told.depth}, not ${decision.depth}`
  if (decision.rules.length === 0)
    return told.category === NOT_LISTED && told.caseNumber === null ? null : 'a reason that is none'
  const isReason = (rule: ReferenceRule) =>
    rule.category === told.category && rule.answer === told.answer && rule.caseNumber === told.caseNumber
  return decision.rules.some(isReason) ? null : 'the reason is no rule that decided'
}

const PARTS = ['a', 'b', 'c', 'aa', 'ab', 'ba', 'test', 'x\0y', 'a.b', '-', 'xn--a']

function randomName(random: (below: number) => number, labelsMax: number): string[] {
  return Array.from({ length: 1 + random(labelsMax) }, () => PARTS[random(random(2) === 0 ? 3 : PARTS.length)]!)
}

function randomRule(random: (below: number) => number): ReferenceRule {
  return {
    name: randomName(random, 4),
    extent: random(3) as 0 | 1 | 2,
    allow: random(4) === 0,
    ruleClass: random(3),
    category: random(CATEGORIES),
    answer: random(4) === 0 ? random(7) : 0,
    feed: random(4),
    caseNumber: random(4) === 0 ? `CASE-${random(1000)}` : null,
  }
}

function randomPolicies(random: (below: number) => number): ReferencePolicy[] {
  const some = (of: number) => Array.from({ length: CATEGORIES }, (_, i) => i).filter(() => random(of) === 0)
  return [
    { categories: some(1), allowOnly: [] },
    { categories: some(2), allowOnly: [] },
    { categories: [], allowOnly: [] },
    { categories: some(2), allowOnly: some(3) },
    { categories: [], allowOnly: [random(CATEGORIES)] },
  ]
}

test('more than a million questions over some hundred sets of rules: the two agree on every one', {
  timeout: 60_000,
}, () => {
  const random = seeded(4_000_037)
  let questions = 0
  let blocked = 0
  for (let set = 0; questions < 1_000_000; set++) {
    const rules = Array.from({ length: random(2) === 0 ? random(8) : 1 + random(400) }, () => randomRule(random))
    const policies = randomPolicies(random)
    const reference = new ReferenceFilter(rules)
    const own = new Filtering(openRules(rules, policies, set * 7919), set * 7919)
    for (let i = 0; i < 2000; i++) {
      const name = randomName(random, 6)
      const message = Filtering.message(name)
      for (let policy = 0; policy < policies.length; policy++, questions++) {
        const told = own.put(message, policy)
        const wrong = difference(told, reference.decide(name, policies[policy]!))
        if (told !== null) blocked++
        if (wrong !== null) throw new Error(`set ${set}, policy ${policy}, ${name.join(' | ')}: ${wrong}`)
      }
    }
  }
  // Neither answer may be so rare that it is not tested.
  expect(blocked / questions).toBeGreaterThan(0.2)
  expect(blocked / questions).toBeLessThan(0.8)
})

describe('any set of rules', () => {
  const name = fc.array(fc.constantFrom(...PARTS), { minLength: 1, maxLength: 5 })
  const rule = fc.record({
    name,
    extent: fc.constantFrom(0 as const, 1 as const, 2 as const),
    allow: fc.boolean(),
    ruleClass: fc.nat(2),
    category: fc.nat(CATEGORIES - 1),
    answer: fc.nat(6),
    feed: fc.nat(3),
    caseNumber: fc.option(fc.string({ unit: fc.constantFrom('A', '7', '-'), maxLength: 20 })),
  })
  const categories = fc.uniqueArray(fc.nat(CATEGORIES - 1))
  const policy = fc.record({ categories, allowOnly: fc.oneof(fc.constant([]), categories) })

  test('says the same as the plain telling, shrunk to the least that differs', () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 12 }), policy, fc.array(name, { maxLength: 8 }), (rules, own, names) => {
        const filtering = new Filtering(openRules(rules, [own]))
        const reference = new ReferenceFilter(rules)
        for (const asked of [...names, ...rules.map(each => each.name)]) {
          expect(difference(filtering.ask(asked), reference.decide(asked, own))).toBeNull()
        }
      }),
      { numRuns: 1500 },
    )
  })
})
