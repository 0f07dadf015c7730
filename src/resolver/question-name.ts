/**
 * Data plane. Reads a name into a query's slot: folded, its labels found, the hash of each ending of it computed, as every lookup needs
 * it. Serves the question of a message, the name of a query that comes back from waiting, and the names an answer leads to.
 */
import { foldAndHashLabel, spread } from '../wire/hash.ts'
import { BAD_NAME, LABEL_OCTETS_MAX, LABELS_MAX, NAME_OCTETS_MAX } from '../wire/name.ts'
import type { QuerySlot } from './query.ts'

/** Reads the name at `start` in `query.bytes`, in which no pointer has a place; returns the offset after it or BAD_NAME. */
export function readName(query: QuerySlot, start: number, end: number, seed: number): number {
  const { bytes, name, labels, states } = query
  let at = start
  let count = 0
  for (;;) {
    if (at >= end) return BAD_NAME
    const length = bytes[at]!
    if (length === 0) break
    if (length > LABEL_OCTETS_MAX || count >= LABELS_MAX) return BAD_NAME
    labels[count++] = at - start
    at += length + 1
  }
  const octets = at - start + 1
  if (octets > NAME_OCTETS_MAX) return BAD_NAME
  query.labelCount = count
  query.nameAt = start
  query.nameOctets = octets
  name[octets - 1] = 0
  let state = seed
  states[0] = state
  for (let depth = 1; depth <= count; depth++) {
    state = foldAndHashLabel(state, bytes, start, name, labels[count - depth]!)
    states[depth] = state
  }
  query.hash = spread(state)
  return start + octets
}
