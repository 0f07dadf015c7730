/** Reading ahead for a batch: it notes for each query what `probe` notes for it alone, for lists of any depths and names of any. */
import { describe, expect, test } from 'vitest'
import { buildPolicies } from '../../src/images/policies.ts'
import { admit } from '../../src/resolver/admit.ts'
import { openImages } from '../../src/resolver/assemble.ts'
import { type FilterImages, probe } from '../../src/resolver/filter.ts'
import { DROPPED, QuerySlot } from '../../src/resolver/query.ts'
import { BATCH_MAX, probeBatch } from '../../src/resolver/read-ahead.ts'
import { CATEGORIES, FILTER_SEED, Filtering, NOT_LISTED } from '../support/filtering.ts'
import { seeded } from '../support/octets.ts'
import { blockRule, imageOf, labelsOf } from '../support/reference-filter.ts'

const random = seeded(17)
const LABELS = ['a', 'b', 'cc', 'long-label', 'test', 'example']
const nameOf = (labels: number) => Array.from({ length: labels }, () => LABELS[random(LABELS.length)]!).join('.')

/** `names` flagged names of `least` to `most` labels, and a few urgent ones where `urgent`. */
function imagesOf(names: number, least: number, most: number, urgent: boolean): FilterImages {
  const list = (count: number) =>
    Array.from({ length: count }, () => blockRule(nameOf(least + random(most - least + 1)), {}))
  return openImages({
    filter: imageOf(list(names), FILTER_SEED),
    overlay: imageOf(urgent ? list(3) : [], FILTER_SEED),
    policies: buildPolicies([{ categories: [0], allowOnly: [] }], [], 0, CATEGORIES + 1),
    notListedCategory: NOT_LISTED,
  })
}

function slotFor(name: string): QuerySlot {
  const message = Filtering.message(labelsOf(name))
  const slot = new QuerySlot(message, new Uint8Array(0))
  slot.end = message.length
  slot.verdict = admit(slot, FILTER_SEED)
  return slot
}

function noted({ base, urgent }: QuerySlot) {
  return [base, urgent].map(({ count, depths, places }) => [
    [...depths.subarray(0, count)],
    [...places.subarray(0, count)],
  ])
}

describe('a batch is probed as each query by itself', () => {
  const rows: readonly (readonly [names: number, least: number, most: number, urgent: boolean])[] = [
    [0, 1, 1, false],
    [1, 1, 1, false],
    [1, 3, 3, true],
    [40, 1, 3, false],
    [40, 2, 4, true],
    [300, 2, 9, false],
    [300, 5, 12, true],
    [300, 1, 20, false],
  ]
  test.each(rows)('%d names of %d to %d labels, urgent ones: %s', (names, least, most, urgent) => {
    const images = imagesOf(names, least, most, urgent)
    for (let round = 0; round < 20; round++) {
      const questions = Array.from({ length: 1 + random(BATCH_MAX) }, () => nameOf(1 + random(most + 4)))
      const together = questions.map(slotFor)
      probeBatch(together, together.length, images)
      const alone = questions.map(slotFor)
      for (const slot of alone) probe(slot, images)
      expect(together.map(noted)).toEqual(alone.map(noted))
    }
  })

  test('and a query that is not to be answered is left as it is', () => {
    const images = imagesOf(40, 1, 2, false)
    const slots = Array.from({ length: 8 }, () => slotFor(nameOf(2)))
    const dropped = slots[3]!
    dropped.verdict = DROPPED
    dropped.base.add(7, 7)
    probeBatch(slots, slots.length, images)
    expect(noted(dropped)[0]).toEqual([[7], [7]])
  })
})
