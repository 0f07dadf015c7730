/** How long former versions of lists are kept. */
import { duration, section, size } from './kinds.ts'
import type { Config } from './schema.ts'
import type { Settings } from './settings.ts'
import { durationMs, sizeBytes } from './units.ts'

export const historyKey = section({
  keep: duration('0s', '3650d')
    .default('90d')
    .describe('How long a version of a list is kept after another took its place; 0s: none is.'),
  size_max: size('1MiB', '1024GiB').default('2GiB').describe('What all kept versions may take; the oldest go first.'),
})
  .prefault({})
  .describe(
    'Former versions of lists, packed, in the data folder: to go back to one, and to prove what was listed when.',
  )

export function settleHistory({ history }: Config): Settings['history'] {
  return { keepMs: durationMs(history.keep), octetsMax: sizeBytes(history.size_max) }
}
