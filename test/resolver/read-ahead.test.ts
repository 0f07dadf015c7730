/** Reading ahead for a batch: it notes for each query what `probe` notes for it alone, for lists of any depths and names of any. */

import { describe, expect, test } from 'vitest'
import {
  addCandidate,
  BASE,
  candidateCount,
  candidateDepth,
  candidatePlace,
  clearCandidates,
  OVERLAY,
} from '../../src/images/filter/candidates.ts'
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

function slotFor(name: string, room = 0): QuerySlot {
  const message = Filtering.message(labelsOf(name))
  const slot = new QuerySlot(message, new Uint8Array(0), room)
  slot.end = message.length
  slot.verdict = admit(slot, FILTER_SEED)
  return slot
}

function noted({ room }: QuerySlot) {
  return ([BASE, OVERLAY] as const).map(list =>
    Array.from({ length: candidateCount(room, list) }, (_, i) => [
      candidateDepth(room, list, i),
      candidatePlace(room, list, i),
    ]),
  )
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
      const together = questions.map((name, i) => slotFor(name, i))
      probeBatch(together, together.length, images)
      const notedTogether = together.map(noted)
      const notedAlone = questions.map(name => {
        const slot = slotFor(name)
        probe(slot, images)
        return noted(slot)
      })
      expect(notedTogether).toEqual(notedAlone)
    }
  })

  test('and a query that is not to be answered is left as it is', () => {
    const images = imagesOf(40, 1, 2, false)
    const slots = Array.from({ length: 8 }, (_, i) => slotFor(nameOf(2), i))
    const dropped = slots[3]!
    dropped.verdict = DROPPED
    clearCandidates(dropped.room)
    addCandidate(dropped.room, BASE, 7, 9)
    probeBatch(slots, slots.length, images)
    expect(noted(dropped)[0]).toEqual([[7, 9]])
  })
})
