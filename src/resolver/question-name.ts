/**
 * Data plane. Reads a name into a query's room, for every lookup: the question of a message, the name of a query that comes back from waiting,
 * and the names an answer leads to.
 */
import * as fromName from '../wire/name.ts'
import * as fromNameRoom from '../wire/name-room.ts'
import type { QuerySlot } from './query.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { BAD_NAME } = fromName
const { readIntoRoom } = fromNameRoom

/** Reads the name at `start` in `query.bytes`, in which no pointer has a place; returns the offset after it or BAD_NAME. */
export function readName(query: QuerySlot, start: number, end: number, seed: number): number {
  const after = readIntoRoom(query, query.bytes, start, end, seed)
  if (after !== BAD_NAME) query.nameAt = start
  return after
}
