/**
 * Hashing of names, label by label from the root down, so that the hash of a name is a step from that of its parent and one
 * pass over a name gives the hash of each of its ancestors. 32 bits and a seed: where equality matters the octets are compared.
 *
 * A label's octets, its length first, are taken four at a time as little-endian words, what is left as one word filled up with zeroes.
 * Each word goes through two multiplications together with all that came before it. One, or mixing the words by themselves as MurmurHash3 does, would be
 * quicker, but then there are pairs of words that cancel one another whatever the seed, and whoever knows one pair makes millions of names that meet.
 */
import { FOLD } from './name.ts'

// Odd, with bits of either kind all over.
const STEP_A = 0x85ebca6b
const STEP_B = 0xc2b2ae35
/** By how many octets of a word count. */
const MASKS = Int32Array.of(0, 0xff, 0xffff, 0xffffff)
/** The upper-case bit of each octet, and what must be added to seven bits so that the eighth is set from `A` on, and behind `Z`. */
const CASE_BIT = 0x80808080
const FROM_A = 0x3f3f3f3f
const BEHIND_Z = 0x25252525
const SEVEN_BITS = 0x7f7f7f7f
/** Octets that `hashFolded` may read behind a name. */
export const HASH_SLACK_OCTETS = 3

/** The hash of the name that begins with the label at `bytes[at]`, which stands there folded behind its length; `parent` is that of the rest. */
export function hashLabel(parent: number, bytes: Uint8Array, at: number): number {
  const end = at + 1 + bytes[at]!
  let hash = parent
  for (let i = at; i < end; i += 4) {
    let word = 0
    for (let k = Math.min(4, end - i) - 1; k >= 0; k--) word = (word << 8) | bytes[i + k]!
    hash = step(hash, word)
  }
  return hash
}

/** The same of `octets` octets, the length with them, where the memory goes on for HASH_SLACK_OCTETS more. */
export function hashFolded(parent: number, view: DataView, at: number, octets: number): number {
  // `| 0`, here and below: else V8 keeps the sum as a number of any kind, and turns it into a whole one in every step.
  let hash = parent | 0
  let left = octets
  let i = at
  for (; left >= 4; left -= 4, i += 4) hash = step(hash, view.getInt32(i, true))
  if (left > 0) hash = step(hash, view.getInt32(i, true) & MASKS[left]!)
  return hash
}

/** A state that a word has been mixed into; every bit of it depends on all of both. */
export function step(state: number, word: number): number {
  const once = Math.imul(state ^ word, STEP_A)
  const twice = Math.imul(once ^ (once >>> 15), STEP_B)
  return twice ^ (twice >>> 13)
}

/**
 * Copies `octets` octets of `bytes` to the beginning of `into`, upper-case ASCII letters as lower-case ones (RFC 4343 §3), four at a time.
 * Lengths of labels are below any letter and stay what they are.
 */
export function copyFolded(bytes: Uint8Array, at: number, into: DataView, octets: number): void {
  let i = 0
  for (; i + 4 <= octets; i += 4) {
    const from = at + i
    const word = bytes[from]! | (bytes[from + 1]! << 8) | (bytes[from + 2]! << 16) | (bytes[from + 3]! << 24)
    const low = word & SEVEN_BITS
    const upper = ((low + FROM_A) | 0) & ~((low + BEHIND_Z) | 0) & ~word & CASE_BIT
    into.setInt32(i, word | (upper >>> 2), true)
  }
  for (; i < octets; i++) into.setUint8(i, FOLD[bytes[at + i]!]!)
}

/** Maps a hash onto `[0, count)` without a division; `scale` is `count / 2 ** 32`. */
export function placeOf(hash: number, scale: number): number {
  return ((hash >>> 0) * scale) >>> 0
}
