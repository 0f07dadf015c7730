/**
 * A data plane on real sockets of the loopback interface, put together as a worker does it: for tests of the transports in both drivers.
 * Own ports, chosen by the kernel; `close` gives everything back.
 */
import {
  allocateCounters,
  type CounterLayout,
  layOutCounters,
  OUTCOMES,
  type Scalar,
} from '../../src/images/counters.ts'
import { randomSource } from '../../src/platform/random.ts'
import { type Assembled, assemble } from '../../src/resolver/assemble.ts'
import type { LocalName } from '../../src/resolver/local.ts'
import { monotonicClock } from '../../src/resolver/plane.ts'
import type { Endpoint } from '../../src/settings/settings.ts'
import { allocateConnectionTables, ConnectionLimits } from '../../src/transport/connection-limits.ts'
import { type Kernel, openKernel } from '../../src/transport/kernel.ts'
import { Outlets } from '../../src/transport/outlets.ts'
import { TcpListener } from '../../src/transport/tcp.ts'
import { listenUdp } from '../../src/transport/udp.ts'
import { Upstreams } from '../../src/transport/upstreams.ts'
import { images, type PolicyText, type RuleText, SEED } from '../support/images.ts'
import { PAGE } from '../support/plane.ts'

export type Driver = 'batch' | 'dgram'

let opened: { kernel: Kernel | null; why: string } | null = null

/** The batch calls of this machine, opened once; or why there are none. */
export function kernelHere(): { kernel: Kernel | null; why: string } {
  if (opened !== null) return opened
  let why = ''
  const kernel = openKernel(reason => {
    why = reason
  })
  opened = { kernel, why }
  return opened
}

/** Both drivers, as far as this machine has them. */
export const DRIVERS: readonly Driver[] = kernelHere().kernel === null ? ['dgram'] : ['batch', 'dgram']

export interface LoopbackOptions {
  readonly driver?: Driver
  readonly addresses?: readonly string[]
  readonly upstreams?: readonly Endpoint[]
  readonly rules?: readonly RuleText[]
  readonly policies?: readonly PolicyText[]
  readonly listenerPolicies?: readonly number[]
  readonly localNames?: readonly LocalName[]
  readonly timeoutMs?: number
  readonly attempts?: number
  readonly cacheOctets?: number
  readonly idleMs?: number
  /** Milliseconds from some moment on; absent: the machine's. */
  readonly now?: () => number
  readonly limits?: ConnectionLimits
  readonly tcpPort?: number
}

const TICK_MS = 10
const DEFAULT_CONNECTIONS = 1000

export class LoopbackPlane {
  readonly assembled: Assembled
  readonly layout: CounterLayout
  readonly outlets = new Outlets()
  private readonly upstreams: Upstreams
  private readonly ticker: NodeJS.Timeout

  static async start(options: LoopbackOptions = {}): Promise<LoopbackPlane> {
    const own = new LoopbackPlane(options)
    await own.listen(options)
    return own
  }

  private constructor(options: LoopbackOptions) {
    const { rules = [], policies = [{ categories: rules.map(rule => rule.category) }], upstreams = [] } = options
    const { categories, ...opened } = images(rules, policies)
    this.layout = layOutCounters({ categories, upstreams: upstreams.length })
    this.assembled = assemble({
      seed: SEED,
      images: opened,
      listenerPolicies: options.listenerPolicies ?? (options.addresses ?? ['']).map(() => -1),
      blockAnswers: PAGE,
      localNames: options.localNames ?? [],
      cacheOctets: options.cacheOctets ?? 1 << 20,
      limits: { ttlSecondsMin: 0, ttlSecondsMax: 86_400, negativeTtlSecondsMax: 3600 },
      servers: upstreams.length,
      timeoutMs: options.timeoutMs ?? 2000,
      attempts: options.attempts ?? 3,
      clock: monotonicClock(options.now ?? (() => performance.now())),
      random: randomSource(),
      counters: allocateCounters(this.layout),
      layout: this.layout,
    })
    const { forwarder } = this.plane
    const events = {
      receive: (question: number, bytes: Uint8Array, start: number, end: number) =>
        forwarder.receive(question, bytes, start, end),
      fail: (question: number, outcome: number) => forwarder.fail(question, outcome),
      settled: () => this.outlets.flush(),
    }
    this.upstreams = new Upstreams(kernelFor(options), upstreams, events, randomSource())
    forwarder.connect(this.upstreams, this.outlets)
    this.ticker = setInterval(() => {
      forwarder.sweep()
      this.outlets.flush()
    }, TICK_MS)
  }

  private async listen(options: LoopbackOptions): Promise<void> {
    const limits = options.limits ?? connectionLimits(DEFAULT_CONNECTIONS, DEFAULT_CONNECTIONS)
    for (const [listener, address] of (options.addresses ?? ['127.0.0.1']).entries()) {
      const { idleMs = 10_000, tcpPort = 0 } = options
      this.outlets.udp.push(await listenUdp(kernelFor(options), this.plane, { address, port: 0, listener }))
      this.outlets.tcp.push(await TcpListener.bind(this.plane, limits, { address, port: tcpPort, listener, idleMs }))
    }
    for (const listener of this.outlets.udp) listener.start()
  }

  get plane() {
    return this.assembled.plane
  }

  udpPort(listener = 0): number {
    return this.outlets.udp[listener]!.port()
  }

  tcpPort(listener = 0): number {
    return this.outlets.tcp[listener]!.port()
  }

  counter(name: Scalar): number {
    return this.plane.counters[this.layout.scalar[name]]!
  }

  /** Attempts at a server that ended so. */
  attempts(outcome: (typeof OUTCOMES)[number], server = 0): number {
    return this.plane.counters[this.layout.upstream + OUTCOMES.indexOf(outcome) * this.layout.upstreams + server]!
  }

  close(): void {
    clearInterval(this.ticker)
    for (const listener of [...this.outlets.udp, ...this.outlets.tcp]) listener.close()
    this.upstreams.close()
  }
}

function kernelFor({ driver = DRIVERS[0]! }: LoopbackOptions): Kernel | null {
  return driver === 'batch' ? kernelHere().kernel : null
}

export function connectionLimits(inAll: number, perClient: number): ConnectionLimits {
  return new ConnectionLimits(allocateConnectionTables(1), 0, 0x1234, inAll, perClient)
}
