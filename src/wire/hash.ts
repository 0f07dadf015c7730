/**
 * Hashing of names, label by label from the root down, so that the hash of a name is a step from that of its parent and one
 * pass over a name gives the hash of each of its ancestors. 32 bits and a seed: where equality matters the octets are compared.
 */
import { FOLD } from './name.ts'

const STEP = 0x01000193 // FNV-1a's prime: one multiplication an octet
const SPREAD_A = 0x85ebca6b
const SPREAD_B = 0xc2b2ae35

/** Goes on from the parent's state over one label that stands, folded, at `bytes[at]` behind its length. */
export function hashLabel(state: number, bytes: Uint8Array, at: number): number {
  let hash = state
  const end = at + bytes[at]!
  // The length goes in as well, so that where labels part is part of the hash.
  for (let i = at; i <= end; i++) hash = Math.imul(hash ^ bytes[i]!, STEP)
  return hash
}

/** The same over the label at `bytes[start + at]`, in whatever case; leaves it folded at `into[at]`. */
export function foldAndHashLabel(
  state: number,
  bytes: Uint8Array,
  start: number,
  into: Uint8Array,
  at: number,
): number {
  let hash = state
  const end = at + bytes[start + at]!
  for (let i = at; i <= end; i++) {
    const octet = FOLD[bytes[start + i]!]!
    into[i] = octet
    hash = Math.imul(hash ^ octet, STEP)
  }
  return hash
}

/** A state's bits spread over all 32 places (the last steps of MurmurHash3): signed. */
export function spread(state: number): number {
  let hash = state ^ (state >>> 16)
  hash = Math.imul(hash, SPREAD_A)
  hash ^= hash >>> 13
  hash = Math.imul(hash, SPREAD_B)
  return hash ^ (hash >>> 16)
}

/** Maps a spread hash onto `[0, count)` without a division; `scale` is `count / 2 ** 32`. */
export function placeOf(hash: number, scale: number): number {
  return ((hash >>> 0) * scale) >>> 0
}
