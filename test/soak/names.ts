/** The names of the soak, and what must be answered to each: known to both sides, so that an answer that went astray shows. */
import { createHash } from 'node:crypto'

export const BLOCKED_NAMES = 5000
export const CACHED_NAMES = 500

export type Kind = 'blocked' | 'cached' | 'fresh'

export const blockedName = (i: number) => `flagged-${i}.list-${i % 31}.example`

/** The name of question number `i` of a kind. */
export function nameOf(kind: Kind, i: number): string {
  if (kind === 'blocked')
    return i % 2 === 0 ? blockedName(i % BLOCKED_NAMES) : `a${i}.${blockedName(i % BLOCKED_NAMES)}`
  return kind === 'cached' ? `known-${i % CACHED_NAMES}.example.test` : `new-${i}.example.test`
}

const ADDRESSES_MAX = 24

/** The addresses that the upstream gives a name: between 1 and 24 of them, which no other name has. */
export function addressesOf(name: string): string[] {
  const digest = createHash('sha256').update(name.toLowerCase()).digest()
  const [a, b, c] = digest
  return Array.from({ length: 1 + (digest[3]! % ADDRESSES_MAX) }, (_, i) => `${1 + (a! % 120)}.${b}.${c}.${i}`)
}
