/**
 * Data plane. SipHash-2-4 (Aumasson and Bernstein, 2012) on halves of 32 bits, as RFC 9018 §4.4 has it for server cookies. Allocates nothing.
 *
 * A 64-bit word is two numbers, the low half first; the state v0…v3 is kept in eight places of one array.
 */

export const SIPHASH_KEY_OCTETS = 16
export const SIPHASH_OCTETS = 8

const v = new Int32Array(8)

/** Writes the hash of `octets` octets of `data` from `at` on, little-endian as the reference has it, to `out` at `outAt`. `key` has 16 octets. */
export function siphash(
  key: Uint8Array,
  data: Uint8Array,
  at: number,
  octets: number,
  out: Uint8Array,
  outAt: number,
): void {
  const k0 = word(key, 0)
  const k1 = word(key, 4)
  const k2 = word(key, 8)
  const k3 = word(key, 12)
  set(0, 0x736f6d65 ^ k1, 0x70736575 ^ k0)
  set(1, 0x646f7261 ^ k3, 0x6e646f6d ^ k2)
  set(2, 0x6c796765 ^ k1, 0x6e657261 ^ k0)
  set(3, 0x74656462 ^ k3, 0x79746573 ^ k2)
  const whole = octets & ~7
  for (let i = 0; i < whole; i += 8) compress(word(data, at + i), word(data, at + i + 4))
  compress(rest(data, at + whole, octets & 3, (octets & 4) === 0), last(data, at + whole, octets))
  v[4] = v[4]! ^ 0xff
  for (let i = 0; i < 4; i++) round()
  putWord(out, outAt, v[0]! ^ v[2]! ^ v[4]! ^ v[6]!)
  putWord(out, outAt + 4, v[1]! ^ v[3]! ^ v[5]! ^ v[7]!)
}

function set(index: number, high: number, low: number): void {
  v[index * 2] = low
  v[index * 2 + 1] = high
}

/** The low half of the last word: what is left of the data, as far as it goes. */
function rest(data: Uint8Array, at: number, octets: number, isShort: boolean): number {
  if (!isShort) return word(data, at)
  let value = 0
  for (let i = 0; i < octets; i++) value |= data[at + i]! << (8 * i)
  return value
}

/** The high half: what is left past four octets, and the length of all in its last octet. */
function last(data: Uint8Array, at: number, octets: number): number {
  let value = octets << 24
  if ((octets & 4) === 0) return value
  for (let i = 0; i < (octets & 3); i++) value |= data[at + 4 + i]! << (8 * i)
  return value
}

function compress(low: number, high: number): void {
  v[6] = v[6]! ^ low
  v[7] = v[7]! ^ high
  round()
  round()
  v[0] = v[0]! ^ low
  v[1] = v[1]! ^ high
}

function round(): void {
  add(0, 2)
  rotateXor(2, 13, 0)
  swap(0)
  add(4, 6)
  rotateXor(6, 16, 4)
  add(0, 6)
  rotateXor(6, 21, 0)
  add(4, 2)
  rotateXor(2, 17, 4)
  swap(4)
}

/** v[a] += v[b], both of 64 bits. */
function add(a: number, b: number): void {
  const low = (v[a]! >>> 0) + (v[b]! >>> 0)
  v[a + 1] = v[a + 1]! + v[b + 1]! + (low > 0xffffffff ? 1 : 0)
  v[a] = low
}

/** v[a] = (v[a] <<< bits) ^ v[b]; bits are 1 to 31. */
function rotateXor(a: number, bits: number, b: number): void {
  const low = v[a]!
  const high = v[a + 1]!
  v[a] = ((low << bits) | (high >>> (32 - bits))) ^ v[b]!
  v[a + 1] = ((high << bits) | (low >>> (32 - bits))) ^ v[b + 1]!
}

/** v[a] <<<= 32. */
function swap(a: number): void {
  const low = v[a]!
  v[a] = v[a + 1]!
  v[a + 1] = low
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
