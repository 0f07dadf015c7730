/**
 * What guards had done to the rules of a version, from its line in the history and from the list of what was kept back, which that line has the hash of. What guards
 * would say today plays no part.
 */
import { markedRule } from '../entry.ts'
import type { Explanation } from '../explain.ts'
import { keptBackKey, readKeptBack } from '../guards/kept-back.ts'
import type { QuarantineReason } from '../guards/never-block.ts'
import { FeedRefused } from '../reader.ts'
import { openArchived } from './archive.ts'
import type { GuardRecord, HistoryLine } from './chain.ts'
import { wholeOf } from './versions.ts'

export interface Guarded {
  /** As guards left them then: what was kept back is `quarantined`. */
  readonly entries: readonly Explanation[]
  /** Whether that is known; `lost`: it was recorded, and is not kept any more or was changed. */
  readonly guards: 'recorded' | 'not recorded' | 'lost'
  /** Exceptions by which rules for these very names counted. */
  readonly exceptions: GuardRecord['spared']
  readonly problem: string | null
}

export function asGuarded(dataFolder: string, line: HistoryLine, entries: readonly Explanation[]): Guarded {
  if (line.guards === undefined) return { entries, guards: 'not recorded', exceptions: [], problem: null }
  const exceptions = line.guards.spared.filter(own => entries.some(entry => entry.name === own.name))
  const keptBack = keptBackOf(dataFolder, line, line.guards)
  if (typeof keptBack === 'string') return { entries, guards: 'lost', exceptions, problem: keptBack }
  return { entries: entries.map(entry => afterGuards(entry, keptBack)), guards: 'recorded', exceptions, problem: null }
}

function afterGuards(entry: Explanation, keptBack: ReadonlyMap<string, QuarantineReason>): Explanation {
  // Guards look at rules to block names, whether or not these are only monitored.
  const isGuarded = !entry.isAllow && entry.addresses === undefined && ['blocks', 'monitored'].includes(entry.status)
  const guard = isGuarded ? keptBack.get(keptBackKey(entry.line, markedRule(entry.name, entry.extent))) : undefined
  return guard === undefined ? entry : { ...entry, status: 'quarantined', guard }
}

/** By rule; or why it cannot be told. */
function keptBackOf(
  dataFolder: string,
  { feed }: HistoryLine,
  { list }: GuardRecord,
): Map<string, QuarantineReason> | string {
  if (list === null) return new Map()
  try {
    return readKeptBack(wholeOf(openArchived(dataFolder, feed, list)))
  } catch (error) {
    if (error instanceof FeedRefused) return `the list of what guards kept back: ${error.message}`
    throw error
  }
}
