/** Images of any size for benches, without a feed: names by number, one category, every client under one policy. */
import { SUBTREE } from '../../src/feeds/entry.ts'
import { HOTLINE } from '../../src/images/classes.ts'
import { FilterBuilder } from '../../src/images/filter/builder.ts'
import { ANSWER_AS_SET, NO_RULE } from '../../src/images/filter/layout.ts'
import { buildPolicies } from '../../src/images/policies.ts'
import { allocateForRandomReads } from '../../src/platform/huge-pages.ts'
import { type ImageBuffers, openImages } from '../../src/resolver/assemble.ts'
import type { FilterImages } from '../../src/resolver/filter.ts'
import { NAME_OCTETS_MAX, nameFromText } from '../../src/wire/name.ts'
import { flaggedName } from './names.ts'

export const SEED = 0x5eed
export const CATEGORIES: readonly string[] = ['bench', 'not-listed']

/** `withCases`: every name has a case number of its own, as a hotline's have. */
export function benchImages(names: number, withCases = false): FilterImages {
  return openImages(benchBuffers(names, withCases))
}

/** The same as they cross to a thread. */
export function benchBuffers(names: number, withCases = false): ImageBuffers {
  const builder = new FilterBuilder(SEED)
  const wire = new Uint8Array(NAME_OCTETS_MAX + 1)
  const element = builder.tables.element({
    feed: 0,
    category: 0,
    basis: 0,
    ruleClass: HOTLINE,
    kind: SUBTREE,
    answer: ANSWER_AS_SET,
  })
  for (let i = 0; i < names; i++) {
    const rule = withCases ? builder.tables.rule(`CASE-2026-${i}`, 0) : NO_RULE
    builder.add(wire, nameFromText(flaggedName(i), wire), element, rule)
  }
  return {
    filter: builder.finish(1, allocateForRandomReads),
    overlay: new FilterBuilder(SEED).finish(0),
    policies: onePolicy(),
    notListedCategory: 1,
  }
}

export function onePolicy(): SharedArrayBuffer {
  return buildPolicies([{ categories: [0], allowOnly: [] }], [], 0, CATEGORIES.length)
}
