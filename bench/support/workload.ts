/** Queries as the transports hand them over: octets in memory, slots that point into it, an outlet that only counts. */
import { UDP } from '../../src/images/counters.ts'
import type { Outlet } from '../../src/resolver/outlet.ts'
import { QuerySlot } from '../../src/resolver/query.ts'
import { nameFromText } from '../../src/wire/name.ts'
import { copyOctets } from '../../src/wire/octets.ts'

/** Queries that the batch driver takes at a time. */
export const BATCH = 64
/** Room for one query in the memory of a batch. */
export const SLOT_OCTETS = 512
const OPT = Uint8Array.of(0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0)

/** Queries packed one behind the other. */
export class QueryDeck {
  readonly count: number
  private readonly bytes: Uint8Array
  private readonly starts: Uint32Array

  constructor(names: readonly string[], type = 1, edns = true) {
    this.count = names.length
    const longest = names.reduce((most, name) => Math.max(most, name.length), 0)
    this.bytes = new Uint8Array(names.length * (longest + 2 + 16 + OPT.length))
    this.starts = new Uint32Array(names.length + 1)
    names.forEach((name, i) => {
      this.starts[i + 1] = this.write(name, this.starts[i]!, type, edns)
    })
  }

  private write(name: string, at: number, type: number, edns: boolean): number {
    const { bytes } = this
    bytes.set([at & 255, (at >>> 8) & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, edns ? 1 : 0], at)
    const end = nameFromText(name, bytes, at + 12)
    bytes.set([type >>> 8, type & 255, 0, 1], end)
    if (edns) bytes.set(OPT, end + 4)
    return end + 4 + (edns ? OPT.length : 0)
  }

  /** Copies one query to where a slot's message stands, as the kernel does for a transport. */
  deal(slot: QuerySlot, index: number): void {
    const from = this.starts[index]!
    const octets = this.starts[index + 1]! - from
    copyOctets(this.bytes, from, slot.bytes, slot.start, octets)
    slot.end = slot.start + octets
  }

  /** Lets a slot's message be one of the deck where it stands: for stages that only read it. */
  point(slot: QuerySlot, index: number): void {
    slot.bytes = this.bytes
    slot.start = this.starts[index]!
    slot.end = this.starts[index + 1]!
  }
}

/** An outlet that only counts; answers are written behind their questions, as the batch driver has it. */
export class NullOutlet implements Outlet {
  octets = 0
  answers = 0

  reserve(query: QuerySlot): boolean {
    query.out = query.bytes
    query.outAt = query.start
    query.outRoom = SLOT_OCTETS
    return true
  }

  send(query: QuerySlot): void {
    this.octets += query.outLength
    this.answers++
  }
}

/** Slots as the UDP listener has them. */
export function makeSlots(count: number): QuerySlot[] {
  const bytes = new Uint8Array(count * SLOT_OCTETS)
  return Array.from({ length: count }, (_, i) => {
    const slot = new QuerySlot(bytes, bytes, i)
    slot.transport = UDP
    slot.start = i * SLOT_OCTETS
    slot.client.set([2, 0, 0x10, 0, 192, 0, 2, 7])
    return slot
  })
}
