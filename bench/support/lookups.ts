/** Lookups in the filter image, one at a time and in batches as `resolveBatch` has them, and what they cannot do without: admitting. */

import { admit } from '../../src/resolver/admit.ts'
import { BLOCKED, type FilterImages, Findings, filter, probe } from '../../src/resolver/filter.ts'
import type { QuerySlot } from '../../src/resolver/query.ts'
import { probeBatch, readsBegun } from '../../src/resolver/read-ahead.ts'
import { nameHash } from '../../src/wire/name-room.ts'
import { SEED } from './images.ts'
import type { Case } from './measure.ts'
import { BATCH, makeSlots, type QueryDeck } from './workload.ts'

/** Four cases: a deck of names that are flagged and one of names that are not, each alone and in batches; admitting is taken off. */
export function lookupCases(where: string, images: FilterImages, flagged: QueryDeck, clean: QueryDeck): Case[] {
  const lookups = new Lookups(images)
  const rows = [
    ['hit', flagged, flagged.count],
    ['miss', clean, 0],
  ] as const
  return rows.flatMap(([what, deck, hits]): Case[] => [
    { what: `admit alone, ${what}, ${where}`, each: deck.count, run: () => lookups.admitAlone(deck) },
    {
      what: `${what}, alone, ${where}`,
      each: deck.count,
      without: `admit alone, ${what}, ${where}`,
      run: () => expected(lookups.alone(deck), hits),
    },
    { what: `admit batches, ${what}, ${where}`, each: deck.count, run: () => lookups.admitBatches(deck) },
    {
      what: `${what}, in batches, ${where}`,
      each: deck.count,
      without: `admit batches, ${what}, ${where}`,
      run: () => expected(lookups.batches(deck), hits),
    },
  ])
}

function expected(blocked: number, hits: number): number {
  if (blocked !== hits) throw new Error(`${blocked} names were blocked and not ${hits}`)
  return blocked
}

class Lookups {
  private readonly images: FilterImages
  private readonly findings = new Findings()
  private readonly slots: readonly QuerySlot[] = makeSlots(BATCH)
  /** What was read ahead, kept so that it is read. */
  begun = 0

  constructor(images: FilterImages) {
    this.images = images
  }

  admitAlone(deck: QueryDeck): number {
    const slot = this.slots[0]!
    let sum = 0
    for (let i = 0; i < deck.count; i++) {
      deck.point(slot, i)
      admit(slot, SEED)
      sum ^= nameHash(slot)
    }
    return sum
  }

  alone(deck: QueryDeck): number {
    const slot = this.slots[0]!
    let blocked = 0
    for (let i = 0; i < deck.count; i++) {
      deck.point(slot, i)
      admit(slot, SEED)
      this.begun ^= probe(slot, this.images)
      if (filter(slot, this.images, this.findings) === BLOCKED) blocked++
    }
    return blocked
  }

  admitBatches(deck: QueryDeck): number {
    const { slots } = this
    let sum = 0
    for (let first = 0; first < deck.count; first += BATCH) {
      const count = Math.min(BATCH, deck.count - first)
      for (let i = 0; i < count; i++) {
        deck.point(slots[i]!, first + i)
        admit(slots[i]!, SEED)
      }
      for (let i = 0; i < count; i++) sum ^= nameHash(slots[i]!)
    }
    return sum
  }

  batches(deck: QueryDeck): number {
    const { slots } = this
    let blocked = 0
    for (let first = 0; first < deck.count; first += BATCH) {
      const count = Math.min(BATCH, deck.count - first)
      for (let i = 0; i < count; i++) {
        deck.point(slots[i]!, first + i)
        slots[i]!.verdict = admit(slots[i]!, SEED)
      }
      probeBatch(slots, count, this.images)
      this.begun ^= readsBegun()
      for (let i = 0; i < count; i++) if (filter(slots[i]!, this.images, this.findings) === BLOCKED) blocked++
    }
    return blocked
  }
}
