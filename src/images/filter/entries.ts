/** Every rule of a filter image in turn: for counts and look-ups that few ask for. Off the hot path; some tens of milliseconds for a million names. */
import { FIRST_ENTRY_AT, MEMBER_HAS_RULE, NO_RULE, nextEntryAt } from './layout.ts'
import type { FilterReader } from './reader.ts'

/** `nameAt`: where the rule's name stands in the pool, in wire form. True ends the walk. */
export type VisitRule = (element: number, rule: number, nameAt: number) => boolean

/** Stops where `visit` returns true. */
export function eachRule(image: FilterReader, visit: VisitRule): void {
  const { pool } = image
  for (let at = FIRST_ENTRY_AT; at < pool.length && pool[at] !== 0; ) {
    at = rulesAt(image, at, visit)
    if (at === STOPPED) return
  }
}

export const STOPPED = -1

/** The rules of the name at this place; returns where the next name stands, or `STOPPED`. */
export function rulesAt(image: FilterReader, nameAt: number, visit: VisitRule): number {
  const { pool } = image
  let at = nameAt
  while (pool[at] !== 0) at += pool[at]! + 1
  let group = 0
  at++
  for (let shift = 0; ; shift += 7) {
    const octet = pool[at++]!
    group |= (octet & 0x7f) << shift
    if (octet < 0x80) break
  }
  for (let i = image.groups[group]!; i < image.groups[group + 1]!; i++) {
    const member = image.members[i]!
    let rule = NO_RULE
    if ((member & MEMBER_HAS_RULE) !== 0) {
      rule = pool[at]! | (pool[at + 1]! << 8) | (pool[at + 2]! << 16) | (pool[at + 3]! << 24)
      at += 4
    }
    if (visit(member & ~MEMBER_HAS_RULE, rule, nameAt)) return STOPPED
  }
  return nextEntryAt(at)
}
