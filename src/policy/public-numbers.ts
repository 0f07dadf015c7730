/**
 * From a public number (`Q-…`) to the name it was drawn from, among those of an image: an index that is made when somebody first asks.
 *
 *     places    offsets of names in the pool, 32 bits, where the number's hash says; 0 is empty; linear probing, at most half full
 *
 * Memory: 8 to 16 octets a name. Making it takes some 0.2 s for a million names.
 */
import { eachRule, rulesAt, type VisitRule } from '../images/filter/entries.ts'
import { PUBLIC_NUMBER_OCTETS, publicNumber, writePublicNumber } from '../images/filter/public-number.ts'
import type { FilterReader } from '../images/filter/reader.ts'
import { spread } from '../wire/hash.ts'

export function isPublicNumber(text: string): boolean {
  return /^Q(?:-[0-9A-HJKMNP-TV-Z]{4}){3}$/.test(text)
}

export class PublicNumbers {
  private readonly image: FilterReader
  private readonly places: Uint32Array
  private readonly mask: number
  private readonly text = new Uint8Array(PUBLIC_NUMBER_OCTETS)

  constructor(image: FilterReader) {
    this.image = image
    const size = 2 ** Math.ceil(Math.log2(2 * image.names + 1))
    this.places = new Uint32Array(size)
    this.mask = size - 1
    let last = 0
    eachRule(image, (_element, _rule, nameAt) => {
      if (nameAt !== last) this.add(nameAt)
      last = nameAt
      return false
    })
  }

  private add(nameAt: number): void {
    writePublicNumber(this.image.pool, nameAt, this.text, 0)
    let place = hashOf(this.text) & this.mask
    while (this.places[place] !== 0) place = (place + 1) & this.mask
    this.places[place] = nameAt
  }

  /** Visits the rules of each name that has this number: of one, or of none. */
  eachRuleOf(number: string, visit: VisitRule): void {
    let place = hashOf(Buffer.from(number, 'latin1')) & this.mask
    for (; this.places[place] !== 0; place = (place + 1) & this.mask) {
      const nameAt = this.places[place]!
      if (publicNumber(this.image.pool, nameAt) === number) rulesAt(this.image, nameAt, visit)
    }
  }
}

function hashOf(text: Uint8Array): number {
  let hash = 0
  for (let i = 0; i < PUBLIC_NUMBER_OCTETS; i++) hash = Math.imul(hash ^ text[i]!, 0x01000193)
  return spread(hash)
}
