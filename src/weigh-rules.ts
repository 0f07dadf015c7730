/**
 * Whether exceptions overrule a rule to block: for `qalqan feeds proof`. The rule and the exceptions are made an image, and the very stage that answers queries judges, as for
 * `qalqan explain`. Policies, and the order of feeds, are not on record: so the rule is judged where these speak most against it, and where they speak most for it.
 */
import type { Weigh, WeighedRule } from './feeds/history/standing.ts'
import { networkFromText } from './feeds/network.ts'
import { CLASSES } from './images/classes.ts'
import { FilterBuilder } from './images/filter/builder.ts'
import { ALLOW_BIT, ANSWER_AS_SET, NO_RULE } from './images/filter/layout.ts'
import { buildPolicies } from './images/policies.ts'
import { Judge } from './policy/judge.ts'
import { openImages } from './resolver/assemble.ts'
import { addressOctets } from './wire/address-text.ts'
import { nameFromText } from './wire/name.ts'

/** A name that no rule for addresses speaks of. */
const NO_NAME = 'invalid'

/** `subject`: the name or address that all rules cover, as text. */
export function weigherFor(subject: string): Weigh {
  return (rule, exceptions) => {
    const near = exceptions.filter(own => own.addresses === rule.addresses)
    if (near.length === 0) return 'blocks'
    // Of rules for one network the first speaks: those of the feed that stands first.
    if (isBlocked(subject, rule, [...near, rule])) return 'blocks'
    // Every policy that has the rule has the exceptions of its category.
    const certain = near.filter(own => own.category === rule.category)
    return isBlocked(subject, rule, [rule, ...certain]) ? 'depends' : 'overruled'
  }
}

/** Under a policy that has all their categories. */
function isBlocked(subject: string, { addresses }: WeighedRule, rules: readonly WeighedRule[]): boolean {
  const categories = [...new Set(rules.map(own => own.category))]
  const all = categories.map((_, number) => number)
  const images = openImages({
    filter: imageOf(rules, categories, false),
    overlay: imageOf(rules, categories, true),
    policies: buildPolicies([{ categories: all, allowOnly: [] }], [], 0, categories.length),
    notListedCategory: categories.length,
  })
  const judge = new Judge(categories)
  if (addresses === undefined) return judge.judge(subject, 0, images) !== null
  if (addresses === 'answers') return judge.judgeAddress(addressOctets(subject), 0, images) !== null
  return judge.judge(NO_NAME, 0, images, addressOctets(subject)) !== null
}

function imageOf(rules: readonly WeighedRule[], categories: readonly string[], ofUrgent: boolean): SharedArrayBuffer {
  const builder = new FilterBuilder(0)
  const wire = new Uint8Array(256)
  for (const { name, addresses, extent, isAllow, isUrgent, ruleClass, category } of rules) {
    if (isUrgent !== ofUrgent) continue
    const element = builder.tables.element({
      feed: 0,
      category: categories.indexOf(category),
      basis: 0,
      ruleClass: CLASSES.indexOf(ruleClass),
      kind: extent | (isAllow ? ALLOW_BIT : 0),
      answer: ANSWER_AS_SET,
    })
    if (addresses === undefined) {
      builder.add(wire, nameFromText(name, wire), element, NO_RULE)
      continue
    }
    const { octets, bits } = networkFromText(name, addresses)
    builder.addPrefix(octets, bits, element, NO_RULE, addresses === 'clients')
  }
  return builder.finish(0)
}
