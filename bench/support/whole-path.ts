/** A worker's data plane with a list and a filled cache, and batches of queries to put through it: everything but the sockets. */
import { allocateCounters, layOutCounters } from '../../src/images/counters.ts'
import { assemble } from '../../src/resolver/assemble.ts'
import { resolveBatch } from '../../src/resolver/batch.ts'
import { type BlockAnswers, MODE_PAGE, sameForAll } from '../../src/resolver/blocked.ts'
import type { FilterImages } from '../../src/resolver/filter.ts'
import type { UpstreamTransport } from '../../src/resolver/outlet.ts'
import { monotonicClock, type Plane } from '../../src/resolver/plane.ts'
import type { QuerySlot } from '../../src/resolver/query.ts'
import { FLAG_QR, FLAG_RA, FLAG_RD, HEADER_OCTETS, messageId, writeHeader } from '../../src/wire/header.ts'
import { nameEnd } from '../../src/wire/name.ts'
import { addressRecordOctets, writeAddressRecord } from '../../src/wire/records.ts'
import { TYPE_A } from '../../src/wire/types.ts'
import { benchImages, CATEGORIES, SEED } from './images.ts'
import { blockedQuestions, cleanQuestions } from './names.ts'
import { BATCH, makeSlots, NullOutlet, QueryDeck } from './workload.ts'

export const PAGE: BlockAnswers = {
  ipv4: Uint8Array.of(192, 0, 2, 80),
  ipv6: Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80),
  classes: sameForAll(MODE_PAGE, 60),
}
const TTL_SECONDS = 86_400

export interface WholePathSize {
  readonly listed: number
  readonly cached: number
  readonly questions: number
}

export class WholePath {
  readonly plane: Plane
  readonly blocked: QueryDeck
  readonly cached: QueryDeck
  readonly outlet = new NullOutlet()
  readonly slots: readonly QuerySlot[] = makeSlots(BATCH)

  constructor({ listed, cached, questions }: WholePathSize, images: FilterImages = benchImages(listed)) {
    const layout = layOutCounters({ categories: CATEGORIES, upstreams: 1 })
    let random = 1
    const { plane } = assemble({
      seed: SEED,
      images,
      listenerPolicies: [-1],
      blockAnswers: PAGE,
      localNames: [],
      cacheOctets: 32 << 20,
      limits: { ttlSecondsMin: 0, ttlSecondsMax: TTL_SECONDS, negativeTtlSecondsMax: 3600 },
      servers: 1,
      timeoutMs: 1000,
      attempts: 1,
      clock: monotonicClock(() => performance.now()),
      random: () => (random = (random * 25_173 + 13_849) & 0xffff),
      counters: allocateCounters(layout),
      layout,
    })
    this.plane = plane
    this.blocked = new QueryDeck(blockedQuestions(questions, listed))
    this.cached = new QueryDeck(cleanQuestions(cached))
    this.fillCache()
  }

  /** Asks for every name once, of an upstream that answers at once. */
  private fillCache(): void {
    const upstream = new PromptUpstream()
    this.plane.forwarder.connect(upstream, this.outlet)
    const slots = this.slots.slice(0, 1)
    for (let i = 0; i < this.cached.count; i++) {
      this.cached.deal(slots[0]!, i)
      resolveBatch(slots, 1, this.plane, this.outlet)
      this.plane.forwarder.receive(upstream.question, upstream.reply, 0, upstream.octets)
    }
    if (this.plane.cache.counts.entries !== this.cached.count) throw new Error('the cache did not take every answer')
  }

  /** Puts a whole deck through in batches; returns the octets of the answers. */
  resolveAll(deck: QueryDeck): number {
    const { slots, plane, outlet } = this
    outlet.octets = 0
    outlet.answers = 0
    for (let first = 0; first < deck.count; first += BATCH) {
      const count = dealBatch(deck, slots, first)
      resolveBatch(slots, count, plane, outlet)
    }
    if (outlet.answers !== deck.count) throw new Error(`${outlet.answers} answers to ${deck.count} questions`)
    return outlet.octets
  }

  /** What the bench itself costs: the same without resolving. */
  dealAll(deck: QueryDeck): number {
    let octets = 0
    for (let first = 0; first < deck.count; first += BATCH) {
      const count = dealBatch(deck, this.slots, first)
      for (let i = 0; i < count; i++) octets += this.slots[i]!.end - this.slots[i]!.start
    }
    return octets
  }
}

function dealBatch(deck: QueryDeck, slots: readonly QuerySlot[], first: number): number {
  const count = Math.min(BATCH, deck.count - first)
  for (let i = 0; i < count; i++) deck.deal(slots[i]!, first + i)
  return count
}

/** Keeps the answer to what it was last asked: one address, for a day. */
class PromptUpstream implements UpstreamTransport {
  readonly isShort = false
  readonly reply = new Uint8Array(512)
  octets = 0
  question = 0

  sendUdp(question: number, _server: number, message: Uint8Array): boolean {
    this.question = question
    const questionEnd = nameEnd(message, HEADER_OCTETS) + 4
    this.reply.set(message.subarray(0, questionEnd))
    writeHeader(this.reply, 0, messageId(message, 0), FLAG_QR | FLAG_RD | FLAG_RA, 1, 1, 0, 0)
    writeAddressRecord(this.reply, questionEnd, HEADER_OCTETS, TYPE_A, TTL_SECONDS, 4)
    this.octets = questionEnd + addressRecordOctets(4)
    return true
  }

  sendTcp(): boolean {
    return false
  }

  release(): void {}
  settle(): void {}
}
