/**
 * Limits on TCP connections, in all and per client (an IPv4 address, an IPv6 /64), over all workers. Clients are counted in shared memory by a keyed hash of their address, so
 * that no address is kept. Two clients may fall together; with 65,536 places and a few thousand connections that is rare, and costs the
 * second only what the limit leaves.
 *
 * Each worker writes only its own table, so that one that dies takes its counts with it.
 */
import { clientKey } from '../platform/http-admission.ts'

const PLACES = 65_536
/** The last place counts all of a worker's connections. */
const TOTAL = PLACES
const WORDS = PLACES + 1

export function allocateConnectionTables(workers: number): SharedArrayBuffer {
  return new SharedArrayBuffer(workers * WORDS * Uint32Array.BYTES_PER_ELEMENT)
}

export class ConnectionLimits {
  private readonly tables: Uint32Array
  private readonly workers: number
  private readonly own: number
  private readonly key: number
  private readonly most: number
  private readonly mostPerClient: number

  /** `worker` counts from 0; `key` is the same secret number in all workers. Clears what a dead predecessor left. */
  constructor(tables: SharedArrayBuffer, worker: number, key: number, most: number, mostPerClient: number) {
    this.tables = new Uint32Array(tables)
    this.workers = this.tables.length / WORDS
    this.own = worker * WORDS
    this.key = key
    this.most = most
    this.mostPerClient = mostPerClient
    this.tables.fill(0, this.own, this.own + WORDS)
  }

  /** Counts a connection of a client in; false where it would be one too many. */
  enter(client: string): boolean {
    const place = this.placeOf(client)
    if (this.sum(TOTAL) >= this.most || this.sum(place) >= this.mostPerClient) return false
    this.tables[this.own + TOTAL]!++
    this.tables[this.own + place]!++
    return true
  }

  leave(client: string): void {
    this.tables[this.own + TOTAL]!--
    this.tables[this.own + this.placeOf(client)]!--
  }

  private sum(place: number): number {
    let sum = 0
    for (let worker = 0; worker < this.workers; worker++) sum += this.tables[worker * WORDS + place]!
    return sum
  }

  private placeOf(client: string): number {
    let hash = this.key
    const who = clientKey(client)
    for (let i = 0; i < who.length; i++) hash = Math.imul(hash ^ who.charCodeAt(i), 0x01000193)
    return (hash ^ (hash >>> 16)) & (PLACES - 1)
  }
}
