/** A data plane whose outlet and upstream allocate nothing: answers go to memory that is written over, upstreams answer at once. */
import { allocateCounters, layOutCounters, UDP } from '../../src/images/counters.ts'
import { buildPolicies } from '../../src/images/policies.ts'
import { admit } from '../../src/resolver/admit.ts'
import { type Assembled, assemble } from '../../src/resolver/assemble.ts'
import { resolveBatch } from '../../src/resolver/batch.ts'
import { filter, probe } from '../../src/resolver/filter.ts'
import { identify } from '../../src/resolver/identify.ts'
import type { Outlet, UpstreamTransport } from '../../src/resolver/outlet.ts'
import { monotonicClock, type Plane } from '../../src/resolver/plane.ts'
import { QuerySlot } from '../../src/resolver/query.ts'
import { putU16, u16 } from '../../src/wire/octets.ts'
import { images, prefixOf, type RuleText, SEED } from '../support/images.ts'
import { query, replyTo } from '../support/messages.ts'
import { PAGE } from '../support/plane.ts'

export const BATCH = 64
const ROOM = 1232
const FLAGGED = 5000

export type Kind = 'blocked' | 'cached' | 'refused' | 'mixed' | 'forwarded'

const NOTHING = { categories: [], allowOnly: [] }

export class AllocationBench implements Outlet, UpstreamTransport {
  readonly isShort = false
  readonly slots: readonly QuerySlot[]
  readonly plane: Plane
  sentCount = 0
  private readonly assembled: Assembled
  private readonly out = new Uint8Array(BATCH * ROOM)
  private reserved = 0
  /** Upstreams' answers of TTL 0, so that nothing is kept and each query is forwarded; their ids are put in place. */
  private readonly replies: readonly Uint8Array[]
  private readonly pending = new Int32Array(BATCH)
  private readonly pendingIds = new Uint16Array(BATCH)
  private pendingCount = 0

  constructor() {
    const rules = Array.from({ length: FLAGGED }, (_, i): RuleText => {
      const own = {
        name: `flagged-${i}.example-${i % 97}.test`,
        category: `c${i % 3}`,
        ruleClass: (['hotline', 'legal', 'household'] as const)[i % 3]!,
      }
      return i % 4 === 0 ? { ...own, caseNumber: `CASE-${i}` } : own
    })
    // Of addresses that no answer has: every answer is looked through.
    const prefixes = ['[198.51.100.0/24]', '[198.51.100.128/25]', '[203.0.113.9/32]', '[2001:db8:f::/48]'].map(
      name => ({ name, category: 'c0' }),
    )
    const { categories, ...own } = images([...rules, ...prefixes], [{ categories: ['c0', 'c1', 'c2'] }])
    const layout = layOutCounters({ categories, upstreams: 2 })
    let random = 1
    this.assembled = assemble({
      seed: SEED,
      images: own,
      listenerPolicies: [-1],
      blockAnswers: PAGE,
      localNames: [],
      cacheOctets: 1 << 22,
      limits: { ttlSecondsMin: 0, ttlSecondsMax: 86_400, negativeTtlSecondsMax: 3600 },
      servers: 2,
      timeoutMs: 1000,
      attempts: 3,
      // What costs something for every query, all of it turned on.
      options: {
        staleSecondsMax: 86_400,
        zones: [{ name: 'corp.test', servers: 1 }],
        privateBelow: ['home.test'],
        clients: buildPolicies([NOTHING, NOTHING], [prefixOf('192.0.2.0/24', 1)], 0, 1),
        proxies: buildPolicies([NOTHING, NOTHING], [prefixOf('203.0.113.0/24', 1)], 0, 1),
        openListeners: [false],
        rateLimit: { perSecond: 1e9, burst: 1e9, slip: 2, ipv4Bits: 24, ipv6Bits: 56 },
        cookieSecrets: [new Uint8Array(16)],
        words: { version: 'v', id: 'i', resolverInfo: ['exterr=15-17'], anyIsMinimal: true },
        forwardsPrivateReverse: false,
      },
      clock: monotonicClock(() => performance.now()),
      random: () => (random = (random * 25_173 + 13_849) & 0xffff),
      counters: allocateCounters(layout),
      layout,
    })
    this.plane = this.assembled.plane
    this.plane.forwarder.connect(this, this)
    this.slots = Array.from({ length: BATCH }, (_, i) => new QuerySlot(new Uint8Array(0), this.out, i))
    for (const slot of this.slots) slot.client.set([2, 0, 0x10, 0, 192, 0, 2, 7], slot.clientAt)
    this.replies = Array.from({ length: BATCH }, (_, i) => replyFor(`forward-${i}.example.test`, 0))
    this.remember()
  }

  /** Puts an answer into the cache for each name that `cached` asks for. */
  private remember(): void {
    this.fill('cached')
    for (let i = 0; i < BATCH; i++) {
      const reply = replyFor(`cached-${i}.example.test`, 80_000)
      resolveBatch([this.slots[i]!], 1, this.plane, this)
      putU16(reply, 0, this.pendingIds[0]!)
      this.plane.forwarder.receive(this.pending[0]!, reply, 0, reply.length)
      this.pendingCount = 0
    }
  }

  /** Gives each slot a query of the kind. */
  fill(kind: Kind): void {
    this.slots.forEach((slot, i) => {
      slot.bytes = messageOf(
        kind === 'mixed' ? (['blocked', 'cached', 'blocked', 'refused'] as const)[i % 4]! : kind,
        i,
      )
      slot.start = 0
      slot.end = slot.bytes.length
      slot.transport = UDP
      this.reserve(slot)
    })
  }

  fillAdmitted(kind: Kind): void {
    this.fill(kind)
    for (const slot of this.slots) {
      admit(slot, this.plane.seed)
      probe(slot, this.plane.images)
      identify(slot, this.plane.images.policies, this.plane.listenerPolicies)
    }
  }

  fillBlocked(): void {
    this.fillAdmitted('blocked')
    for (const slot of this.slots) filter(slot, this.plane.images, this.plane.findings)
  }

  /** A batch that is forwarded, and answered by its upstreams before the next. */
  forwardBatch(): number {
    this.sentCount = 0
    this.pendingCount = 0
    resolveBatch(this.slots, BATCH, this.plane, this)
    const asked = this.pendingCount
    for (let i = 0; i < asked; i++) {
      const reply = this.replies[i]!
      putU16(reply, 0, this.pendingIds[i]!)
      this.plane.forwarder.receive(this.pending[i]!, reply, 0, reply.length)
    }
    return this.sentCount
  }

  reserve(slot: QuerySlot): boolean {
    slot.out = this.out
    slot.outAt = this.reserved * ROOM
    slot.outRoom = ROOM
    this.reserved = (this.reserved + 1) % BATCH
    return true
  }

  send(): void {
    this.sentCount++
  }

  sendUdp(question: number, _server: number, message: Uint8Array): boolean {
    this.pending[this.pendingCount] = question
    this.pendingIds[this.pendingCount++] = u16(message, 0)
    return true
  }

  sendTcp(): boolean {
    return false
  }

  release(): void {}

  settle(): void {}
}

function messageOf(kind: Exclude<Kind, 'mixed'>, i: number): Uint8Array {
  const edns = i % 2 === 0
  const type = i % 3 === 0 ? 'AAAA' : 'A'
  if (kind === 'blocked')
    return query({ name: `a.Flagged-${i}.example-${i}.test`, type: i % 5 === 0 ? 'MX' : type, edns, id: i })
  if (kind === 'cached') return query({ name: `cached-${i}.Example.test`, id: i })
  if (kind === 'refused') return query({ name: 'refused.test', type: 'AXFR', id: i })
  return query({ name: `forward-${i}.example.test`, id: i })
}

function replyFor(name: string, ttl: number): Uint8Array {
  const address = { type: 'A' as const, name, ttl }
  return replyTo(query({ name, edns: true }), {
    answers: [
      { ...address, data: '198.51.100.1' },
      { ...address, data: '198.51.100.2' },
    ],
  })
}
