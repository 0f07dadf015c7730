/**
 * Data plane. The reading side of the filter image: from a name's hashes to the entries of its flagged ancestors and itself.
 *
 * Owns: the walk, and access to what an entry says. Never: allocates after construction, writes the image, decides (that is
 * `resolver/filter.ts`). A reader belongs to one thread; the image may be read by any number.
 */
import { placeOf, spread } from '../../wire/hash.ts'
import {
  bloomMask,
  ELEMENT_ANSWER,
  ELEMENT_CATEGORY,
  ELEMENT_CLASS,
  ELEMENT_FEED,
  ELEMENT_FIELDS,
  ELEMENT_KIND,
  ELEMENT_LABEL,
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
  readonly pool: Uint8Array
  private readonly rules: Uint32Array
  private readonly bloom: Uint32Array
  private readonly bloomScale: number
  private readonly slots: Uint32Array
  private readonly slotCount: number
  private readonly slotScale: number
  private readonly tagBits: number
  private readonly tagMask: number

  constructor(image: SharedArrayBuffer) {
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
    this.text = new Uint8Array(image, at.text, field('textOctets'))
    this.pool = new Uint8Array(image, at.pool, field('poolOctets'))
    this.tagBits = tagBitsFor(this.pool.length)
    this.tagMask = (1 << this.tagBits) - 1
  }

  /** Whether anything flagged may lie at or below the ancestor of `name` that has `depth` labels. */
  mayHold(hash: number): boolean {
    const mask = bloomMask(hash)
    return (this.bloom[placeOf(hash, this.bloomScale)]! & mask) === mask
  }

  /** The pool offset behind the entry's name, where its group stands; or `NOT_FLAGGED`. `hash` is the spread state at `depth`. */
  entry(query: HashedName, depth: number, hash: number): number {
    const nameAt = query.labels[query.labelCount - depth]!
    const tag = hash & this.tagMask
    let place = placeOf(hash, this.slotScale)
    for (;;) {
      const slot = this.slots[place]!
      if (slot === 0) return NOT_FLAGGED
      if ((slot & this.tagMask) === tag) {
        const after = this.compare(slot >>> this.tagBits, query.name, nameAt)
        if (after !== NOT_FLAGGED) return after
      }
      if (++place === this.slotCount) place = 0
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

  /** Reads ahead what a lookup of `query` would read first, so that several lookups' misses overlap. The sum only keeps the reads. */
  touchBloom(query: HashedName): number {
    if (query.labelCount < this.depthMin || this.depthMin === 0) return 0
    return this.bloom[placeOf(spread(query.states[this.depthMin]!), this.bloomScale)]!
  }

  /** Reads ahead the slots of every ancestor that the Bloom filter lets through. */
  touchSlots(query: HashedName): number {
    const deepest = Math.min(query.labelCount, this.depthMax)
    let sum = 0
    for (let depth = this.depthMin; depth <= deepest && depth > 0; depth++) {
      const hash = spread(query.states[depth]!)
      if (!this.mayHold(hash)) break
      sum ^= this.slots[placeOf(hash, this.slotScale)]!
    }
    return sum
  }

  /** Reads ahead the pool entries behind the first slots of the ancestors that the Bloom filter lets through. */
  touchPool(query: HashedName): number {
    const deepest = Math.min(query.labelCount, this.depthMax)
    let sum = 0
    for (let depth = this.depthMin; depth <= deepest && depth > 0; depth++) {
      const hash = spread(query.states[depth]!)
      if (!this.mayHold(hash)) break
      const slot = this.slots[placeOf(hash, this.slotScale)]!
      if ((slot & this.tagMask) === (hash & this.tagMask)) sum ^= this.pool[slot >>> this.tagBits]!
    }
    return sum
  }

  feedOf(element: number): number {
    return this.elements[element * ELEMENT_FIELDS + ELEMENT_FEED]!
  }
  categoryOf(element: number): number {
    return this.elements[element * ELEMENT_FIELDS + ELEMENT_CATEGORY]!
  }
  labelOf(element: number): number {
    return this.elements[element * ELEMENT_FIELDS + ELEMENT_LABEL]!
  }
  classOf(element: number): number {
    return this.elements[element * ELEMENT_FIELDS + ELEMENT_CLASS]!
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
