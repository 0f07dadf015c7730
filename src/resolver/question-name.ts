/**
 * Data plane. Reads a name into a query's room, for every lookup: the question of a message, the name of a query that comes back from waiting,
 * and the names an answer leads to.
 */
import { BAD_NAME } from '../wire/name.ts'
import { readIntoRoom } from '../wire/name-room.ts'
import type { QuerySlot } from './query.ts'

/** Reads the name at `start` in `query.bytes`, in which no pointer has a place; returns the offset after it or BAD_NAME. */
export function readName(query: QuerySlot, start: number, end: number, seed: number): number {
  const after = readIntoRoom(query, query.bytes, start, end, seed)
  if (after !== BAD_NAME) query.nameAt = start
  return after
}
