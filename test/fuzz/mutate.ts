/** From one message to another that is nearly it: the ways in which a message of DNS goes wrong. Writes into memory of its own. */
import type { Random } from './random.ts'

/** Octets with a meaning: ends of labels and pointers, lengths that wrap, types and classes. */
const TELLING = [0, 1, 2, 5, 11, 12, 15, 28, 39, 41, 46, 63, 64, 0x7f, 0x80, 0xbf, 0xc0, 0xfe, 0xff] as const
const CHANGES_MAX = 6
const ROOM_OCTETS = 4096

export class Mutator {
  readonly octets = new Uint8Array(ROOM_OCTETS)
  private readonly random: Random
  private readonly seeds: readonly Uint8Array[]

  constructor(seeds: readonly Uint8Array[], random: Random) {
    this.seeds = seeds
    this.random = random
  }

  /** Puts a changed seed into `octets`; returns its length. Changes before `from` are left out. */
  next(from = 0): number {
    const { random, octets, seeds } = this
    const seed = seeds[random.below(seeds.length)]!
    octets.set(seed, 0)
    let length = seed.length
    for (let changes = random.below(CHANGES_MAX); changes > 0; changes--) length = this.change(from, length)
    return length
  }

  private change(from: number, length: number): number {
    const { random, octets } = this
    if (length <= from) return length
    const at = from + random.below(length - from)
    switch (random.below(8)) {
      case 0:
        octets[at] = octets[at]! ^ (1 << random.below(8))
        return length
      case 1:
        octets[at] = random.below(256)
        return length
      case 2:
        octets[at] = TELLING[random.below(TELLING.length)]!
        return length
      case 3:
        return at
      case 4:
        return this.remove(at, length)
      case 5:
        return this.repeat(at, length)
      case 6:
        return this.splice(at)
      default:
        octets[at] = 0xc0
        if (at + 1 < length) octets[at + 1] = random.below(length)
        return length
    }
  }

  private remove(at: number, length: number): number {
    const count = 1 + this.random.below(Math.min(12, length - at))
    this.octets.copyWithin(at, at + count, length)
    return length - count
  }

  private repeat(at: number, length: number): number {
    const count = 1 + this.random.below(Math.min(40, length - at))
    if (length + count > ROOM_OCTETS) return length
    this.octets.copyWithin(at + count, at, length)
    return length + count
  }

  /** Goes on as another seed does. */
  private splice(at: number): number {
    const other = this.seeds[this.random.below(this.seeds.length)]!
    if (at >= other.length) return at
    this.octets.set(other.subarray(at), at)
    return other.length
  }
}
