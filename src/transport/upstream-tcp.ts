/**
 * TCP to upstream servers: one connection to each, used again and with several questions in flight at once (RFC 7766 §6.2.1), made when
 * it is needed and closed when it has been idle. The ids on a connection are its own, so that no two questions share one.
 */
import { connect, type Socket } from 'node:net'
import { FAILED, UNREACHABLE } from '../images/counters.ts'
import type { Endpoint } from '../settings/settings.ts'
import { putId } from '../wire/header.ts'
import { putU16, u16 } from '../wire/octets.ts'
import { FrameReader, LENGTH_OCTETS } from './framing.ts'
import type { UpstreamEvents } from './upstream-udp.ts'

/** How long a connection may have no question on it. */
const IDLE_MS = 5000
/** Questions on one connection at a time, and in all before it is replaced: far fewer than there are ids. */
const IN_FLIGHT_MAX = 256
const USES_MAX = 10_000

interface Connection {
  readonly socket: Socket
  readonly frames: FrameReader
  /** Question by the id it has on this connection, and the id it was given by the forwarder. */
  readonly pending: Map<number, { question: number; id: number }>
  uses: number
  /** Pieces that have come. */
  received: number
  idle: NodeJS.Timeout | null
}

export class UpstreamTcp {
  private readonly servers: readonly Endpoint[]
  private readonly events: UpstreamEvents
  private readonly random: () => number
  private readonly connections: (Connection | null)[]
  private readonly where = new Map<number, { connection: Connection; id: number; received: number }>()

  constructor(servers: readonly Endpoint[], events: UpstreamEvents, random: () => number) {
    this.servers = servers
    this.events = events
    this.random = random
    this.connections = servers.map(() => null)
  }

  send(question: number, server: number, message: Uint8Array, octets: number): boolean {
    const connection = this.connectionTo(server)
    if (connection === null) return false
    const id = this.freeId(connection)
    const frame = Buffer.allocUnsafe(LENGTH_OCTETS + octets)
    putU16(frame, 0, octets)
    frame.set(message.subarray(0, octets), LENGTH_OCTETS)
    const own = u16(message, 0)
    putId(frame, LENGTH_OCTETS, id)
    connection.uses++
    connection.pending.set(id, { question, id: own })
    this.where.set(question, { connection, id, received: connection.received })
    if (connection.idle !== null) clearTimeout(connection.idle)
    connection.idle = null
    connection.socket.write(frame)
    return true
  }

  private connectionTo(server: number): Connection | null {
    const present = this.connections[server]
    if (present && present.uses < USES_MAX && !present.socket.destroyed) {
      return present.pending.size < IN_FLIGHT_MAX ? present : null
    }
    const fresh = this.open(server)
    this.connections[server] = fresh
    return fresh
  }

  private open(server: number): Connection {
    const { address, port } = this.servers[server]!
    const socket = connect({ host: address, port, noDelay: true })
    const connection: Connection = {
      socket,
      frames: new FrameReader(),
      pending: new Map(),
      uses: 0,
      received: 0,
      idle: null,
    }
    let connected = false
    socket.on('connect', () => {
      connected = true
    })
    socket.on('data', piece => this.take(connection, piece as Buffer))
    socket.on('error', () => {})
    socket.on('close', () => this.lose(connection, server, connected ? FAILED : UNREACHABLE))
    return connection
  }

  private freeId(connection: Connection): number {
    let id = this.random()
    while (connection.pending.has(id)) id = (id + 1) & 0xffff
    return id
  }

  private take(connection: Connection, piece: Uint8Array): void {
    connection.received++
    connection.frames.push(piece, (bytes, start, end) => {
      const pending = end - start >= 2 ? connection.pending.get(u16(bytes, start)) : undefined
      // Late, or never asked for: neither tells us anything.
      if (pending === undefined) return true
      putId(bytes, start, pending.id)
      this.events.receive(pending.question, bytes, start, end)
      return true
    })
    this.events.settled()
  }

  private lose(connection: Connection, server: number, outcome: number): void {
    if (this.connections[server] === connection) this.connections[server] = null
    if (connection.idle !== null) clearTimeout(connection.idle)
    const lost = [...connection.pending.values()]
    connection.pending.clear()
    for (const { question } of lost) {
      this.where.delete(question)
      this.events.fail(question, outcome)
    }
    if (lost.length > 0) this.events.settled()
  }

  /**
   * Nothing more is wanted for a question. One that was not answered, on a connection that has been silent since, shows that the connection
   * is dead, whatever the kernel still believes: the next question gets a new one.
   */
  release(question: number): void {
    const place = this.where.get(question)
    this.settle(question)
    if (place !== undefined && place.received === place.connection.received) place.connection.socket.destroy()
  }

  settle(question: number): void {
    const place = this.where.get(question)
    if (place === undefined) return
    this.where.delete(question)
    const { connection } = place
    connection.pending.delete(place.id)
    if (connection.pending.size > 0 || connection.idle !== null) return
    connection.idle = setTimeout(() => connection.socket.end(), IDLE_MS)
    connection.idle.unref()
  }

  close(): void {
    for (const connection of this.connections) connection?.socket.destroy()
  }
}
