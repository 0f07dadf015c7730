/**
 * The number of a block whose feed brings no case number: sixty bits drawn from the flagged name, so that it is the same on every
 * resolver and after every reload, and `qalqan explain` gives it again. It says no more than the name does that was asked for.
 *
 *     Q-7KTM-02XC-9WPA      Crockford's base 32: no I, L, O, U, so that it can be read over the telephone
 */
const ALPHABET = Uint8Array.from('0123456789ABCDEFGHJKMNPQRSTVWXYZ', character => character.charCodeAt(0))
const DASH = 0x2d
const LETTER_Q = 0x51
const GROUPS = 3
const GROUP_LETTERS = 4
const GROUP_BITS = 20
export const PUBLIC_NUMBER_OCTETS = 1 + GROUPS * (1 + GROUP_LETTERS)

const PRIMES = Int32Array.of(0x01000193, 0x01000197, 0x010001a5)
const BASES = Int32Array.of(0x2c1b3c6d, 0x297a2d39, 0x5bd1e995)

/** Writes the number of the name at `name[at]` (wire form, lower case) to `out`; always `PUBLIC_NUMBER_OCTETS`. */
export function writePublicNumber(name: Uint8Array, at: number, out: Uint8Array, outAt: number): void {
  let write = outAt
  out[write++] = LETTER_Q
  for (let group = 0; group < GROUPS; group++) {
    out[write++] = DASH
    const bits = mix(name, at, BASES[group]!, PRIMES[group]!) >>> (32 - GROUP_BITS)
    for (let letter = GROUP_LETTERS - 1; letter >= 0; letter--) out[write++] = ALPHABET[(bits >>> (letter * 5)) & 31]!
  }
}

function mix(name: Uint8Array, at: number, base: number, prime: number): number {
  let hash = base
  for (let i = at; name[i] !== 0; ) {
    for (const end = i + name[i]!; i <= end; i++) hash = Math.imul(hash ^ name[i]!, prime)
  }
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x2c1b3c6d)
  hash ^= hash >>> 12
  return Math.imul(hash, 0x297a2d39)
}

/** The number as text. */
export function publicNumber(name: Uint8Array, at = 0): string {
  const out = new Uint8Array(PUBLIC_NUMBER_OCTETS)
  writePublicNumber(name, at, out, 0)
  return Buffer.from(out).toString('latin1')
}
