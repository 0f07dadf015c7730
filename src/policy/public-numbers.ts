/**
 * From a public number (`Q-…`) to the name it was drawn from, among those of an image: an index that is made when somebody first asks, a slice at a time, so
 * that nobody else waits for it.
 *
 *     places    offsets of names in the pool, 32 bits, where the number's hash says; 0 is empty; linear probing, 3/4 full
 *
 * Memory: 5.4 octets a name. Making it takes some 0.2 s for a million names.
 */
import { setImmediate as pause } from 'node:timers/promises'
import { rulesAt, type VisitRule } from '../images/filter/entries.ts'
import { FIRST_ENTRY_AT } from '../images/filter/layout.ts'
import { PUBLIC_NUMBER_OCTETS, publicNumber, writePublicNumber } from '../images/filter/public-number.ts'
import type { FilterReader } from '../images/filter/reader.ts'
import { placeOf, step } from '../wire/hash.ts'

const PLACES_PER_NAME = 4 / 3
/** Some two milliseconds. */
const SLICE_NAMES = 10_000

export function isPublicNumber(text: string): boolean {
  return /^Q(?:-[0-9A-HJKMNP-TV-Z]{4}){3}$/.test(text)
}

/**
 * A public number as it may have come over the telephone, in small letters and with those that its alphabet leaves out for digits, as it is written; anything else as
 * it is: a list's own case numbers may begin the same way.
 */
export function asNumber(written: string): string {
  const likely = written.toUpperCase().replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  return isPublicNumber(likely) ? likely : written
}

export class PublicNumbers {
  private readonly places: Uint32Array
  private readonly scale: number
  private readonly text = new Uint8Array(PUBLIC_NUMBER_OCTETS)

  static async of(image: FilterReader): Promise<PublicNumbers> {
    const numbers = new PublicNumbers(image.names)
    for (let at = FIRST_ENTRY_AT; at < image.pool.length && image.pool[at] !== 0; ) {
      for (let i = 0; i < SLICE_NAMES && at < image.pool.length && image.pool[at] !== 0; i++) {
        numbers.add(image, at)
        at = rulesAt(image, at, () => false)
      }
      await pause()
    }
    return numbers
  }

  private constructor(names: number) {
    this.places = new Uint32Array(Math.ceil(names * PLACES_PER_NAME) + 1)
    this.scale = this.places.length / 2 ** 32
  }

  private add(image: FilterReader, nameAt: number): void {
    writePublicNumber(image.pool, nameAt, this.text, 0)
    let place = this.placeOf(this.text)
    while (this.places[place] !== 0) place = this.after(place)
    this.places[place] = nameAt
  }

  /** Visits the rules of each name that has this number: of one, or of none. `image`: the one this was made of, which it does not keep. */
  eachRuleOf(number: string, image: FilterReader, visit: VisitRule): void {
    let place = this.placeOf(Buffer.from(number, 'latin1'))
    for (; this.places[place] !== 0; place = this.after(place)) {
      const nameAt = this.places[place]!
      if (publicNumber(image.pool, nameAt) === number) rulesAt(image, nameAt, visit)
    }
  }

  private placeOf(text: Uint8Array): number {
    let hash = 0
    for (let i = 0; i < PUBLIC_NUMBER_OCTETS; i++) hash = Math.imul(hash ^ text[i]!, 0x01000193)
    return placeOf(step(0, hash), this.scale)
  }

  private after(place: number): number {
    return place + 1 === this.places.length ? 0 : place + 1
  }
}
