/**
 * Data plane. Reads a name into a query's slot: folded, its labels found, the hash of each ending of it computed, as every lookup needs
 * it. Serves the question of a message, the name of a query that comes back from waiting, and the names an answer leads to.
 */
import { copyFolded, hashFolded } from '../wire/hash.ts'
import { BAD_NAME, LABEL_OCTETS_MAX, LABELS_MAX, NAME_OCTETS_MAX } from '../wire/name.ts'
import type { QuerySlot } from './query.ts'

/** Reads the name at `start` in `query.bytes`, in which no pointer has a place; returns the offset after it or BAD_NAME. */
export function readName(query: QuerySlot, start: number, end: number, seed: number): number {
  const { bytes, labels } = query
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
  copyFolded(bytes, start, query.nameView, octets)
  hashEndings(query, seed)
  return start + octets
}

/** Computes the hash of the folded name in a query's slot, and of each ending of it, once its labels are known. */
export function hashEndings(query: QuerySlot, seed: number): void {
  const { labels, nameView, hashes, labelCount } = query
  let hash = seed | 0
  let end = query.nameOctets - 1
  hashes[0] = hash
  for (let depth = 1; depth <= labelCount; depth++) {
    const at = labels[labelCount - depth]!
    hash = hashFolded(hash, nameView, at, end - at)
    hashes[depth] = hash
    end = at
  }
  query.hash = hash
}
