/**
 * Data plane. The reading side of the filter image: from a name's hashes to the entries of its flagged ancestors and itself.
 *
 * Owns: the walk, and access to what an entry says. Never: allocates after construction, writes the image, decides (that is
 * `resolver/filter.ts`). A reader belongs to one thread; the image may be read by any number.
 */
import { placeOf, spread } from '../../wire/hash.ts'
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
  FILTER_MAGIC,
  FILTER_VERSION,
  HEADER,
  HEADER_WORDS,
  layOutFilter,
  RULE_FIELDS,
  RULE_LISTED_AT,
  RULE_TEXT_AT,
  RULE_TEXT_LENGTH,
} from './layout.ts'
import { PrefixTable } from './prefixes.ts'

/** No entry. */
export const NOT_FLAGGED = 0

/** A name as lookups want it: folded wire form, where its labels start, and the hash state after each label from the root. */
export interface HashedName {
  readonly name: Uint8Array
  /** Offset in `name` of each label, the leftmost first. */
  readonly labels: Uint8Array
  labelCount: number
  /** `states[d]`: the hash state of the ancestor that has `d` labels; `states[0]` is the seed. */
  readonly states: Int32Array
}

/** What `probe` found: how many of a name's ancestors and itself may be flagged, the labels of each, and the slot where its entry may be. */
export class Candidates {
  count = 0
  readonly depths = new Uint8Array(LABELS_MAX + 1)
  readonly places = new Int32Array(LABELS_MAX + 1)
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
  /** Rules for addresses in answers, and for those of clients. */
  readonly prefixes: PrefixTable
  readonly clients: PrefixTable
  private readonly rules: Uint32Array
  private readonly bloom: Uint32Array
  private readonly bloomScale: number
  private readonly slots: Uint32Array
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
    this.bloom = new Uint32Array(image, at.bloom, field('bloomWords'))
    this.bloomScale = this.bloom.length / 2 ** 32
    this.slots = new Uint32Array(image, at.slots, field('slots'))
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
    this.tagBits = tagBitsFor(this.pool.length)
    this.tagMask = (1 << this.tagBits) - 1
  }

  /**
   * First half of a lookup: goes down from the root label through the Bloom filter and the slots, and notes where entries may be. Returns
   * an octet of the pool from each such place, xored, only so that the reads are begun: the second half then does not wait for
   * them, and with a batch of queries many are under way at once.
   */
  probe(query: HashedName, found: Candidates): number {
    const deepest = Math.min(query.labelCount, this.depthMax)
    let count = 0
    let begun = 0
    for (let depth = this.depthMin; depth <= deepest && depth > 0; depth++) {
      const hash = spread(query.states[depth]!)
      if (!this.mayHold(hash)) break
      const place = this.nextPlace(placeOf(hash, this.slotScale), hash)
      if (place < 0) continue
      begun ^= this.pool[this.slots[place]! >>> this.tagBits]!
      found.depths[count] = depth
      found.places[count++] = place
    }
    found.count = count
    return begun
  }

  /** Whether anything flagged may lie at or below the name with this hash. */
  private mayHold(hash: number): boolean {
    const mask = bloomMask(hash)
    return (this.bloom[placeOf(hash, this.bloomScale)]! & mask) === mask
  }

  /** The first place from `from` on whose slot has the hash's tag; -1 where an empty slot comes first. */
  private nextPlace(from: number, hash: number): number {
    const tag = hash & this.tagMask
    let place = from
    for (;;) {
      const slot = this.slots[place]!
      if (slot === 0) return -1
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
      const after = this.compare(this.slots[place]! >>> this.tagBits, query.name, nameAt)
      if (after !== NOT_FLAGGED) return after
      // Another name with the same few bits of hash: rare, so that the hash is only now needed again.
      if (++place === this.slotCount) place = 0
      place = this.nextPlace(place, spread(query.states[depth]!))
      if (place < 0) return NOT_FLAGGED
    }
  }

  /** Wire names are free of prefixes, so the first difference or the root label decides. */
  private compare(poolAt: number, name: Uint8Array, nameAt: number): number {
    const pool = this.pool
    let at = poolAt
    let from = nameAt
    for (;;) {
      const length = name[from]!
      for (const end = from + length; from <= end; from++, at++) if (pool[at] !== name[from]) return NOT_FLAGGED
      if (length === 0) return at
    }
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
