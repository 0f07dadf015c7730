/**
 * Hashing of names. 32 bits and a seed: where equality matters the octets are compared.
 *
 * A name's octets, folded, are taken four at a time as little-endian words, from its end on: so the states that the words of a name leave behind are those of each of
 * its endings as well, and one more step, with what of the next word is the ending's, is the ending's hash. One pass over a name gives all of them.
 *
 *     3 w w w  7 e x a  m p l e  4 t e s  t 0        a name; its words from the end: "est0", "le4t", "xamp", "ww7e", and "3w" alone
 *              └ the ending "7example4test0" is "est0", "le4t", "xamp", and "7e" of the word after that
 *
 * Each word goes through two multiplications together with all that came before it. One, or mixing the words by themselves as MurmurHash3 does, would be
 * quicker, but then there are pairs of words that cancel one another whatever the seed, and whoever knows one pair makes millions of names that meet. Here the best pairs
 * known do so for one state in some hundred (those that differ in the highest bit alone): names made of them meet more often than by chance, which
 * costs time, or places in the cache (a bucket has eight), and never exactness.
 */

// Odd, with bits of either kind all over. Signed: greater numbers are no small integers to V8.
const STEP_A = 0x85ebca6b | 0
const STEP_B = 0xc2b2ae35 | 0
/** Of a word, its last so many octets: those that stand nearest to the name's end. */
const LAST_OCTETS = Int32Array.of(0, 0xff000000, 0xffff0000, 0xffffff00)
/** The upper-case bit of each octet, and what must be added to seven bits so that the eighth is set from `A` on, and behind `Z`. */
const CASE_BIT = 0x80808080 | 0
const FROM_A = 0x3f3f3f3f
const BEHIND_Z = 0x25252525
const SEVEN_BITS = 0x7f7f7f7f

/** The hash of the folded name in `bytes[at, end)`, the root label with it. */
export function hashName(bytes: Uint8Array, at: number, end: number, seed: number): number {
  let state = seed | 0
  let i = end
  for (; i - at >= 4; i -= 4) state = mix(state, lastOctets(bytes, i - 4, i))
  return mix(state, lastOctets(bytes, at, i))
}

/** `bytes[at, end)`, 4 at most, as the last octets of a word. */
function lastOctets(bytes: Uint8Array, at: number, end: number): number {
  let word = 0
  for (let i = at, shift = 8 * (4 - (end - at)); i < end; i++, shift += 8) word |= bytes[i]! << shift
  return word
}

function mix(state: number, word: number): number {
  const once = Math.imul(state ^ word, STEP_A)
  const twice = Math.imul(once ^ (once >>> 15), STEP_B)
  return twice ^ (twice >>> 13)
}

/** A state that a word has been mixed into: one of its own for each word where the state is the same. */
export const step: (state: number, word: number) => number = mix

/** A word of which the last `octets` are kept, 0 to 3, and the others are zero. */
export function keepLast(word: number, octets: number): number {
  return word & LAST_OCTETS[octets]!
}

/** Four octets with upper-case ASCII letters as lower-case ones (RFC 4343 §3). Lengths of labels are below any letter and stay what they are. */
export function foldWord(word: number): number {
  const low = word & SEVEN_BITS
  const upper = ((low + FROM_A) | 0) & ~((low + BEHIND_Z) | 0) & ~word & CASE_BIT
  return word | (upper >>> 2)
}

/** Maps a hash onto `[0, count)` without a division; `scale` is `count / 2 ** 32`. */
export function placeOf(hash: number, scale: number): number {
  return ((hash >>> 0) * scale) >>> 0
}
