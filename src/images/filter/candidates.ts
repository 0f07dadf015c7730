/**
 * What a lookup found of a name in its first half: at how many labels there may be an entry, and in which slot. A list for each room of names
 * (`wire/name-room.ts`) and each image, in one memory for the thread.
 *
 *     room    count in the base image, in the overlay │ slot and labels of each, base image │ the same, overlay
 */
import * as fromName from '../../wire/name.ts'
import * as fromNameRoom from '../../wire/name-room.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { LABELS_MAX } = fromName
const { ROOMS } = fromNameRoom

/** Which image a list is of: the one compiled from the feeds, or the urgent changes in front of it. */
export const BASE = 0
export const OVERLAY = 1
export type ImageList = typeof BASE | typeof OVERLAY

const PAIRS_AT = 2
const LIST_WORDS = 2 * LABELS_MAX
/** An odd number of cache lines, as with the rooms. */
const ROOM_WORDS = 16 * (2 * Math.ceil((PAIRS_AT + 2 * LIST_WORDS) / 32) + 1)

const words = new Int32Array(ROOMS * ROOM_WORDS)

export function clearCandidates(room: number): void {
  const at = (room * ROOM_WORDS) | 0
  words[at] = 0
  words[(at + 1) | 0] = 0
}

export function candidateCount(room: number, list: ImageList): number {
  return words[(((room * ROOM_WORDS) | 0) + list) | 0]!
}

export function addCandidate(room: number, list: ImageList, depth: number, place: number): void {
  const countAt = (((room * ROOM_WORDS) | 0) + list) | 0
  const count = words[countAt]!
  const at = pairAt(room, list, count)
  words[at] = place
  words[(at + 1) | 0] = depth
  words[countAt] = (count + 1) | 0
}

/** Slot of a candidate's entry. */
export function candidatePlace(room: number, list: ImageList, candidate: number): number {
  return words[pairAt(room, list, candidate)]!
}

/** Labels of a candidate. */
export function candidateDepth(room: number, list: ImageList, candidate: number): number {
  return words[(pairAt(room, list, candidate) + 1) | 0]!
}

function pairAt(room: number, list: ImageList, candidate: number): number {
  return (((room * ROOM_WORDS) | 0) + PAIRS_AT + ((list * LIST_WORDS) | 0) + 2 * candidate) | 0
}
