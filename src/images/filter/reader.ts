/**
 * Data plane. The reading side of the filter image: from a name's hashes to the entries of its flagged ancestors and itself.
 *
 * Owns: the walk, and access to what an entry says. Never: allocates after construction, writes the image, decides (that is
 * `resolver/filter.ts`). A reader belongs to one thread; the image may be read by any number.
 */
import { placeOf } from '../../wire/hash.ts'
import { LABELS_MAX } from '../../wire/name.ts'
import {
  bloomMask,
  ELEMENT_ANSWER,
  ELEMENT_BASIS,
  ELEMENT_CATEGORY,
  ELEMENT_CLASS,
  ELEMENT_FEED,
  ELEMENT_FIELDS,
  ELEMENT_KIND,
  EXTENT_MASK,
  FILTER_MAGIC,
  FILTER_VERSION,
  HEADER,
  HEADER_WORDS,
  layOutFilter,
  MEMBER_HAS_RULE,
  RULE_FIELDS,
  RULE_LISTED_AT,
  RULE_TEXT_AT,
  RULE_TEXT_LENGTH,
} from './layout.ts'
import { PrefixTable } from './prefixes.ts'

/** No entry. */
export const NOT_FLAGGED = 0
/** An entry of a name that is not short: it may reach into the next line of the cache. */
const ENTRY_OCTETS_TYPICAL = 24
/** Groups with smaller numbers take one octet in an entry. */
export const ONE_OCTET_GROUPS = 0x80
/** No slot. */
export const NOT_HERE = -1

/** A name as lookups want it: folded wire form, where its labels start, and the hash of each of its endings. */
export interface HashedName {
  readonly name: Uint8Array
  /** Offset in `name` of each label, the leftmost first. */
  readonly labels: Uint8Array
  labelCount: number
  /** Octets of the name, the root label with them. */
  nameOctets: number
  /** The same memory as `name`. */
  readonly nameView: DataView
  /** `hashes[d]`: that of the ancestor that has `d` labels; `hashes[0]` is the seed. */
  readonly hashes: Int32Array
}

/** What `probe` found: how many of a name's ancestors and itself may be flagged, the labels of each, and the slot where its entry may be. */
export class Candidates {
  count = 0
  readonly depths: Uint8Array
  readonly places: Int32Array
  /** What it takes of the memory it is given. */
  static readonly OCTETS = 5 * (LABELS_MAX + 1)

  /** Keeps its lists at `at`, a multiple of 4, of `memory`. */
  constructor(memory: ArrayBuffer, at: number) {
    this.places = new Int32Array(memory, at, LABELS_MAX + 1)
    this.depths = new Uint8Array(memory, at + this.places.byteLength, LABELS_MAX + 1)
  }

  add(depth: number, place: number): void {
    this.depths[this.count] = depth
    this.places[this.count++] = place
  }
}

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
  private readonly bloomScale: number
  /** Signed, as the Bloom filter: greater numbers than 2^31 would be objects wherever V8 has not optimised yet. */
  private readonly slots: Int32Array
  private readonly slotCount: number
  private readonly slotScale: number
  private readonly tagBits: number
  private readonly tagMask: number

  constructor(image: SharedArrayBuffer) {
    if (image.byteLength < HEADER_WORDS * 4) throw new TypeError('not a filter image')
    const header = new Uint32Array(image, 0, HEADER_WORDS)
    if (header[HEADER.magic] !== FILTER_MAGIC || header[HEADER.version] !== FILTER_VERSION) {
      throw new TypeError('not a filter image of this version')
    }
    const at = layOutFilter(header)
    const field = (name: keyof typeof HEADER) => header[HEADER[name]]!
    this.octets = at.octets
    this.names = field('names')
    this.generation = field('generation')
    this.seed = field('seed') | 0
    this.depthMin = field('depthMin')
    this.depthMax = field('depthMax')
    this.bloom = new Int32Array(image, at.bloom, field('bloomWords'))
    this.bloomScale = this.bloom.length / 2 ** 32
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
    this.plainBlocks = this.findPlainBlocks()
    this.tagBits = tagBitsFor(this.pool.length)
    this.tagMask = (1 << this.tagBits) - 1
  }

  /**
   * First half of a lookup: goes down from the root label through the Bloom filter and the slots, and notes where entries may be. Returns
   * an octet of the pool from each such place, xored, only so that the reads are begun. What `resolver/read-ahead.ts` does for a batch,
   * for a single name.
   */
  probe(query: HashedName, found: Candidates): number {
    found.count = 0
    return this.probeFrom(this.depthMin, query, found)
  }

  /** The same for names of `from` labels and more; what is found is added. */
  probeFrom(from: number, query: HashedName, found: Candidates): number {
    const deepest = Math.min(query.labelCount, this.depthMax)
    let begun = 0
    for (let depth = from; depth <= deepest && depth > 0; depth++) {
      const hash = query.hashes[depth]!
      if (!this.mayHold(hash)) break
      const place = this.nextPlace(placeOf(hash, this.slotScale), hash)
      if (place === NOT_HERE) continue
      begun ^= this.pool[this.poolAt(place)]!
      found.add(depth, place)
    }
    return begun
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
    return this.slots[place]! >>> this.tagBits
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
  entry(query: HashedName, found: Candidates, candidate: number): number {
    const depth = found.depths[candidate]!
    const nameAt = query.labels[query.labelCount - depth]!
    let place = found.places[candidate]!
    for (;;) {
      const after = this.compare(this.slots[place]! >>> this.tagBits, query, nameAt)
      if (after !== NOT_FLAGGED) return after
      // Another name with the same few bits of hash: rare, so that the hash is only now needed again.
      if (++place === this.slotCount) place = 0
      place = this.nextPlace(place, query.hashes[depth]!)
      if (place === NOT_HERE) return NOT_FLAGGED
    }
  }

  /** Wire names are free of prefixes: what is the same up to the root label is the same name. Four octets at a time, then one by one. */
  private compare(poolAt: number, query: HashedName, nameAt: number): number {
    const { poolView } = this
    const { nameView } = query
    const octets = query.nameOctets - nameAt
    if (poolAt + octets > this.pool.length) return NOT_FLAGGED
    let i = 0
    for (; i <= octets - 4; i += 4)
      if (poolView.getInt32(poolAt + i, true) !== nameView.getInt32(nameAt + i, true)) return NOT_FLAGGED
    for (; i < octets; i++) if (poolView.getUint8(poolAt + i) !== nameView.getUint8(nameAt + i)) return NOT_FLAGGED
    return poolAt + octets
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
  return Math.clz32(Math.max(poolOctets - 1, 1))
}
