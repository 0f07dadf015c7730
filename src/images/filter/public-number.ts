/**
 * The number of a block whose feed brings no case number: sixty bits drawn from the flagged name, so that it is the same on every
 * resolver and after every reload, and `qalqan explain` gives it again. It says no more than the name does that was asked for.
 *
 *     Q-7KTM-02XC-9WPA      Crockford's base 32: no I, L, O, U, so that it can be read over the telephone
 */
const ALPHABET = Uint8Array.from('0123456789ABCDEFGHJKMNPQRSTVWXYZ', character => character.charCodeAt(0))
const DASH = 0x2d
const LETTER_Q = 0x51
const GROUP_OCTETS = 5
export const PUBLIC_NUMBER_OCTETS = 1 + 3 * GROUP_OCTETS

const PRIME_A = 0x01000193
const PRIME_B = 0x010001a5
const BASE_A = 0x2c1b3c6d
const BASE_B = 0x297a2d39

/** Writes the number of the name at `name[at]` (wire form, lower case) to `out`; always `PUBLIC_NUMBER_OCTETS`. */
export function writePublicNumber(name: Uint8Array, at: number, out: Uint8Array, outAt: number): void {
  let a = BASE_A
  let b = BASE_B
  for (let i = at; name[i] !== 0; ) {
    for (const end = i + name[i]!; i <= end; i++) {
      const octet = name[i]!
      a = Math.imul(a ^ octet, PRIME_A)
      b = Math.imul(b ^ octet, PRIME_B)
    }
  }
  a = mix(a ^ b)
  b = mix(b)
  out[outAt] = LETTER_Q
  writeGroup(a >>> 12, out, outAt + 1)
  writeGroup(b >>> 12, out, outAt + 1 + GROUP_OCTETS)
  // The low twelve bits of one and eight of the other are not in a group yet.
  writeGroup(((a & 0xfff) << 8) | (b & 0xff), out, outAt + 1 + 2 * GROUP_OCTETS)
}

function writeGroup(bits: number, out: Uint8Array, at: number): void {
  out[at] = DASH
  out[at + 1] = ALPHABET[(bits >>> 15) & 31]!
  out[at + 2] = ALPHABET[(bits >>> 10) & 31]!
  out[at + 3] = ALPHABET[(bits >>> 5) & 31]!
  out[at + 4] = ALPHABET[bits & 31]!
}

function mix(state: number): number {
  let hash = state ^ (state >>> 15)
  hash = Math.imul(hash, 0x2c1b3c6d)
  hash ^= hash >>> 12
  hash = Math.imul(hash, 0x297a2d39)
  return hash ^ (hash >>> 15)
}

/** The number as text. */
export function publicNumber(name: Uint8Array, at = 0): string {
  const out = new Uint8Array(PUBLIC_NUMBER_OCTETS)
  writePublicNumber(name, at, out, 0)
  return Buffer.from(out).toString('latin1')
}
