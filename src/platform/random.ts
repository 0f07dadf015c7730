/** Unpredictable numbers, drawn in advance: one call of the operating system's generator for some thousands of them. */
import { randomFillSync } from 'node:crypto'

const POOL = 4096

/** A source of 16-bit numbers from the system's generator (RFC 5452 §10). */
export function randomSource(): () => number {
  const pool = new Uint16Array(POOL)
  let next = POOL
  return () => {
    if (next === POOL) {
      randomFillSync(pool)
      next = 0
    }
    return pool[next++]!
  }
}
