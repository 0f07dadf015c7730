/** The filter stage alone: a name and a policy in, what the query was told out. */
import { TCP } from '../../src/images/counters.ts'
import { NO_RULE } from '../../src/images/filter/layout.ts'
import { buildPolicies } from '../../src/images/policies.ts'
import { admit } from '../../src/resolver/admit.ts'
import { openImages } from '../../src/resolver/assemble.ts'
import { BLOCKED, type FilterImages, Findings, filter, probe } from '../../src/resolver/filter.ts'
import { PASS, QuerySlot } from '../../src/resolver/query.ts'
import { labels } from './octets.ts'
import { rawQuery } from './raw.ts'
import { imageOf, type ReferencePolicy, type ReferenceRule } from './reference-filter.ts'

export const FILTER_SEED = 0x5eed
export const CATEGORIES = 6
/** The category of a name that is on no positive list. */
export const NOT_LISTED = CATEGORIES

export function openRules(
  rules: readonly ReferenceRule[],
  policies: readonly ReferencePolicy[],
  seed = FILTER_SEED,
): FilterImages {
  return openImages({
    filter: imageOf(rules, seed),
    overlay: imageOf([], seed),
    policies: buildPolicies(policies, [], 0, CATEGORIES + 1),
    notListedCategory: NOT_LISTED,
  })
}

export interface Told {
  readonly ruleClass: number
  readonly category: number
  readonly answer: number
  readonly depth: number
  readonly caseNumber: string | null
}

/** Puts names through admit and filter with one slot, as a worker does. */
export class Filtering {
  private readonly images: FilterImages
  private readonly seed: number
  private readonly findings = new Findings()
  private readonly slot = new QuerySlot(new Uint8Array(0), new Uint8Array(0))

  constructor(images: FilterImages, seed = FILTER_SEED) {
    this.images = images
    this.seed = seed
    this.slot.transport = TCP
  }

  /** A query for a name, as octets. */
  static message(name: readonly string[]): Uint8Array {
    return rawQuery({ name: labels(...name) })
  }

  /** Why the message's name is blocked under a policy, or null. */
  put(message: Uint8Array, policy: number): Told | null {
    const { slot } = this
    slot.bytes = message
    slot.start = 0
    slot.end = message.length
    if (admit(slot, this.seed) !== PASS) throw new Error('not admitted')
    probe(slot, this.images)
    slot.policy = policy
    return filter(slot, this.images, this.findings) === BLOCKED ? this.told() : null
  }

  ask(name: readonly string[], policy = 0): Told | null {
    return this.put(Filtering.message(name), policy)
  }

  private told(): Told {
    const { slot } = this
    const image = this.images.filter
    const at = slot.blockRule === NO_RULE ? 0 : image.caseAt(slot.blockRule)
    const length = slot.blockRule === NO_RULE ? 0 : image.caseLength(slot.blockRule)
    return {
      ruleClass: slot.blockClass,
      category: slot.blockCategory,
      answer: slot.blockAnswer,
      depth: slot.blockDepth,
      caseNumber:
        slot.blockRule === NO_RULE ? null : Buffer.from(image.text.subarray(at, at + length)).toString('latin1'),
    }
  }
}
