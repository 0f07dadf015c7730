/**
 * Data plane. What tells one answer from another beside the name: its type, and the flags of a query that change what an upstream answers,
 * and so are part of every key: DO, CD, RD.
 */
import * as fromHeader from '../wire/header.ts'
import * as fromNameRoom from '../wire/name-room.ts'
import type { QuerySlot } from './query.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { FLAG_CD, FLAG_RD } = fromHeader
const { nameHash } = fromNameRoom

export const KEY_DO = 1
export const KEY_CD = 2
/** RD clear: asked for what the upstream knows already. */
export const KEY_NOT_RECURSIVE = 4

/** The hash under which a query's answer is kept: that of the name, and the type. */
export function answerHash(query: QuerySlot): number {
  return hashFor(nameHash(query), query.type)
}

/** The same from a name's hash. */
export function hashFor(nameHash: number, type: number): number {
  return nameHash ^ Math.imul(type, 0x9e3779b1)
}

export function answerKeyFlags(query: QuerySlot): number {
  return (
    (query.dnssecOk ? KEY_DO : 0) |
    ((query.flags & FLAG_CD) !== 0 ? KEY_CD : 0) |
    ((query.flags & FLAG_RD) !== 0 ? 0 : KEY_NOT_RECURSIVE)
  )
}
