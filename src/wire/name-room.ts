/**
 * Rooms for names that are being looked at: folded, their labels found, the hash of each ending computed, as every lookup needs them.
 *
 * All rooms of a thread lie in one memory behind arrays that never change, and what nearly every name needs of its room lies together: 64 names of a
 * batch with arrays of their own take more than the first-level cache holds, and each look at one begins with a look at the array itself.
 *
 *     room    label offsets, from the end down │ hashes, 32 bits each │ the name, folded, at the end of its place │ states of the hash
 *
 * A name stands in its room until the next one is read into it. Rooms 0 to BATCH_ROOMS - 1 are for the queries of the batch in hand, by their place in
 * it; a name that is looked at beside them has one of the others.
 */
import * as fromHash from './hash.ts'
import * as fromName from './name.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { foldWord, keepLast, step } = fromHash
const { BAD_NAME, LABEL_OCTETS_MAX, LABELS_MAX, NAME_OCTETS_MAX } = fromName

/** Queries in a batch, at most. */
export const BATCH_ROOMS = 64
/** For the name that an answer leads to. */
export const LINK_ROOM = BATCH_ROOMS
/** For the question of a query that comes back from waiting. */
export const LATE_ROOM = BATCH_ROOMS + 1
const ROOM_COUNT = BATCH_ROOMS + 2
export const ROOMS: number = ROOM_COUNT

/** A name that was read into a room. */
export interface RoomName {
  /** Number of its room, below ROOMS. */
  readonly room: number
  /** Labels without the root label. */
  labelCount: number
  /** Octets of the name, the root label with them. */
  nameOctets: number
}

const NAME_WORDS = (NAME_OCTETS_MAX + 1) / 4
/** Where things are in a room, in words but for the labels: an octet each, the leftmost at LABELS_LAST. */
const LABELS_LAST = LABELS_MAX
const HASHES = (LABELS_LAST + 1) / 4
const NAME_END = HASHES + LABELS_MAX + 1 + NAME_WORDS
const STATES = NAME_END
/** An odd number of cache lines, so that rooms do not all want the same places of the cache. */
const ROOM_WORDS = 16 * (2 * Math.ceil((STATES + NAME_WORDS + 1) / 32) + 1)
const ROOM_OCTETS = 4 * ROOM_WORDS
const NAME_END_OCTET = 4 * NAME_END

const words = new Int32Array(ROOM_COUNT * ROOM_WORDS)
const octets = new Uint8Array(words.buffer)
const view = new DataView(words.buffer)

/** The memory of all rooms; a room's name begins at `nameAt`. */
export const roomOctets: Uint8Array = octets

/** Where in `roomOctets` a name begins. */
export function nameAt(name: RoomName): number {
  return ((name.room * ROOM_OCTETS) | 0) + NAME_END_OCTET - name.nameOctets
}

/** Where in `roomOctets` the last `depth` labels of a name begin, `depth` from 1 to the count of labels. */
export function endingAt(name: RoomName, depth: number): number {
  const room = (name.room * ROOM_OCTETS) | 0
  const at = octets[(room + LABELS_LAST - name.labelCount + depth) | 0]!
  return (room + NAME_END_OCTET - name.nameOctets + at) | 0
}

/** Octets of a name's last `depth` labels, the root label with them. */
export function endingOctets(name: RoomName, depth: number): number {
  const at = octets[(((name.room * ROOM_OCTETS) | 0) + LABELS_LAST - name.labelCount + depth) | 0]!
  return (name.nameOctets - at) | 0
}

/** Four octets of `roomOctets`, little-endian; from a name's on to 64 behind it there is memory. */
export function roomWord(at: number): number {
  return view.getInt32(at, true)
}

/** The hash of the whole name. */
export function nameHash(name: RoomName): number {
  return words[(((name.room * ROOM_WORDS) | 0) + HASHES + name.labelCount) | 0]!
}

/** The hash of the last `depth` labels of a room's name, with 0 that of the root label. */
export function endingHash(room: number, depth: number): number {
  return words[(((room * ROOM_WORDS) | 0) + HASHES + depth) | 0]!
}

/** Reads the name at `bytes[start, end)`, in which no pointer has a place, into a room; returns the offset after it or BAD_NAME. */
export function readIntoRoom(name: RoomName, bytes: Uint8Array, start: number, end: number, seed: number): number {
  const room = (name.room * ROOM_WORDS) | 0
  const labels = ((room << 2) + LABELS_LAST) | 0
  let at = start | 0
  let count = 0
  for (;;) {
    if (at >= end) return BAD_NAME
    const length = bytes[at]!
    if (length === 0) break
    if (length > LABEL_OCTETS_MAX || count >= LABELS_MAX) return BAD_NAME
    octets[(labels - count) | 0] = (at - start) | 0
    count = (count + 1) | 0
    at = (at + length + 1) | 0
  }
  const after = (at + 1) | 0
  const nameOctets = (after - start) | 0
  if (nameOctets > NAME_OCTETS_MAX) return BAD_NAME
  name.labelCount = count
  name.nameOctets = nameOctets
  takeWords(bytes, after, nameOctets, room, seed)
  hashEndings(room, (labels - count) | 0, count, nameOctets)
  return after
}

/** Folds the name that ends before `after` into a room, by words from its end on, and notes the state of the hash after each. */
function takeWords(bytes: Uint8Array, after: number, nameOctets: number, room: number, seed: number): void {
  const nameEnd = (room + NAME_END - 1) | 0
  const states = (room + STATES) | 0
  const whole = nameOctets >>> 2
  let state = seed | 0
  let from = (after - 4) | 0
  words[states] = state
  for (let k = 0; k < whole; from = (from - 4) | 0) {
    const word = foldWord(wordAt(bytes, from))
    words[(nameEnd - k) | 0] = word
    state = step(state, word)
    k = (k + 1) | 0
    words[(states + k) | 0] = state
  }
  const rest = from >= 0 ? wordAt(bytes, from) : wordBefore(bytes, (from + 4) | 0)
  words[(nameEnd - whole) | 0] = foldWord(keepLast(rest, nameOctets & 3))
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[(at + 1) | 0]! << 8) | (bytes[(at + 2) | 0]! << 16) | (bytes[(at + 3) | 0]! << 24)
}

/** The word that ends at `bytes[end]`, of which not all is memory. */
function wordBefore(bytes: Uint8Array, end: number): number {
  let word = 0
  for (let i = 0; i < end; i++) word = (word >>> 8) | (bytes[i]! << 24)
  return word
}

/** The hash of each ending: the state after its whole words, and what is left of it. */
function hashEndings(room: number, labels: number, labelCount: number, nameOctets: number): void {
  const hashes = (room + HASHES) | 0
  const nameEnd = (room + NAME_END - 1) | 0
  const states = (room + STATES) | 0
  words[hashes] = step(words[states]!, 0)
  for (let depth = 1; depth <= labelCount; depth = (depth + 1) | 0) {
    const own = (nameOctets - octets[(labels + depth) | 0]!) | 0
    const whole = own >>> 2
    const rest = keepLast(words[(nameEnd - whole) | 0]!, own & 3)
    words[(hashes + depth) | 0] = step(words[(states + whole) | 0]!, rest)
  }
}
