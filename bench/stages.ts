/**
 * What each stage of the data plane costs a query, and the whole path in batches of 64: the budget that `src/resolver/resolve.ts` is
 * written against. A list of 100,000 names, 10,000 answers in the cache, 20,000 different questions for flagged names. A stage's figure is
 * that of the path up to it, less the path before it; dealing the queries out is the bench's own and taken off throughout.
 */

import { admit } from '../src/resolver/admit.ts'
import { answerBlocked } from '../src/resolver/blocked.ts'
import { lookUp } from '../src/resolver/cached.ts'
import { BLOCKED, filter, probe } from '../src/resolver/filter.ts'
import { identify } from '../src/resolver/identify.ts'
import { answerLocally } from '../src/resolver/local.ts'
import type { Plane } from '../src/resolver/plane.ts'
import { ANSWERED, PASS, type QuerySlot } from '../src/resolver/query.ts'
import { nameHash } from '../src/wire/name-room.ts'
import { type Case, compare, type Size } from './support/measure.ts'
import { asText, type BenchResult } from './support/result.ts'
import { WholePath, type WholePathSize } from './support/whole-path.ts'
import type { QueryDeck } from './support/workload.ts'

const SIZES: Record<Size, WholePathSize> = {
  small: { listed: 500, cached: 128, questions: 512 },
  full: { listed: 100_000, cached: 10_000, questions: 20_000 },
}

/** How far down the path a query goes. */
const DEALT = 0
const ADMITTED = 1
const IDENTIFIED = 2
const LOCAL = 3
const FILTERED = 4
const ENDED = 5

export function run(size: Size): BenchResult {
  const path = new WholePath(SIZES[size])
  const { blocked, cached } = path
  const blockedCase = (what: string, until: number, without: string): Case => ({
    what,
    without,
    each: blocked.count,
    run: () => goBlocked(path, blocked, until),
  })
  const cachedCase = (what: string, until: number, without: string): Case => ({
    what,
    without,
    each: cached.count,
    run: () => goCached(path, cached, until),
  })
  const cases: readonly Case[] = [
    blockedCase('dealing', DEALT, ''),
    blockedCase('admit', ADMITTED, 'dealing'),
    blockedCase('identify', IDENTIFIED, 'admit'),
    blockedCase('local names', LOCAL, 'identify'),
    blockedCase('filter, hit', FILTERED, 'local names'),
    blockedCase('block answer', ENDED, 'filter, hit'),
    cachedCase('before the filter, cached', LOCAL, ''),
    cachedCase('filter, miss', FILTERED, 'before the filter, cached'),
    cachedCase('cache, hit, and answer', ENDED, 'filter, miss'),
    {
      what: 'whole path, blocked',
      each: blocked.count,
      without: 'dealing, in batches',
      run: () => path.resolveAll(blocked),
    },
    { what: 'whole path, cached', each: cached.count, without: 'dealing, cached', run: () => path.resolveAll(cached) },
    { what: 'dealing, in batches', each: blocked.count, run: () => path.dealAll(blocked) },
    { what: 'dealing, cached', each: cached.count, run: () => path.dealAll(cached) },
  ]
  const { figures, checksum } = compare(cases, size)
  return { title: 'Stages', figures: figures.filter(own => !OWN.test(own.what)), checksum, notes: [] }
}

/** What the bench does itself, and what another row shows already. */
const OWN = /^dealing|^before the filter/

/** One query after another down the path to a stage; returns something of each. */
function goBlocked({ plane, slots, outlet }: WholePath, deck: QueryDeck, until: number): number {
  const query = slots[0]!
  let sum = 0
  for (let i = 0; i < deck.count; i++) {
    deck.deal(query, i)
    if (until > DEALT) sum ^= goDown(query, plane, until)
    if (until < FILTERED) continue
    if (filter(query, plane.images, plane.findings) !== BLOCKED) throw new Error('a flagged name was not blocked')
    if (until < ENDED) continue
    outlet.reserve(query)
    answerBlocked(query, plane.images, plane.blockAnswers)
    sum += query.outLength
  }
  return sum
}

function goCached({ plane, slots, outlet }: WholePath, deck: QueryDeck, until: number): number {
  const query = slots[0]!
  let sum = 0
  for (let i = 0; i < deck.count; i++) {
    deck.deal(query, i)
    sum ^= goDown(query, plane, until)
    if (until < FILTERED) continue
    if (filter(query, plane.images, plane.findings) !== PASS) throw new Error('a clean name was blocked')
    if (until < ENDED) continue
    outlet.reserve(query)
    if (lookUp(query, plane.cache, plane.clock.nowSeconds) !== ANSWERED) throw new Error('a cached name was not found')
    sum += query.outLength
  }
  return sum
}

/** Up to the filter's probe, which is part of the filter's time. */
function goDown(query: QuerySlot, plane: Plane, until: number): number {
  admit(query, plane.seed)
  if (until >= IDENTIFIED) identify(query, plane.images.policies, plane.listenerPolicies)
  if (until >= LOCAL && answerLocally(query, plane.local) !== PASS) throw new Error('a name was answered locally')
  if (until >= FILTERED) probe(query, plane.images)
  return nameHash(query)
}

if (import.meta.main) console.log(asText(run('full')))
