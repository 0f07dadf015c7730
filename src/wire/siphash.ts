/**
 * Data plane. SipHash-2-4 (Aumasson and Bernstein, 2012) on halves of 32 bits, as RFC 9018 §4.4 has it for server cookies. Allocates nothing.
 *
 * A 64-bit word is two numbers of 32 bits, `…l` the low half and `…h` the high one. The state stands in variables, which the compiler keeps in registers: in an array it takes
 * four times as long.
 */

export const SIPHASH_KEY_OCTETS = 16
export const SIPHASH_OCTETS = 8

const COMPRESSION_ROUNDS = 2
const FINALIZATION_ROUNDS = 4

/** Writes the hash of `octets` octets of `data` from `at` on, little-endian as the reference has it, to `out` at `outAt`. `key` has 16 octets. */
export function siphash(
  key: Uint8Array,
  data: Uint8Array,
  at: number,
  octets: number,
  out: Uint8Array,
  outAt: number,
): void {
  let v0l = 0x70736575 ^ word(key, 0)
  let v0h = 0x736f6d65 ^ word(key, 4)
  let v1l = 0x6e646f6d ^ word(key, 8)
  let v1h = 0x646f7261 ^ word(key, 12)
  let v2l = 0x6e657261 ^ word(key, 0)
  let v2h = 0x6c796765 ^ word(key, 4)
  let v3l = 0x79746573 ^ word(key, 8)
  let v3h = 0x74656462 ^ word(key, 12)
  const words = octets >>> 3
  // After the whole words comes the one that has what is left and the length, and then the finalization, which mixes in no word.
  for (let i = 0; i <= words + 1; i++) {
    const from = at + 8 * i
    const isFinal = i > words
    const ml = isFinal ? 0 : i < words ? word(data, from) : rest(data, from, octets & 7)
    const mh = isFinal ? 0 : i < words ? word(data, from + 4) : rest(data, from + 4, (octets & 7) - 4) | (octets << 24)
    v3l ^= ml
    v3h ^= mh
    if (isFinal) v2l ^= 0xff
    for (let round = isFinal ? FINALIZATION_ROUNDS : COMPRESSION_ROUNDS; round > 0; round--) {
      // v0 += v1; v1 = (v1 <<< 13) ^ v0; v0 <<<= 32
      let low = (v0l + v1l) | 0
      let high = (v0h + v1h + carry(low, v0l, v1l)) | 0
      let turned = (v1l << 13) | (v1h >>> 19)
      v1h = ((v1h << 13) | (v1l >>> 19)) ^ high
      v1l = turned ^ low
      v0l = high
      v0h = low
      // v2 += v3; v3 = (v3 <<< 16) ^ v2
      low = (v2l + v3l) | 0
      v2h = (v2h + v3h + carry(low, v2l, v3l)) | 0
      v2l = low
      turned = (v3l << 16) | (v3h >>> 16)
      v3h = ((v3h << 16) | (v3l >>> 16)) ^ v2h
      v3l = turned ^ v2l
      // v0 += v3; v3 = (v3 <<< 21) ^ v0
      low = (v0l + v3l) | 0
      v0h = (v0h + v3h + carry(low, v0l, v3l)) | 0
      v0l = low
      turned = (v3l << 21) | (v3h >>> 11)
      v3h = ((v3h << 21) | (v3l >>> 11)) ^ v0h
      v3l = turned ^ v0l
      // v2 += v1; v1 = (v1 <<< 17) ^ v2; v2 <<<= 32
      low = (v2l + v1l) | 0
      high = (v2h + v1h + carry(low, v2l, v1l)) | 0
      turned = (v1l << 17) | (v1h >>> 15)
      v1h = ((v1h << 17) | (v1l >>> 15)) ^ high
      v1l = turned ^ low
      v2l = high
      v2h = low
    }
    v0l ^= ml
    v0h ^= mh
  }
  putWord(out, outAt, v0l ^ v1l ^ v2l ^ v3l)
  putWord(out, outAt + 4, v0h ^ v1h ^ v2h ^ v3h)
}

/** What a sum of two numbers of 32 bits carries over, without a comparison that could be guessed wrong. */
function carry(sum: number, a: number, b: number): number {
  return ((a & b) | ((a | b) & ~sum)) >>> 31
}

/** Up to four octets as a word; none where `octets` is not above 0. */
function rest(data: Uint8Array, at: number, octets: number): number {
  let value = 0
  for (let i = 0; i < Math.min(octets, 4); i++) value |= data[at + i]! << (8 * i)
  return value
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

function putWord(out: Uint8Array, at: number, value: number): void {
  out[at] = value
  out[at + 1] = value >>> 8
  out[at + 2] = value >>> 16
  out[at + 3] = value >>> 24
}
