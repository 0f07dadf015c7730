/**
 * Data plane. A small table of names, made once, that finds the longest one that a query's name is or is below: open addressing on the
 * hashes that the query carries for each of its endings, the names themselves compared.
 */
import * as fromHash from '../wire/hash.ts'
import * as fromName from '../wire/name.ts'
import * as fromNameRoom from '../wire/name-room.ts'
import type { QuerySlot } from './query.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { hashName } = fromHash
const { BAD_NAME, nameFromText } = fromName
const { endingAt, endingHash, roomOctets } = fromNameRoom

/** How many names there may be in a bucket table for one that is taken. */
const SLOTS_PER_NAME = 4

export class NameTable {
  /** Nothing with more labels is here. */
  private readonly depthMax: number
  /** By eight bits of a top-level domain's hash: 1 where there may be names of it here. Most queries end at this look. */
  private readonly topLevels = new Uint8Array(256)
  private readonly buckets: Int32Array
  private readonly hashes: Int32Array
  private readonly names: readonly Uint8Array[]
  private readonly covers: Uint8Array

  /**
   * `names` are text, each once; entries are numbered by their place. `covers` says which speak for the names below them too; absent: all.
   * Throws TypeError for what is no domain name.
   */
  constructor(names: readonly string[], seed: number, covers?: readonly boolean[]) {
    this.names = names.map(wireName)
    this.covers = Uint8Array.from(names, (_, entry) => (covers === undefined || covers[entry] === true ? 1 : 0))
    this.hashes = Int32Array.from(this.names, name => hashName(name, 0, name.length, seed))
    this.depthMax = Math.max(0, ...this.names.map(countLabels))
    this.buckets = new Int32Array(2 ** Math.ceil(Math.log2(names.length * SLOTS_PER_NAME + SLOTS_PER_NAME))).fill(-1)
    for (const name of this.names) this.topLevels[hashName(name, topLevelAt(name), name.length, seed) & 0xff] = 1
    for (let entry = 0; entry < names.length; entry++) {
      let place = this.hashes[entry]! & (this.buckets.length - 1)
      while (this.buckets[place] !== -1) place = (place + 1) & (this.buckets.length - 1)
      this.buckets[place] = entry
    }
  }

  /** The entry that covers a query's name, the most specific first; -1 where there is none. */
  find(query: QuerySlot): number {
    const { labelCount } = query
    if (labelCount === 0 || this.topLevels[endingHash(query.room, 1) & 0xff] === 0) return -1
    let depth = labelCount
    if (depth > this.depthMax) depth = this.depthMax
    for (; depth > 0; depth--) {
      const entry = this.at(query, depth)
      if (entry >= 0 && (depth === labelCount || this.covers[entry] === 1)) return entry
    }
    return -1
  }

  private at(query: QuerySlot, depth: number): number {
    const hash = endingHash(query.room, depth)
    let place = hash & (this.buckets.length - 1)
    for (;;) {
      const entry = this.buckets[place]!
      if (entry < 0) return -1
      if (this.hashes[entry] === hash && this.isNamed(entry, endingAt(query, depth))) return entry
      place = (place + 1) & (this.buckets.length - 1)
    }
  }

  private isNamed(entry: number, at: number): boolean {
    const name = this.names[entry]!
    for (let i = 0; i < name.length; i++) if (name[i] !== roomOctets[at + i]) return false
    return true
  }
}

/** Where the last label of a name begins; the root label where there is no other. */
function topLevelAt(name: Uint8Array): number {
  let at = 0
  while (name[at] !== 0 && name[at + name[at]! + 1] !== 0) at += name[at]! + 1
  return at
}

function wireName(text: string): Uint8Array {
  const wire = new Uint8Array(256)
  const end = nameFromText(text, wire)
  if (end === BAD_NAME) throw new TypeError(`not a domain name: ${text}`)
  return wire.slice(0, end)
}

function countLabels(name: Uint8Array): number {
  let count = 0
  for (let at = 0; name[at] !== 0; at += name[at]! + 1) count++
  return count
}
