/**
 * Data plane. The reading side of the filter image: from a name's hashes to the entries of its flagged ancestors and itself.
 *
 * Owns: the walk, and access to what an entry says. Never: allocates after construction, writes the image, decides (that is
 * `resolver/filter.ts`). A reader belongs to one thread; the image may be read by any number.
 */
import * as fromHash from '../../wire/hash.ts'
import type { RoomName } from '../../wire/name-room.ts'
import * as fromNameRoom from '../../wire/name-room.ts'
import type { ImageList } from './candidates.ts'
import * as fromCandidates from './candidates.ts'
import * as fromLayout from './layout.ts'
import { PrefixTable } from './prefixes.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { placeOf } = fromHash
const { endingAt, endingHash, endingOctets, roomOctets, roomWord } = fromNameRoom
const { addCandidate, candidateDepth, candidatePlace } = fromCandidates
const {
  bloomMask,
  ELEMENT_ANSWER,
  ELEMENT_BASIS,
  ELEMENT_CATEGORY,
  ELEMENT_CLASS,
  ELEMENT_FEED,
  ELEMENT_FIELDS,
  ELEMENT_KIND,
  ENTRY_ALIGN_BITS,
  EXTENT_MASK,
  MEMBER_HAS_RULE,
  RULE_FIELDS,
  RULE_LISTED_AT,
  RULE_TEXT_AT,
  RULE_TEXT_LENGTH,
} = fromLayout

/** Second-level caches have one to two MiB a core. */
const BLOOM_OCTETS_SMALL = 2 ** 21
const NONE = 0
/** No slot; callers look whether a place is negative. */
const NOT_HERE = -1
/** No entry. */
export const NOT_FLAGGED: number = NONE
/** An entry of a name that is not short: it may reach into the next line of the cache. */
const ENTRY_OCTETS_TYPICAL = 31
/** Groups with smaller numbers take one octet in an entry. */
export const ONE_OCTET_GROUPS = 0x80

/** Octets of a name that are compared without a branch; by how many count, which bits of each word do. */
const COMPARED_AT_ONCE = 32
const COUNTED = Int32Array.from({ length: (COMPARED_AT_ONCE + 1) * 8 }, (_, i) => {
  const left = Math.floor(i / 8) - (i % 8) * 4
  return left <= 0 ? 0 : left >= 4 ? -1 : 2 ** (8 * left) - 1
})

export class FilterReader {
  readonly names: number
  readonly generation: number
  readonly seed: number
  readonly depthMin: number
  readonly depthMax: number
  readonly octets: number
  readonly elements: Uint16Array
  readonly groups: Uint32Array
  readonly members: Uint32Array
  readonly text: Uint8Array
  readonly given: Uint8Array
  readonly bases: Uint8Array
  readonly pool: Uint8Array
  /** The same memory. */
  private readonly poolView: DataView
  private readonly poolWords: Int32Array
  /** Where an entry can be from which COMPARED_AT_ONCE octets can be read. */
  private readonly poolAtMost: number
  /**
   * By group, of those whose number takes one octet: the element of a group that is one plain block, which is what nearly every name has; -1 where more
   * must be weighed. Made here, not in the image.
   */
  readonly plainBlocks: Int32Array
  /** Rules for addresses in answers, and for those of clients. */
  readonly prefixes: PrefixTable
  readonly clients: PrefixTable
  private readonly rules: Uint32Array
  private readonly bloom: Int32Array
  /** It does not fit a second-level cache beside everything else. */
  readonly bloomIsLarge: boolean
  private readonly bloomScale: number
  /** Signed, as the Bloom filter: greater numbers than 2^31 would be objects wherever V8 has not optimised yet. */
  private readonly slots: Int32Array
  private readonly slotCount: number
  private readonly slotScale: number
  private readonly tagBits: number
  private readonly tagMask: number

  constructor(image: SharedArrayBuffer) {
    const header = fromLayout.headerOf(image)
    const at = fromLayout.layOutFilter(header)
    const field = (name: keyof typeof fromLayout.HEADER) => header[fromLayout.HEADER[name]]!
    this.octets = at.octets
    this.names = field('names')
    this.generation = field('generation')
    this.seed = field('seed') | 0
    this.depthMin = field('depthMin')
    this.depthMax = field('depthMax')
    this.bloom = new Int32Array(image, at.bloom, field('bloomWords'))
    this.bloomScale = this.bloom.length / 2 ** 32
    this.bloomIsLarge = this.bloom.byteLength > BLOOM_OCTETS_SMALL
    this.slots = new Int32Array(image, at.slots, field('slots'))
    this.slotCount = this.slots.length
    this.slotScale = this.slotCount / 2 ** 32
    this.groups = new Uint32Array(image, at.groups, field('groups') + 1)
    this.members = new Uint32Array(image, at.members, field('members'))
    this.elements = new Uint16Array(image, at.elements, field('elements') * ELEMENT_FIELDS)
    this.rules = new Uint32Array(image, at.rules, field('rules') * RULE_FIELDS)
    this.given = new Uint8Array(image, at.given, field('givenOctets'))
    this.bases = new Uint8Array(image, at.bases, field('basesOctets'))
    this.text = new Uint8Array(image, at.text, field('textOctets'))
    this.pool = new Uint8Array(image, at.pool, field('poolOctets'))
    this.prefixes = new PrefixTable(image, at.prefixes, field('prefixes'))
    this.clients = new PrefixTable(image, at.clients, field('clients'))
    this.poolView = new DataView(image, at.pool, this.pool.length)
    this.poolWords = new Int32Array(image, at.pool, this.pool.length >>> ENTRY_ALIGN_BITS)
    this.poolAtMost = this.pool.length - COMPARED_AT_ONCE
    this.plainBlocks = this.findPlainBlocks()
    this.tagBits = tagBitsFor(this.pool.length)
    this.tagMask = (1 << this.tagBits) - 1
  }

  /**
   * First half of a lookup: goes down from the root label through the Bloom filter and the slots, and adds to a list of candidates where entries may be.
   * Returns an octet of the pool from each such place, xored, only so that the reads are begun. What `resolver/read-ahead.ts` does for a
   * batch, for a single name. `from`: the least count of labels that is looked at.
   */
  probe(query: RoomName, list: ImageList, from = this.depthMin): number {
    const deepest = Math.min(query.labelCount, this.depthMax)
    let begun = 0
    for (let depth = from; depth <= deepest && depth > 0; depth++) {
      const hash = endingHash(query.room, depth)
      if (!this.mayHold(hash)) break
      const place = this.nextPlace(placeOf(hash, this.slotScale), hash)
      if (place === NOT_HERE) continue
      begun ^= this.pool[this.poolAt(place)]!
      addCandidate(query.room, list, depth, place)
    }
    return begun
  }

  /** What the Bloom filter has where a hash would be. */
  bloomWord(hash: number): number {
    return this.bloom[placeOf(hash, this.bloomScale)]!
  }

  /** Whether anything flagged may lie at or below the name with this hash. */
  mayHold(hash: number): boolean {
    const mask = bloomMask(hash)
    return (this.bloom[placeOf(hash, this.bloomScale)]! & mask) === mask
  }

  /** For each of `count` hashes the place where its slot would be, and what stands there. */
  readSlots(hashes: Int32Array, places: Int32Array, words: Int32Array, count: number): void {
    const { slots, slotScale } = this
    for (let i = 0; i < count; i++) {
      const place = placeOf(hashes[i]!, slotScale)
      places[i] = place
      words[i] = slots[place]!
    }
  }

  /** Begins to read the entries at `count` offsets of the pool; returns something of each, only so that they are read. */
  touch(offsets: Int32Array, count: number): number {
    const { pool } = this
    let octets = 0
    const last = pool.length - 1
    for (let i = 0; i < count; i++)
      octets ^= pool[offsets[i]!]! ^ pool[Math.min(offsets[i]! + ENTRY_OCTETS_TYPICAL, last)]!
    return octets
  }

  /** Where the entry of a slot stands in the pool. */
  poolAt(place: number): number {
    return (this.slots[place]! >>> this.tagBits) << ENTRY_ALIGN_BITS
  }

  /** The first place from `from` on whose slot has the hash's tag, or NOT_HERE; `slot` is what stands at `from`. */
  placeFrom(from: number, slot: number, hash: number): number {
    if (((slot ^ hash) & this.tagMask) === 0 && slot !== 0) return from
    return slot === 0 ? NOT_HERE : this.nextPlace(from, hash)
  }

  /** The first place from `from` on whose slot has the hash's tag; NOT_HERE where an empty slot comes first. */
  private nextPlace(from: number, hash: number): number {
    const tag = hash & this.tagMask
    let place = from
    for (;;) {
      const slot = this.slots[place]!
      if (slot === 0) return NOT_HERE
      if ((slot & this.tagMask) === tag) return place
      if (++place === this.slotCount) place = 0
    }
  }

  /**
   * Second half: the pool offset behind the name of a candidate's entry, where its group stands; or NOT_FLAGGED. Here the whole names are
   * compared.
   */
  entry(query: RoomName, list: ImageList, candidate: number): number {
    const depth = candidateDepth(query.room, list, candidate)
    const nameAt = endingAt(query, depth)
    const octets = endingOctets(query, depth)
    let place = candidatePlace(query.room, list, candidate)
    for (;;) {
      const poolAt = this.poolAt(place)
      if (this.isName(poolAt, nameAt, octets)) return (poolAt + octets) | 0
      // Another name with the same few bits of hash: rare, so that the hash is only now needed again.
      if (++place === this.slotCount) place = 0
      place = this.nextPlace(place, endingHash(query.room, depth))
      if (place === NOT_HERE) return NONE
    }
  }

  /**
   * Whether the name of an entry is the one in `roomOctets`. Wire names are free of prefixes: what is the same up to the root label is the same name. Up to
   * COMPARED_AT_ONCE octets are compared without a branch, what is too much masked out: how long a name is no processor can guess, and a wrong guess costs as
   * much as all of this.
   */
  private isName(poolAt: number, nameAt: number, octets: number): boolean {
    if (octets > COMPARED_AT_ONCE || poolAt > this.poolAtMost) return this.isLongName(poolAt, nameAt, octets)
    const { poolWords } = this
    const at = poolAt >>> ENTRY_ALIGN_BITS
    const counted = octets << 3
    const differ =
      ((poolWords[at]! ^ roomWord(nameAt)) & COUNTED[counted]!) |
      ((poolWords[(at + 1) | 0]! ^ roomWord(nameAt + 4)) & COUNTED[counted + 1]!) |
      ((poolWords[(at + 2) | 0]! ^ roomWord(nameAt + 8)) & COUNTED[counted + 2]!) |
      ((poolWords[(at + 3) | 0]! ^ roomWord(nameAt + 12)) & COUNTED[counted + 3]!) |
      ((poolWords[(at + 4) | 0]! ^ roomWord(nameAt + 16)) & COUNTED[counted + 4]!) |
      ((poolWords[(at + 5) | 0]! ^ roomWord(nameAt + 20)) & COUNTED[counted + 5]!) |
      ((poolWords[(at + 6) | 0]! ^ roomWord(nameAt + 24)) & COUNTED[counted + 6]!) |
      ((poolWords[(at + 7) | 0]! ^ roomWord(nameAt + 28)) & COUNTED[counted + 7]!)
    return differ === 0
  }

  private isLongName(poolAt: number, nameAt: number, octets: number): boolean {
    const { pool } = this
    if (poolAt + octets > pool.length) return false
    for (let i = 0; i < octets; i++) if (pool[poolAt + i] !== roomOctets[nameAt + i]) return false
    return true
  }

  private findPlainBlocks(): Int32Array {
    return Int32Array.from({ length: Math.min(this.groups.length - 1, ONE_OCTET_GROUPS) }, (_, group) => {
      const first = this.groups[group]!
      if (this.groups[group + 1]! !== first + 1) return -1
      const element = this.members[first]! & ~MEMBER_HAS_RULE
      return (this.kindOf(element) & ~EXTENT_MASK) === 0 ? element : -1
    })
  }

  feedOf(element: number): number {
    return this.elements[element * ELEMENT_FIELDS + ELEMENT_FEED]!
  }
  categoryOf(element: number): number {
    return this.elements[element * ELEMENT_FIELDS + ELEMENT_CATEGORY]!
  }
  basisOf(element: number): number {
    return this.elements[element * ELEMENT_FIELDS + ELEMENT_BASIS]!
  }
  classOf(element: number): number {
    return this.elements[element * ELEMENT_FIELDS + ELEMENT_CLASS]!
  }
  get elementCount(): number {
    return this.elements.length / ELEMENT_FIELDS
  }
  get ruleCount(): number {
    return this.rules.length / RULE_FIELDS
  }

  kindOf(element: number): number {
    return this.elements[element * ELEMENT_FIELDS + ELEMENT_KIND]!
  }
  answerOf(element: number): number {
    return this.elements[element * ELEMENT_FIELDS + ELEMENT_ANSWER]!
  }

  /** Whether the first member of a group has a rule number in each entry. */
  hasRule(group: number): boolean {
    return (this.members[this.groups[group]!]! & MEMBER_HAS_RULE) !== 0
  }
  /** The rule number that stands at an offset of the pool. */
  ruleAt(at: number): number {
    return this.poolView.getInt32(at, true)
  }

  /** Bounds of a rule's case number in `text`. */
  caseAt(rule: number): number {
    return this.rules[rule * RULE_FIELDS + RULE_TEXT_AT]!
  }
  caseLength(rule: number): number {
    return this.rules[rule * RULE_FIELDS + RULE_TEXT_LENGTH]!
  }
  /** Seconds since 1970, or 0 where the entry gave no date. */
  listedAt(rule: number): number {
    return this.rules[rule * RULE_FIELDS + RULE_LISTED_AT]!
  }
}

/** Bits of a slot that are left for the hash when the rest must address the pool. */
export function tagBitsFor(poolOctets: number): number {
  return Math.clz32(Math.max((poolOctets - 1) >>> ENTRY_ALIGN_BITS, 1))
}
