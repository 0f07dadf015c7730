/**
 * The plain driver of a UDP listener, by node:dgram: a datagram an event. For machines without the batch calls. It allocates for each
 * datagram, as node:dgram does, and answers from a wildcard address by the routing table's choice, which is only right on a
 * machine with one address: the batch driver does it properly.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { UDP } from '../images/counters.ts'
import { add } from '../resolver/account.ts'
import { resolveBatch } from '../resolver/batch.ts'
import type { Plane } from '../resolver/plane.ts'
import { QuerySlot } from '../resolver/query.ts'
import { UDP_OCTETS_MAX } from '../wire/edns.ts'
import { isReflectingPort, socketAddressText, socketPort, writeSocketAddress } from './address.ts'
import type { UdpListener, UdpListenOptions } from './udp.ts'

/** Answers that node:dgram may hold unsent: it queues without a limit of its own. */
const UNSENT_MAX = 4096
/** What the kernel keeps for us while we are busy; it gives what net.core.rmem_max allows. */
const SOCKET_BUFFER_OCTETS = 4 * 1024 * 1024

export class DgramListener implements UdpListener {
  private readonly socket: Socket
  private readonly plane: Plane
  private readonly query: QuerySlot
  private readonly queries: readonly QuerySlot[]
  private unsent = 0

  static async bind(plane: Plane, options: UdpListenOptions): Promise<DgramListener> {
    const isIpv6 = options.address.includes(':')
    const socket = createSocket({
      type: isIpv6 ? 'udp6' : 'udp4',
      reusePort: process.platform === 'linux',
      recvBufferSize: SOCKET_BUFFER_OCTETS,
      ipv6Only: isIpv6,
    })
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind({ address: options.address, port: options.port }, () => {
        socket.off('error', reject)
        resolve()
      })
    })
    return new DgramListener(socket, plane, options.listener)
  }

  private constructor(socket: Socket, plane: Plane, listener: number) {
    this.socket = socket
    this.plane = plane
    this.query = new QuerySlot(new Uint8Array(0), new Uint8Array(UDP_OCTETS_MAX))
    this.query.transport = UDP
    this.query.listener = listener
    this.queries = [this.query]
    // ICMP errors for answers that nobody waits for.
    socket.on('error', () => add(plane, 'sendFailed', 1))
  }

  start(): void {
    this.socket.on('message', (message, from) => this.take(message, from))
  }

  port(): number {
    return this.socket.address().port
  }

  private take(message: Uint8Array, from: RemoteInfo): void {
    if (isReflectingPort(from.port)) return add(this.plane, 'droppedMalformed', 1)
    this.query.bytes = message
    this.query.start = 0
    this.query.end = message.length
    writeSocketAddress(from.address, from.port, this.query.client, this.query.clientAt)
    resolveBatch(this.queries, 1, this.plane, this)
  }

  reserve(query: QuerySlot): boolean {
    query.out = this.query.out
    query.outAt = 0
    query.outRoom = UDP_OCTETS_MAX
    return this.unsent < UNSENT_MAX
  }

  send(query: QuerySlot): void {
    this.unsent++
    const message = Buffer.from(query.out.subarray(0, query.outLength))
    this.socket.send(
      message,
      socketPort(query.client, query.clientAt),
      socketAddressText(query.client, query.clientAt),
      error => {
        this.unsent--
        if (error !== null && error !== undefined) add(this.plane, 'sendFailed', 1)
      },
    )
  }

  flush(): void {}

  pause(): void {
    this.socket.removeAllListeners('message')
  }

  close(): void {
    this.socket.close()
  }
}
