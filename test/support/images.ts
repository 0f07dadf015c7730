/** Small images for tests and benches, from rules in plain words. */

import { BELOW, EXACT, type Extent, SUBTREE } from '../../src/feeds/entry.ts'
import { CLASSES, type RuleClass } from '../../src/images/classes.ts'
import { FilterBuilder } from '../../src/images/filter/builder.ts'
import { ALLOW_BIT, ANSWER_AS_SET, MONITOR_BIT, NO_RULE, WITHDRAW_BIT } from '../../src/images/filter/layout.ts'
import { provenanceText } from '../../src/images/filter/provenance.ts'
import { buildPolicies, type Prefix } from '../../src/images/policies.ts'
import { openImages } from '../../src/resolver/assemble.ts'
import type { FilterImages } from '../../src/resolver/filter.ts'
import { addressOctets } from '../../src/wire/address-text.ts'
import { BAD_NAME, nameFromText } from '../../src/wire/name.ts'

export const SEED = 0x5eed

export interface RuleText {
  /** `name` is it and all below, `=name` it alone, `*.name` only what is below; `[192.0.2.0/24]` addresses in answers,
   * `clients [192.0.2.0/24]` whoever asks from there. */
  readonly name: string
  readonly category: string
  readonly ruleClass?: RuleClass
  readonly allow?: boolean
  readonly monitor?: boolean
  readonly caseNumber?: string
  readonly basis?: string
  readonly reviewedBy?: string
  /** Seconds since 1970. */
  readonly listedAt?: number
  /** As an urgent change of the overlay. */
  readonly withdraw?: boolean
  readonly answer?: number
}

export interface PolicyText {
  readonly categories: readonly string[]
  readonly allowOnly?: readonly string[]
  readonly clients?: readonly string[]
}

export function filterImage(rules: readonly RuleText[], categories: readonly string[], seed = SEED): SharedArrayBuffer {
  const builder = new FilterBuilder(seed)
  const wire = new Uint8Array(256)
  for (const rule of rules) {
    const network = networkOf(rule.name)
    const [extent, bare] = extentOf(network === null ? rule.name : '.')
    const end = nameFromText(bare, wire)
    if (end === BAD_NAME) throw new TypeError(`not a name: ${rule.name}`)
    const element = builder.tables.element({
      feed: 0,
      category: categories.indexOf(rule.category),
      basis: builder.tables.basis(provenanceText(rule.basis, rule.reviewedBy)),
      ruleClass: CLASSES.indexOf(rule.ruleClass ?? 'household'),
      kind:
        rule.withdraw === true
          ? WITHDRAW_BIT
          : extent | (rule.allow === true ? ALLOW_BIT : 0) | (rule.monitor === true ? MONITOR_BIT : 0),
      answer: rule.answer ?? ANSWER_AS_SET,
    })
    const { caseNumber, listedAt } = rule
    const hasOwn = caseNumber !== undefined || listedAt !== undefined
    const number = hasOwn ? builder.tables.rule(caseNumber ?? '', listedAt ?? 0) : NO_RULE
    if (network === null) builder.add(wire, end, element, number)
    else builder.addPrefix(network.octets, network.bits, element, number, rule.name.startsWith('clients '))
  }
  return builder.finish(1)
}

function networkOf(name: string): { octets: Uint8Array; bits: number } | null {
  const found = /^(?:clients )?\[(.+)\/(\d+)\]$/.exec(name)
  if (found === null) return null
  const address = addressOctets(found[1]!)
  const mapped = [...new Uint8Array(10), 0xff, 0xff]
  return address.length === 4
    ? { octets: Uint8Array.from([...mapped, ...address]), bits: 96 + Number(found[2]) }
    : { octets: Uint8Array.from(address), bits: Number(found[2]) }
}

function extentOf(name: string): [Extent, string] {
  if (name.startsWith('=')) return [EXACT, name.slice(1)]
  return name.startsWith('*.') ? [BELOW, name.slice(2)] : [SUBTREE, name]
}

export function prefixOf(text: string, policy: number): Prefix {
  const [address = '', bits] = text.split('/')
  const octets = addressOctets(address)
  return { address: octets, bits: bits === undefined ? octets.length * 8 : Number(bits), policy }
}

/** Images of rules and policies; the first policy is everybody's. */
export function images(
  rules: readonly RuleText[],
  policies: readonly PolicyText[],
): FilterImages & { categories: string[] } {
  const categories = [...new Set(rules.map(rule => rule.category)), 'not-listed']
  const numbers = (names: readonly string[] = []) =>
    names.map(name => categories.indexOf(name)).filter(number => number >= 0)
  const image = buildPolicies(
    policies.map(policy => ({ categories: numbers(policy.categories), allowOnly: numbers(policy.allowOnly) })),
    policies.flatMap((policy, number) => (policy.clients ?? []).map(client => prefixOf(client, number))),
    0,
    categories.length,
  )
  return {
    ...openImages({
      filter: filterImage(rules, categories),
      overlay: filterImage([], categories),
      policies: image,
      notListedCategory: categories.length - 1,
    }),
    categories,
  }
}
