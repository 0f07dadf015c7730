/** The upstream servers' sockets, UDP and TCP, as the forwarder sees them. */
import type { UpstreamTransport } from '../resolver/outlet.ts'
import { QUESTIONS } from '../resolver/questions.ts'
import type { Endpoint } from '../settings/settings.ts'
import type { Kernel } from './kernel.ts'
import { UpstreamTcp } from './upstream-tcp.ts'
import { BatchUpstreamUdp, DgramUpstreamUdp, type UpstreamEvents, type UpstreamUdp } from './upstream-udp.ts'

export class Upstreams implements UpstreamTransport {
  private readonly udp: UpstreamUdp
  private readonly tcp: UpstreamTcp
  private triedTcp = false

  /** `kernel` null takes node:dgram; `random` gives unpredictable 16-bit numbers. */
  constructor(kernel: Kernel | null, servers: readonly Endpoint[], events: UpstreamEvents, random: () => number) {
    this.udp =
      kernel === null
        ? new DgramUpstreamUdp(servers, events)
        : new BatchUpstreamUdp(kernel, servers, QUESTIONS, events, random)
    this.tcp = new UpstreamTcp(servers, events, random)
  }

  get isShort(): boolean {
    return this.triedTcp || this.udp.isShort
  }

  sendUdp(question: number, server: number, message: Uint8Array, octets: number): boolean {
    this.triedTcp = false
    return this.udp.send(question, server, message, octets)
  }

  sendTcp(question: number, server: number, message: Uint8Array, octets: number): boolean {
    // It refuses only where too many are in flight.
    this.triedTcp = true
    return this.tcp.send(question, server, message, octets)
  }

  release(question: number): void {
    this.udp.release(question)
    this.tcp.release(question)
  }

  settle(question: number): void {
    this.udp.settle(question)
    this.tcp.settle(question)
  }

  /** To be called about once a second. */
  tidy(nowMs: number): void {
    this.udp.tidy(nowMs)
  }

  close(): void {
    this.udp.close()
    this.tcp.close()
  }
}
