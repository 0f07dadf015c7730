/** A whole data plane in process: scripted upstreams, a virtual clock, queries as octets. For scenarios, allocation tests and benches. */
import { allocateCounters, type CounterLayout, layOutCounters, UDP } from '../../src/images/counters.ts'
import { type Assembled, assemble, type PlaneParts } from '../../src/resolver/assemble.ts'
import { resolveBatch } from '../../src/resolver/batch.ts'
import { type BlockAnswers, MODE_PAGE, sameForAll } from '../../src/resolver/blocked.ts'
import type { Outlet, UpstreamTransport } from '../../src/resolver/outlet.ts'
import type { Clock } from '../../src/resolver/plane.ts'
import { QuerySlot } from '../../src/resolver/query.ts'
import { writeSocketAddress } from '../../src/transport/address.ts'
import { images, type PolicyText, type RuleText, SEED } from './images.ts'

export interface Sent {
  readonly question: number
  readonly server: number
  readonly via: 'udp' | 'tcp'
  readonly message: Uint8Array
}

export interface Answered {
  readonly connection: number
  readonly message: Uint8Array
}

export const PAGE: BlockAnswers = {
  ipv4: Uint8Array.of(192, 0, 2, 80),
  ipv6: Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80),
  classes: sameForAll(MODE_PAGE, 60),
}

export class VirtualClock implements Clock {
  nowMs = 1000
  nowSeconds = 2
  unixOffset = 1_700_000_000
  tick(): void {
    this.nowSeconds = 1 + Math.floor(this.nowMs / 1000)
  }
  advance(ms: number): void {
    this.nowMs += ms
    this.tick()
  }
}

export interface TestPlaneOptions extends Partial<Omit<PlaneParts, 'images' | 'counters' | 'layout' | 'clock'>> {
  readonly rules?: readonly RuleText[]
  readonly policies?: readonly PolicyText[]
}

export class TestPlane implements Outlet, UpstreamTransport {
  readonly clock = new VirtualClock()
  readonly sent: Sent[] = []
  readonly answers: Answered[] = []
  readonly released: number[] = []
  readonly layout: CounterLayout
  readonly assembled: Assembled
  /** Whether what cannot be sent fails for a shortage of our own. */
  isShort = true
  /** False: what is sent to upstreams cannot leave. */
  reachable = true
  private readonly slot = new QuerySlot(new Uint8Array(0), new Uint8Array(70_000))
  private readonly room: number

  constructor(options: TestPlaneOptions = {}, room = 1232) {
    this.room = room
    const { categories, ...own } = images(options.rules ?? [], options.policies ?? [{ categories: [] }])
    this.layout = layOutCounters({ categories, upstreams: options.servers ?? 2 })
    let random = 1
    this.assembled = assemble({
      seed: SEED,
      listenerPolicies: [-1],
      blockAnswers: PAGE,
      localNames: [],
      cacheOctets: 1 << 20,
      limits: { ttlSecondsMin: 0, ttlSecondsMax: 86_400, negativeTtlSecondsMax: 3600 },
      servers: 2,
      timeoutMs: 1000,
      attempts: 3,
      random: () => (random = (random * 25_173 + 13_849) & 0xffff),
      ...options,
      images: own,
      clock: this.clock,
      counters: allocateCounters(this.layout),
      layout: this.layout,
    })
    this.assembled.plane.forwarder.connect(this, this)
  }

  get plane() {
    return this.assembled.plane
  }

  counter(name: keyof CounterLayout['scalar']): number {
    return this.plane.counters[this.layout.scalar[name]]!
  }

  /** Puts one query through; returns what was answered at once, or null. */
  ask(message: Uint8Array, client = '192.0.2.7', transport = UDP, connection = 0): Uint8Array | null {
    const { slot } = this
    slot.bytes = message
    slot.start = 0
    slot.end = message.length
    slot.transport = transport
    slot.connection = connection
    writeSocketAddress(client, 4242, slot.client)
    const before = this.answers.length
    resolveBatch([slot], 1, this.plane, this)
    return this.answers.length > before ? this.answers.pop()!.message : null
  }

  reserve(query: QuerySlot): boolean {
    query.out = this.slot.out
    query.outAt = 0
    query.outRoom = query.transport === UDP ? this.room : 65_535
    return true
  }

  send(query: QuerySlot): void {
    this.answers.push({ connection: query.connection, message: query.out.slice(0, query.outLength) })
  }

  sendUdp(question: number, server: number, message: Uint8Array, octets: number): boolean {
    return this.keep(question, server, 'udp', message, octets)
  }

  sendTcp(question: number, server: number, message: Uint8Array, octets: number): boolean {
    return this.keep(question, server, 'tcp', message, octets)
  }

  private keep(question: number, server: number, via: 'udp' | 'tcp', message: Uint8Array, octets: number): boolean {
    if (this.reachable) this.sent.push({ question, server, via, message: message.slice(0, octets) })
    return this.reachable
  }

  release(question: number): void {
    this.released.push(question)
  }

  settle(question: number): void {
    this.released.push(question)
  }

  /** An upstream's answer to what was sent last, or to `to`. */
  reply(message: Uint8Array, to: Sent = this.sent.at(-1)!): void {
    this.plane.forwarder.receive(to.question, message, 0, message.length)
  }

  advance(ms: number): void {
    this.clock.advance(ms)
    this.plane.forwarder.sweep()
  }
}
