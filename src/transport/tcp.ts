/**
 * A TCP listener: several queries on one connection, answered as they are ready, in any order (RFC 7766 §6.2.1.1).
 *
 * Owns: connections and their limits. A client that is silent, slow to finish a message, or does not read its answers is closed, and costs
 * the others nothing: what is held for it is bounded by one message and WRITE_OCTETS_MAX.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { TCP } from '../images/counters.ts'
import { add } from '../resolver/account.ts'
import { resolveBatch } from '../resolver/batch.ts'
import type { Outlet } from '../resolver/outlet.ts'
import type { Plane } from '../resolver/plane.ts'
import { isFromProxy } from '../resolver/proxy.ts'
import { ADDRESS_OCTETS, LOCAL_OCTETS, PARKED, QuerySlot } from '../resolver/query.ts'
import { MESSAGE_OCTETS_MAX } from '../wire/header.ts'
import { putU16 } from '../wire/octets.ts'
import { BAD_PROXY, PROXY_FIXED_OCTETS, proxyHeaderOctets, readProxyHeader } from '../wire/proxy-protocol.ts'
import { writeSocketAddress } from './address.ts'
import type { ConnectionLimits } from './connection-limits.ts'
import { FrameReader, LENGTH_OCTETS, type TakeMessage } from './framing.ts'

/** Answers that a client has not read: past this its queries are not taken, and it is soon closed. */
const WRITE_OCTETS_MAX = 256 * 1024
/** Queries of one connection that wait for upstreams: RFC 7766 §6.2.1.1 wants several, not any number. */
const IN_FLIGHT_MAX = 64
const SWEEP_MS = 250
/** What clients get to take their last answers when the listener closes. */
const CLOSE_MS = 300

interface Connection {
  readonly number: number
  readonly socket: Socket
  readonly frames: FrameReader
  readonly address: Uint8Array
  readonly client: string
  inFlight: number
  /** When it last made progress: sent a whole query, or read answers. */
  activeMs: number
  /** Not read from until what it has in flight, or has not read, is less. */
  isHeld: boolean
  /** It has sent all that it will (a half-closed connection still gets its answers, RFC 7766 §6.2.4). */
  hasEnded: boolean
  readonly takeMessage: TakeMessage
  /** From a proxy in front: what has come of its header, until that is whole; null afterwards, and for everybody else. */
  proxyHeader: Buffer | null
  /** Who really asks, by that header. */
  readonly proxyClient: Uint8Array
}

export interface TcpListenOptions {
  readonly address: string
  readonly port: number
  readonly listener: number
  readonly idleMs: number
}

export class TcpListener implements Outlet {
  private readonly plane: Plane
  private readonly options: TcpListenOptions
  private readonly limits: ConnectionLimits
  private readonly server: Server
  private readonly connections = new Map<number, Connection>()
  private readonly query: QuerySlot
  private readonly queries: readonly QuerySlot[]
  private readonly sweeper: NodeJS.Timeout
  private nextNumber = 1

  static async bind(plane: Plane, limits: ConnectionLimits, options: TcpListenOptions): Promise<TcpListener> {
    const listener = new TcpListener(plane, limits, options)
    await new Promise<void>((resolve, reject) => {
      listener.server.once('error', reject)
      const reusePort = process.platform === 'linux'
      listener.server.listen({ host: options.address, port: options.port, ipv6Only: true, reusePort }, () => {
        listener.server.off('error', reject)
        listener.server.on('error', () => add(plane, 'tcpRefused', 1)) // EMFILE: this connection is lost, not the listener
        resolve()
      })
    })
    return listener
  }

  private constructor(plane: Plane, limits: ConnectionLimits, options: TcpListenOptions) {
    this.plane = plane
    this.options = options
    this.limits = limits
    this.query = new QuerySlot(new Uint8Array(0), new Uint8Array(LENGTH_OCTETS + MESSAGE_OCTETS_MAX))
    this.query.transport = TCP
    this.query.listener = options.listener
    this.queries = [this.query]
    this.server = createServer({ noDelay: true, allowHalfOpen: true }, socket => this.admit(socket))
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS)
  }

  port(): number {
    const address = this.server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  private admit(socket: Socket): void {
    const client = socket.remoteAddress
    if (client === undefined || !this.limits.enter(client)) {
      add(this.plane, 'tcpRefused', 1)
      socket.resetAndDestroy()
      return
    }
    const address = new Uint8Array(ADDRESS_OCTETS + LOCAL_OCTETS)
    writeSocketAddress(client, socket.remotePort ?? 0, address)
    const connection: Connection = {
      number: this.nextNumber++,
      socket,
      frames: new FrameReader(),
      address,
      client,
      inFlight: 0,
      activeMs: 0,
      isHeld: false,
      hasEnded: false,
      takeMessage: (bytes, start, end) => this.takeMessage(connection, bytes, start, end),
      proxyHeader: this.isProxy(address) ? Buffer.alloc(0) : null,
      proxyClient: new Uint8Array(ADDRESS_OCTETS),
    }
    this.plane.clock.tick()
    connection.activeMs = this.plane.clock.nowMs
    this.connections.set(connection.number, connection)
    add(this.plane, 'tcpConnections', 1)
    socket.on('data', piece => this.take(connection, piece as Buffer))
    socket.on('drain', () => this.progress(connection))
    socket.on('end', () => {
      connection.hasEnded = true
      this.progress(connection)
    })
    socket.on('error', () => {})
    socket.on('close', () => this.forget(connection))
  }

  private isProxy(address: Uint8Array): boolean {
    this.query.client = address
    return this.plane.proxies !== null && isFromProxy(this.query, this.plane.proxies)
  }

  /** Takes the header off the beginning of a proxy's stream; returns what follows it, or null until there is any. */
  private withoutHeader(connection: Connection, piece: Uint8Array): Uint8Array | null {
    const held = Buffer.concat([connection.proxyHeader!, piece])
    connection.proxyHeader = held
    if (held.length < PROXY_FIXED_OCTETS) return null
    const octets = proxyHeaderOctets(held, 0)
    if (octets !== BAD_PROXY && held.length < octets) return null
    if (readProxyHeader(held, 0, held.length, connection.proxyClient) === BAD_PROXY) {
      add(this.plane, 'droppedMalformed', 1)
      connection.socket.destroy()
      return null
    }
    connection.proxyHeader = null
    return held.length > octets ? held.subarray(octets) : null
  }

  private take(connection: Connection, received: Uint8Array): void {
    const piece = connection.proxyHeader === null ? received : this.withoutHeader(connection, received)
    if (piece === null) return
    if (!connection.frames.push(piece, connection.takeMessage)) this.hold(connection)
  }

  /** One message of a connection; false where it should send no more for now. */
  private takeMessage(connection: Connection, bytes: Uint8Array, start: number, end: number): boolean {
    if (connection.socket.destroyed) return false
    this.answer(connection, bytes, start, end)
    return !isFull(connection)
  }

  private answer(connection: Connection, bytes: Uint8Array, start: number, end: number): void {
    const { query, plane } = this
    query.bytes = bytes
    query.start = start
    query.end = end
    query.connection = connection.number
    query.client = connection.address
    query.proxied = connection.proxyClient[0] !== 0
    query.proxyClient = connection.proxyClient
    connection.inFlight++
    resolveBatch(this.queries, 1, plane, this)
    connection.activeMs = plane.clock.nowMs
    // What is not parked has been answered by now, or never will be.
    if (query.verdict !== PARKED) connection.inFlight--
  }

  /** Stops reading from a client that does not read, or has too much in flight. */
  private hold(connection: Connection): void {
    connection.isHeld = true
    connection.socket.pause()
  }

  /** Something has gone out, or was answered: goes on with a client that was held back, and ends one that asks nothing more. */
  private progress(connection: Connection): void {
    connection.activeMs = this.plane.clock.nowMs
    if (connection.isHeld && !isFull(connection)) {
      connection.isHeld = false
      if (connection.frames.resume(connection.takeMessage)) connection.socket.resume()
      else this.hold(connection)
    }
    if (connection.hasEnded && !connection.isHeld && connection.inFlight === 0) connection.socket.end()
  }

  reserve(query: QuerySlot): boolean {
    if (!this.connections.has(query.connection)) return false
    query.out = this.query.out
    query.outAt = LENGTH_OCTETS
    query.outRoom = MESSAGE_OCTETS_MAX
    query.idleTenths = Math.min(0xffff, this.options.idleMs / 100)
    return true
  }

  send(query: QuerySlot): void {
    const connection = this.connections.get(query.connection)
    if (connection === undefined || connection.socket.destroyed) return
    putU16(query.out, 0, query.outLength)
    // Length and message in one write (RFC 7766 §8).
    connection.socket.write(Buffer.from(query.out.subarray(0, LENGTH_OCTETS + query.outLength)))
    if (query === this.query) return
    connection.inFlight--
    this.progress(connection)
  }

  /** Closes who has made no progress for as long as the idle time; nobody else is touched. */
  private sweep(): void {
    this.plane.clock.tick()
    const before = this.plane.clock.nowMs - this.options.idleMs
    for (const connection of this.connections.values()) {
      if (connection.activeMs >= before) continue
      const isWaitingForUs = connection.inFlight > 0 && connection.socket.writableLength === 0
      if (isWaitingForUs) continue
      add(this.plane, 'tcpTimeouts', 1)
      connection.socket.destroy()
    }
  }

  private forget(connection: Connection): void {
    if (!this.connections.delete(connection.number)) return
    this.limits.leave(connection.client)
    add(this.plane, 'tcpConnections', -1)
  }

  /** Takes no more connections; those that wait for an answer are left open. */
  stopAccepting(): void {
    this.server.close()
  }

  /** Ends every connection once what was written has gone out. */
  close(): void {
    clearInterval(this.sweeper)
    this.server.close()
    for (const { socket } of this.connections.values()) socket.end()
    // Who does not read has had its time.
    setTimeout(() => {
      for (const { socket } of this.connections.values()) socket.destroy()
    }, CLOSE_MS)
  }
}

function isFull({ inFlight, socket }: Connection): boolean {
  return inFlight >= IN_FLIGHT_MAX || socket.writableLength > WRITE_OCTETS_MAX
}
