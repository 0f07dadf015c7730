/**
 * Fingerprints of rules: 64 bits of SipHash under a secret key over what a rule is about. Two of ten million rules have the same one in fewer than one of
 * 100,000 cases; a count is off by one then. They are made from the image, off everybody's way, and never before it is in force.
 */
import { eachRule } from '../../images/filter/entries.ts'
import { EXTENT_MASK, PREFIX_BITS } from '../../images/filter/layout.ts'
import type { FilterReader } from '../../images/filter/reader.ts'
import { NAME_OCTETS_MAX } from '../../wire/name.ts'
import { SIPHASH_OCTETS, siphash } from '../../wire/siphash.ts'
import { blocks, eachPrefix } from './blocking.ts'
import type { ExpiredNames } from './expired-names.ts'

/** A name with its extent behind it; or a network with its length and a mark that no extent has. */
const scratch = new Uint8Array(NAME_OCTETS_MAX + 1)
const NETWORK_OCTETS = 16
const CLIENTS_MARK = 0x80
const ANSWERS_MARK = 0x40

/** Where the fingerprints of an element's rules go. */
export class Place {
  readonly fingerprints: BigUint64Array
  private readonly key: Uint8Array
  private readonly octets: Uint8Array
  private at = 0

  constructor(key: Uint8Array, count: number) {
    this.key = key
    this.fingerprints = new BigUint64Array(count)
    this.octets = new Uint8Array(this.fingerprints.buffer)
  }

  /** Of the first octets of `scratch`. */
  put(length: number): void {
    siphash(this.key, scratch, 0, length, this.octets, this.at)
    this.at += SIPHASH_OCTETS
  }
}

/** `placeOf`: by element; null for rules that nobody wants. Sorts nothing. */
export function fingerprintRules(image: FilterReader, placeOf: readonly (Place | null)[]): void {
  const places = placeOf.map((place, element) => (blocks(image, element) ? place : null))
  eachRule(image, (element, _rule, nameAt) => {
    places[element]?.put(nameOctets(image.pool, nameAt, image.kindOf(element) & EXTENT_MASK))
    return false
  })
  eachPrefix(image, (element, words, at, isClient) => {
    places[element]?.put(networkOctets(words, at, isClient))
  })
}

export function fingerprintNames(names: ExpiredNames, key: Uint8Array): BigUint64Array {
  const place = new Place(key, names.count)
  names.each((octets, nameAt, extent) => place.put(nameOctets(octets, nameAt, extent)))
  return place.fingerprints.sort()
}

function nameOctets(pool: Uint8Array, nameAt: number, extent: number): number {
  let octets = 0
  let length = pool[nameAt]!
  while (length !== 0) {
    for (const end = octets + length; octets <= end; octets++) scratch[octets] = pool[nameAt + octets]!
    length = pool[nameAt + octets]!
  }
  scratch[octets++] = 0
  scratch[octets++] = extent
  return octets
}

function networkOctets(words: Uint32Array, at: number, isClient: boolean): number {
  for (let i = 0; i < NETWORK_OCTETS; i++) scratch[i] = words[at + (i >>> 2)]! >>> (24 - 8 * (i & 3))
  scratch[NETWORK_OCTETS] = words[at + PREFIX_BITS]!
  scratch[NETWORK_OCTETS + 1] = isClient ? CLIENTS_MARK : ANSWERS_MARK
  return NETWORK_OCTETS + 2
}
