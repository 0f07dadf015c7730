/** A block list as a text file, one name a line, written in pieces: ten million names are never in memory at once. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { flaggedName } from '../support/names.ts'

const LINES_A_PIECE = 10_000

/** Returns the octets written. */
export function writeList(path: string, names: number): number {
  const file = openSync(path, 'wx')
  let octets = 0
  try {
    for (let first = 0; first < names; first += LINES_A_PIECE) {
      const count = Math.min(LINES_A_PIECE, names - first)
      octets += writeSync(file, Array.from({ length: count }, (_, i) => `${flaggedName(first + i)}\n`).join(''))
    }
  } finally {
    closeSync(file)
  }
  return octets
}
