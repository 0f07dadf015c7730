/**
 * A name that one entry covers is decided by a short way. It decides as the long way does, which is taken as soon as the overlay has anything on the name's path, even
 * what speaks for the name above alone and so decides nothing.
 */
import { describe, expect, test } from 'vitest'
import type { RuleClass } from '../../src/images/classes.ts'
import { FilterReader } from '../../src/images/filter/reader.ts'
import { admit } from '../../src/resolver/admit.ts'
import { BLOCKED, type FilterImages, Findings, filter, probe } from '../../src/resolver/filter.ts'
import { QuerySlot } from '../../src/resolver/query.ts'
import { Filtering } from '../support/filtering.ts'
import { filterImage, images, type RuleText, SEED } from '../support/images.ts'
import { seeded } from '../support/octets.ts'
import { labelsOf } from '../support/reference-filter.ts'

const random = seeded(31)
const pick = <T>(from: readonly T[]) => from[random(from.length)]!
const CATEGORIES = ['a', 'b', 'c']
const CLASSES: readonly RuleClass[] = ['hotline', 'legal', 'household']

function randomRule(name: string): RuleText {
  const own = {
    name: `${pick(['', '=', '*.'])}${name}`,
    category: pick(CATEGORIES),
    ruleClass: pick(CLASSES),
    allow: random(4) === 0,
    monitor: random(4) === 0,
  }
  return random(3) === 0 ? { ...own, caseNumber: `CASE-${random(1000)}` } : own
}

interface Decided {
  readonly verdict: number
  readonly excepted: number
  readonly monitoredFeed: number
  readonly block: readonly (number | boolean)[] | null
}

function decide(name: string, own: FilterImages, policy: number, clientExcepted: number): Decided {
  const message = Filtering.message(labelsOf(name))
  const slot = new QuerySlot(message, new Uint8Array(0))
  slot.end = message.length
  admit(slot, SEED)
  slot.policy = policy
  slot.clientExcepted = clientExcepted
  slot.monitoredFeed = -1
  probe(slot, own)
  const verdict = filter(slot, own, new Findings())
  const { blockClass, blockCategory, blockAnswer, blockElement, blockRule, blockIsUrgent, blockDepth } = slot
  return {
    verdict,
    excepted: slot.excepted,
    monitoredFeed: slot.monitoredFeed,
    block:
      verdict === BLOCKED
        ? [blockClass, blockCategory, blockAnswer, blockElement, blockRule, blockIsUrgent, blockDepth]
        : null,
  }
}

describe('the short way and the long way decide the same', () => {
  test('of 400 lists with rules of every kind, 30 names each, for every policy and client', () => {
    const kinds = new Set<string>()
    for (let list = 0; list < 400; list++) {
      const names = Array.from({ length: 1 + random(12) }, (_, i) => `n${i}.${pick(['test', 'example'])}`)
      // Now and then two rules for one name: those are weighed.
      const rules = names.flatMap(name => Array.from({ length: random(5) === 0 ? 2 : 1 }, () => randomRule(name)))
      const policies = [[], ['a'], ['a', 'b'], CATEGORIES].map(categories => ({ categories }))
      const short = images(rules, policies)
      const beside = filterImage(
        ['=test', '=example'].map(name => ({ name, category: short.categories[0]! })),
        short.categories,
      )
      const long = { ...short, overlay: new FilterReader(beside) }
      for (let i = 0; i < 30; i++) {
        const name = `${pick(['', '', 'www.', 'a.b.'])}${pick(names)}`
        const [policy, clientExcepted] = [random(policies.length), random(8)]
        const decided = decide(name, short, policy, clientExcepted)
        expect(decided, name).toEqual(decide(name, long, policy, clientExcepted))
        kinds.add(`${decided.verdict} ${decided.excepted !== clientExcepted} ${decided.monitoredFeed >= 0}`)
      }
    }
    // Blocked; passed; passed by an exception; passed because the rule is only monitored.
    expect(kinds.size).toBeGreaterThanOrEqual(4)
  })
})
