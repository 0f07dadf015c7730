/** The admit stage: header, question, OPT, and the hash of the name. 20,000 different queries, read where they stand. */

import { admit } from '../src/resolver/admit.ts'
import { PASS, type QuerySlot } from '../src/resolver/query.ts'
import { nameHash } from '../src/wire/name-room.ts'
import { SEED } from './support/images.ts'
import { compare, type Size } from './support/measure.ts'
import { cleanName, nameBelow } from './support/names.ts'
import { asText, type BenchResult } from './support/result.ts'
import { makeSlots, QueryDeck } from './support/workload.ts'

const QUERIES: Record<Size, number> = { small: 500, full: 20_000 }

export function run(size: Size): BenchResult {
  const queries = QUERIES[size]
  const slot = makeSlots(1)[0]!
  const names = Array.from({ length: queries }, (_, i) => cleanName(i))
  const long = names.map((name, i) => nameBelow(nameBelow(nameBelow(nameBelow(name, i), i), i), i))
  const upper = names.map(name => name.toUpperCase())
  const cases = [
    ['a name of 22 octets, EDNS', new QueryDeck(names)],
    ['the same without EDNS', new QueryDeck(names, 1, false)],
    ['the same in capitals, EDNS', new QueryDeck(upper)],
    ['four labels more, EDNS', new QueryDeck(long)],
  ] as const
  const { figures, checksum } = compare(
    cases.map(([what, deck]) => ({ what, each: queries, run: () => admitAll(deck, slot) })),
    size,
  )
  return { title: 'Admit', figures, checksum, notes: [] }
}

function admitAll(deck: QueryDeck, slot: QuerySlot): number {
  let sum = 0
  for (let i = 0; i < deck.count; i++) {
    deck.point(slot, i)
    if (admit(slot, SEED) !== PASS) throw new Error('a query was not admitted')
    sum ^= nameHash(slot)
  }
  return sum
}

if (import.meta.main) console.log(asText(run('full')))
