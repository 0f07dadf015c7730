/**
 * Whether a name, an address in answers or a client was listed on a day: every version that was in force then is read again, as it was read then, and checked against the hash that
 * history has of it. Whether it was in force is told as well: what guards had kept back then, exceptions, feeds that were only
 * monitored, and urgent changes.
 */

import { DAY_MS } from '../../settings/units.ts'
import { type Explanation, entriesAbout, type Subject } from '../explain.ts'
import { loadFeed } from '../load-feed.ts'
import { FeedRefused } from '../reader.ts'
import { readUrgentChanges, type UrgentChange } from '../urgent.ts'
import { openArchived } from './archive.ts'
import { type HistoryLine, readHistory } from './chain.ts'
import { asGuarded, type Guarded } from './guarded.ts'
import {
  firstOf,
  type Moment,
  momentsOf,
  ruleStanding,
  type Standing,
  urgentStandings,
  type VersionThen,
  type Weigh,
} from './standing.ts'
import { changesAbout, urgentOn } from './urgent-then.ts'

export interface VersionProof {
  readonly feed: string
  readonly seq: number
  readonly sha256: string
  readonly serial: number | null
  /** ISO 8601; the second is null while it lasts. */
  readonly from: string
  readonly until: string | null
  /** Entries that speak of it, as they counted then; null where the version cannot be read any more. */
  readonly entries: readonly ProvenEntry[] | null
  readonly guards: Guarded['guards']
  readonly exceptions: Guarded['exceptions']
  readonly problem: string | null
}

export interface ProvenEntry extends Explanation {
  /** What came of a rule to block on that day; null: it is none. */
  readonly standing: Standing | null
}

export interface Proof {
  /** Or an address. */
  readonly name: string
  /** `2026-11-20`, in UTC. */
  readonly on: string
  /** Whether a rule to block it stood in a list then, or an urgent block held; `standing`: what came of it. */
  readonly isListed: boolean
  readonly standing: Standing
  readonly versions: readonly VersionProof[]
  /** Urgent changes that held on that day, for the name or one above it; there are none for addresses. */
  readonly urgent: readonly UrgentChange[]
  readonly history: { readonly lines: number; readonly head: string; readonly problems: readonly string[] }
}

export interface ProofRequest {
  readonly subject: Subject
  /** The subject as text. */
  readonly shown: string
  /** A day. */
  readonly on: string
  readonly weigh: Weigh
}

/** Throws TypeError for what is no day. */
export function proveListing(
  dataFolder: string,
  { subject, shown, on, weigh }: ProofRequest,
  onProgress: (done: number, of: number) => void = () => {},
): Proof {
  const dayMs = startOfDay(on)
  const { lines, head, problems } = readHistory(dataFolder)
  const spans = spansOf(lines, dayMs)
  const found = spans.map((span, i) => {
    onProgress(i, spans.length)
    return versionThen(dataFolder, span, subject)
  })
  const changes = subject.name === undefined ? [] : changesAbout(readUrgentChanges(dataFolder), shown)
  const moments = momentsOf(found, changes, dayMs)
  const versions = found.map(own => versionProof(own, moments, weigh))
  const urgent = urgentOn(changes, shown, dayMs)
  const standings = [...urgentStandings(shown, moments, weigh), ...versions.flatMap(standingsOf)]
  return {
    name: shown,
    on,
    isListed: urgent.some(change => change.action === 'block') || versions.some(own => own.entries?.some(isBlockRule)),
    standing: firstOf(standings),
    versions,
    urgent,
    history: { lines: lines.length, head, problems },
  }
}

/** In milliseconds since 1970. Throws TypeError for what is no day. */
export function startOfDay(on: string): number {
  const dayMs = /^\d{4}-\d\d-\d\d$/.test(on) ? Date.parse(`${on}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(dayMs)) throw new TypeError(`expected a day such as 2026-11-20, got ${JSON.stringify(on)}`)
  return dayMs
}

function standingsOf({ entries }: VersionProof): Standing[] {
  return entries === null ? ['unknown'] : entries.flatMap(own => own.standing ?? [])
}

/** In force or not. An exception is none, also one that is only monitored, nor is what had expired or stands for a page. */
function isBlockRule({ status, isAllow }: Explanation): boolean {
  return !isAllow && (status === 'blocks' || status === 'monitored' || status === 'quarantined')
}

interface Span {
  readonly line: HistoryLine
  /** On the day. */
  readonly fromMs: number
  readonly untilMs: number
  readonly until: string | null
}

/** Versions that were in force on the day, in the order in which they came. */
function spansOf(lines: readonly HistoryLine[], dayMs: number): Span[] {
  // From the end, so that what follows each is known.
  const following = new Map<string, string>()
  const spans: Span[] = []
  for (const line of lines.toReversed()) {
    const until = following.get(line.feed) ?? null
    following.set(line.feed, line.at)
    const cameMs = Date.parse(line.at)
    // For a moment at least, also where the clock was set back before it went.
    const wentMs = until === null ? Infinity : Math.max(Date.parse(until), cameMs + 1)
    const fromMs = Math.max(cameMs, dayMs)
    const untilMs = Math.min(wentMs, dayMs + DAY_MS)
    if (line.act === 'in force' && fromMs < untilMs) spans.push({ line, fromMs, untilMs, until })
  }
  return spans.reverse()
}

interface Found extends VersionThen, Span, Pick<VersionProof, 'exceptions' | 'problem'> {}

function versionThen(dataFolder: string, span: Span, subject: Subject): Found {
  const { line, fromMs } = span
  const { reading, allow } = line
  const found = entriesOf(dataFolder, line, subject, fromMs)
  const what =
    typeof found === 'string'
      ? { entries: null, guards: 'lost' as const, exceptions: [], problem: found }
      : asGuarded(dataFolder, line, found)
  return { ...span, reading, allow, ...what }
}

function versionProof(found: Found, moments: readonly Moment[], weigh: Weigh): VersionProof {
  const { line, until, entries, guards, exceptions, problem } = found
  const { feed, seq, sha256, serial, at: from } = line
  const proven = entries?.map(entry => ({
    ...entry,
    standing: isBlockRule(entry) ? ruleStanding(entry, found, moments, weigh) : null,
  }))
  return { feed, seq, sha256, serial, from, until, entries: proven ?? null, guards, exceptions, problem }
}

/** As they stood at this time, guards left aside; or why they cannot be told. */
function entriesOf(dataFolder: string, line: HistoryLine, subject: Subject, atMs: number): Explanation[] | string {
  try {
    const source = openArchived(dataFolder, line.feed, line.sha256)
    const feed = {
      ...line.reading,
      name: line.feed,
      source: source.path,
      remote: null,
      transfer: null,
      limits: null,
      signature: null,
    }
    const now = Math.floor(atMs / 1000)
    return entriesAbout(subject, feed, sink => loadFeed(feed, source, sink, { now, clock: () => 0, withUrls: true }))
  } catch (error) {
    if (error instanceof FeedRefused) return error.message
    throw error
  }
}
