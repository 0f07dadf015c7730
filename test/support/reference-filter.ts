/**
 * The filter told in the plainest way: every rule in a list under its name, every ancestor of a name looked at. What the image and the
 * filter stage must agree with, written from the rules' description and not from their code.
 */
import { BELOW, EXACT, type Extent, SUBTREE } from '../../src/feeds/entry.ts'
import { FilterBuilder } from '../../src/images/filter/builder.ts'
import { ALLOW_BIT, NO_RULE } from '../../src/images/filter/layout.ts'
import { labels, wireName } from './octets.ts'

export interface ReferenceRule {
  /** Labels, the leftmost first. */
  readonly name: readonly string[]
  readonly extent: Extent
  readonly allow: boolean
  /** 0 hotline, 1 legal, 2 household. */
  readonly ruleClass: number
  readonly category: number
  readonly answer: number
  readonly feed: number
  readonly caseNumber: string | null
}

export interface ReferencePolicy {
  readonly categories: readonly number[]
  readonly allowOnly: readonly number[]
}

export interface Decision {
  readonly ruleClass: number
  /** The rules that may be named as the reason; empty where the name is on no positive list. */
  readonly rules: readonly ReferenceRule[]
  /** Labels of the name that decided. */
  readonly depth: number
}

const specificity = (rule: ReferenceRule) => rule.name.length * 2 + (rule.extent === EXACT ? 1 : 0)

function covers(rule: ReferenceRule, depth: number, asked: number): boolean {
  if (rule.extent === SUBTREE) return true
  return rule.extent === EXACT ? depth === asked : depth < asked
}

export class ReferenceFilter {
  private readonly byName = new Map<string, ReferenceRule[]>()

  constructor(rules: readonly ReferenceRule[]) {
    for (const rule of rules) {
      const key = rule.name.join('\0')
      this.byName.set(key, [...(this.byName.get(key) ?? []), rule])
    }
  }

  /** Why the policy blocks the name, or null. */
  decide(name: readonly string[], policy: ReferencePolicy): Decision | null {
    const covering: ReferenceRule[] = []
    for (let skip = 0; skip < name.length; skip++) {
      const own = this.byName.get(name.slice(skip).join('\0'))
      if (own === undefined) continue
      for (const rule of own) if (covers(rule, name.length - skip, name.length)) covering.push(rule)
    }
    const inForce = covering.filter(rule => policy.categories.includes(rule.category))
    for (const ruleClass of [0, 1, 2]) {
      const decision = decideClass(inForce, ruleClass)
      if (decision !== null) return decision
    }
    if (policy.allowOnly.length === 0) return null
    const listed = covering.some(rule => !rule.allow && policy.allowOnly.includes(rule.category))
    return listed ? null : { ruleClass: 2, rules: [], depth: 0 }
  }
}

function decideClass(rules: readonly ReferenceRule[], ruleClass: number): Decision | null {
  const blocks = rules.filter(rule => !rule.allow && rule.ruleClass === ruleClass)
  const exceptions = rules.filter(rule => rule.allow && (rule.ruleClass === ruleClass || ruleClass === 2))
  const most = (own: readonly ReferenceRule[]) => Math.max(-1, ...own.map(specificity))
  const block = most(blocks)
  if (block < 0 || most(exceptions) >= block) return null
  const deciding = blocks.filter(rule => specificity(rule) === block)
  return { ruleClass, rules: deciding, depth: deciding[0]!.name.length }
}

/** The image of the same rules. */
export function imageOf(rules: readonly ReferenceRule[], seed: number): SharedArrayBuffer {
  const builder = new FilterBuilder(seed)
  for (const rule of rules) addRule(builder, rule)
  return builder.finish(1)
}

export function addRule(builder: FilterBuilder, rule: ReferenceRule): void {
  const element = builder.tables.element({
    feed: rule.feed,
    category: rule.category,
    basis: 0,
    ruleClass: rule.ruleClass,
    kind: rule.extent | (rule.allow ? ALLOW_BIT : 0),
    answer: rule.answer,
  })
  const wire = labels(...rule.name)
  const number = rule.caseNumber === null ? NO_RULE : builder.tables.rule(rule.caseNumber, 0)
  builder.add(wire, wire.length, element, number)
}

export const blockRule = (name: string, more: Partial<ReferenceRule> = {}): ReferenceRule => ({
  name: labelsOf(name),
  extent: SUBTREE,
  allow: false,
  ruleClass: 2,
  category: 0,
  answer: 0,
  feed: 0,
  caseNumber: null,
  ...more,
})

/** The labels of a name given as text, in lower case. */
export function labelsOf(name: string): string[] {
  const wire = wireName(name)
  const parts: string[] = []
  for (let at = 0; wire[at] !== 0; at += wire[at]! + 1) {
    parts.push(Buffer.from(wire.subarray(at + 1, at + 1 + wire[at]!)).toString('latin1'))
  }
  return parts
}

export { BELOW, EXACT, SUBTREE }
