/**
 * What each stage of the data plane costs, in nanoseconds of CPU time for a query, and the whole path in batches of 64: the budget that
 * `src/resolver/resolve.ts` is written against. Every figure is of 2 × 10^6 queries over 20,000 different names, list of 100,000.
 */

import { admit } from '../src/resolver/admit.ts'
import { resolveBatch } from '../src/resolver/batch.ts'
import { answerBlocked } from '../src/resolver/blocked.ts'
import { lookUp } from '../src/resolver/cached.ts'
import { Findings, filter } from '../src/resolver/filter.ts'
import { identify } from '../src/resolver/identify.ts'
import { answerLocally } from '../src/resolver/local.ts'
import type { QuerySlot } from '../src/resolver/query.ts'
import { replyTo } from '../test/support/messages.ts'
import { TestPlane } from '../test/support/plane.ts'
import { madeUpName, makeSlots, NullOutlet, QueryDeck, seeded } from './support/workload.ts'

export interface StageFigure {
  readonly stage: string
  readonly nanoseconds: number
  readonly checksum: number
}

const BATCH = 64

export function run(queries: number, listed = 100_000, cachedNames = 10_000): StageFigure[] {
  const random = seeded(7)
  const flagged = Array.from({ length: listed }, () => madeUpName(random))
  const cached = Array.from({ length: cachedNames }, (_, i) => `www.${madeUpName(random)}${i % 10}`)
  const plane = new TestPlane({
    rules: flagged.map(name => ({ name, category: 'bench' })),
    policies: [{ categories: ['bench'], clients: ['198.51.100.0/24', '203.0.113.0/24'] }],
    cacheOctets: 32 << 20,
  })
  prime(plane, cached)
  const pick = (names: readonly string[]) => names[Math.floor(random() * names.length)]!
  const blockedDeck = new QueryDeck(Array.from({ length: 20_000 }, () => pick(flagged)))
  const cachedDeck = new QueryDeck(Array.from({ length: 20_000 }, () => pick(cached)))
  const own = plane.plane
  const outlet = new NullOutlet()
  const findings = new Findings()
  const batch = (deck: QueryDeck) => (slots: QuerySlot[], first: number) => {
    for (let i = 0; i < BATCH; i++) deck.deal(slots[i]!, (first + i) % deck.count)
    resolveBatch(slots, BATCH, own, outlet)
    return outlet.octets
  }
  const each = (deck: QueryDeck, stage: (query: QuerySlot) => number) => (slots: QuerySlot[], first: number) => {
    let sum = 0
    for (let i = 0; i < BATCH; i++) {
      const slot = slots[i]!
      deck.deal(slot, (first + i) % deck.count)
      admit(slot, own.seed)
      sum += stage(slot)
    }
    return sum
  }
  const probeAndFilter = (query: QuerySlot) => {
    own.images.filter.probe(query)
    return filter(query, own.images, findings)
  }
  const write = (query: QuerySlot) => {
    outlet.reserve(query)
    probeAndFilter(query)
    answerBlocked(query, own.images.filter, own.blockAnswers)
    return query.outLength
  }
  const look = (query: QuerySlot) => {
    outlet.reserve(query)
    lookUp(query, own.cache, own.clock.nowSeconds)
    return query.outLength
  }
  const dealt = measure('dealing (the bench itself)', queries, (slots, first) => {
    for (let i = 0; i < BATCH; i++) blockedDeck.deal(slots[i]!, (first + i) % blockedDeck.count)
    return slots[0]!.end
  })
  const admitted = measure(
    'admit',
    queries,
    each(blockedDeck, query => query.labelCount),
  )
  const hit = measure('filter, hit', queries, each(blockedDeck, probeAndFilter))
  const beyondAdmit = (figure: StageFigure) => ({ ...figure, nanoseconds: figure.nanoseconds - admitted.nanoseconds })
  const beyondDealing = (figure: StageFigure) => ({ ...figure, nanoseconds: figure.nanoseconds - dealt.nanoseconds })
  return [
    dealt,
    beyondDealing(admitted),
    beyondAdmit(
      measure(
        'identify',
        queries,
        each(blockedDeck, query => (identify(query, own.images.policies, own.listenerPolicies), query.policy)),
      ),
    ),
    beyondAdmit(
      measure(
        'local',
        queries,
        each(blockedDeck, query => answerLocally(query, own.local)),
      ),
    ),
    beyondAdmit(hit),
    beyondAdmit(
      measure(
        'filter, miss',
        queries,
        each(cachedDeck, query => probeAndFilter(query)),
      ),
    ),
    beyondAdmit(measure('filter, hit, and block answer', queries, each(blockedDeck, write))),
    beyondAdmit(measure('cache, hit, and answer', queries, each(cachedDeck, look))),
    beyondDealing(measure('whole path, blocked', queries, batch(blockedDeck))),
    beyondDealing(measure('whole path, cached', queries, batch(cachedDeck))),
  ]
}

/** Answers for names, put where the forwarder would have put them. */
function prime(plane: TestPlane, names: readonly string[]): void {
  const deck = new QueryDeck(names)
  for (let i = 0; i < names.length; i++) {
    plane.ask(deck.message(i))
    const sent = plane.sent.pop()!
    plane.reply(
      replyTo(sent.message, { answers: [{ type: 'A', name: names[i]!, ttl: 86_400, data: '192.0.2.1' }] }),
      sent,
    )
    plane.answers.length = 0
  }
}

function measure(stage: string, queries: number, step: (slots: QuerySlot[], first: number) => number): StageFigure {
  const slots = makeSlots(BATCH)
  let checksum = 0
  for (let i = 0; i < queries / 4; i += BATCH) checksum ^= step(slots, i)
  const before = process.cpuUsage()
  for (let i = 0; i < queries; i += BATCH) checksum ^= step(slots, i)
  const { user, system } = process.cpuUsage(before)
  return { stage, nanoseconds: ((user + system) * 1000) / queries, checksum }
}

if (import.meta.main) {
  for (const { stage, nanoseconds, checksum } of run(2_000_000)) {
    console.log(`${stage.padEnd(32)} ${nanoseconds.toFixed(0).padStart(6)} ns   (checksum ${checksum})`)
  }
}
