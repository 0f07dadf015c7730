/** Data plane. The way out: where answers are written, and how they leave. Implemented by `transport/`. */
import type { QuerySlot } from './query.ts'

export interface Outlet {
  /**
   * Sets `out`, `outAt` and `outRoom` of a query to memory for its answer, the resolver's until `send`; a reservation that is not
   * sent is void at the next one. False where the client is gone.
   */
  reserve(query: QuerySlot): boolean
  /** Takes the answer of `outLength` octets in the reserved memory. Never waits; what the kernel does not take is counted. */
  send(query: QuerySlot): void
}

/** How upstream servers are reached. Implemented by `transport/`; answers come to `Forwarder.receive` and `Forwarder.fail`. */
export interface UpstreamTransport {
  /** Of the last message that could not be sent: whether for a shortage of our own (descriptors, memory), for which no server is to blame. */
  readonly isShort: boolean
  /** Sends a message to a server by UDP, from a port of its own. False where that cannot be done now. */
  sendUdp(question: number, server: number, message: Uint8Array, octets: number): boolean
  /** The same by TCP. */
  sendTcp(question: number, server: number, message: Uint8Array, octets: number): boolean
  /** Nothing more is expected for a question: what comes is not to be reported. */
  release(question: number): void
  /** The same for a question that has been answered, after which nothing more comes. */
  settle(question: number): void
}
