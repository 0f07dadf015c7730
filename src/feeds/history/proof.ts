/**
 * Whether a name, an address in answers or a client was listed on a day: every version that was in force then is read again, as it was read then, and checked against the hash that
 * history has of it. Whether it was in force is told as well: what guards had kept back then, feeds that were only monitored, and urgent changes.
 */
import { type Explanation, entriesAbout, type Subject } from '../explain.ts'
import { loadFeed } from '../load-feed.ts'
import { FeedRefused } from '../reader.ts'
import { readUrgentChanges, type UrgentChange } from '../urgent.ts'
import { openArchived } from './archive.ts'
import { type HistoryLine, readHistory } from './chain.ts'
import { asGuarded, type Guarded } from './guarded.ts'
import { DAY_MS, isLifted, urgentOn } from './urgent-then.ts'

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
  /** It blocked nothing all the while: `qalqan unblock --feeds` held for this very name. */
  readonly isLifted: boolean
}

/**
 * The first of these that holds of any rule: `in force` at some time of the day; `unknown`: what would tell is not kept any more; `guards not recorded`: of before the
 * history told what guards kept back.
 */
export const STANDINGS = [
  'in force',
  'unknown',
  'guards not recorded',
  'monitored',
  'quarantined',
  'lifted',
  'not listed',
] as const
export type Standing = (typeof STANDINGS)[number]

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

/** `shown`: the subject as text. `on`: a day. Throws TypeError for what is no day. */
export function proveListing(
  dataFolder: string,
  { subject, shown, on }: { readonly subject: Subject; readonly shown: string; readonly on: string },
  onProgress: (done: number, of: number) => void = () => {},
): Proof {
  const fromMs = /^\d{4}-\d\d-\d\d$/.test(on) ? Date.parse(`${on}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(fromMs)) throw new TypeError(`expected a day such as 2026-11-20, got ${JSON.stringify(on)}`)
  const { lines, head, problems } = readHistory(dataFolder)
  const spans = spansOf(lines).filter(
    ({ startMs, endMs }) => startMs < fromMs + DAY_MS && (endMs === null || endMs > fromMs),
  )
  const changes = readUrgentChanges(dataFolder)
  const versions = spans.map((span, i) => {
    onProgress(i, spans.length)
    return versionProof(dataFolder, span, { subject, dayMs: fromMs, changes })
  })
  const urgent = subject.name === undefined ? [] : urgentOn(changes, shown, fromMs)
  const blocksUrgently = urgent.some(change => change.action === 'block')
  const standings = versions.flatMap(standingsOf)
  return {
    name: shown,
    on,
    isListed: blocksUrgently || versions.some(own => own.entries?.some(isBlockRule)),
    standing: blocksUrgently ? 'in force' : (STANDINGS.find(own => standings.includes(own)) ?? 'not listed'),
    versions,
    urgent,
    history: { lines: lines.length, head, problems },
  }
}

function standingsOf({ entries, guards }: VersionProof): Standing[] {
  if (entries === null) return ['unknown']
  return entries.filter(isBlockRule).map(({ status, addresses, isLifted: lifted }) => {
    if (lifted) return 'lifted'
    if (status !== 'blocks') return status === 'monitored' ? 'monitored' : 'quarantined'
    // Guards have nothing to do with rules about addresses.
    if (addresses !== undefined || guards === 'recorded') return 'in force'
    return guards === 'lost' ? 'unknown' : 'guards not recorded'
  })
}

/** In force or not. An exception is none, also one that is only monitored, nor is what had expired or stands for a page. */
function isBlockRule({ status, isAllow }: Explanation): boolean {
  return !isAllow && (status === 'blocks' || status === 'monitored' || status === 'quarantined')
}

interface Span {
  readonly line: HistoryLine
  readonly startMs: number
  readonly endMs: number | null
  readonly until: string | null
}

function spansOf(lines: readonly HistoryLine[]): Span[] {
  // From the end, so that what follows each is known.
  const following = new Map<string, string>()
  const spans: Span[] = []
  for (const line of lines.toReversed()) {
    const until = following.get(line.feed) ?? null
    following.set(line.feed, line.at)
    if (line.act === 'in force')
      spans.push({ line, startMs: Date.parse(line.at), endMs: until === null ? null : Date.parse(until), until })
  }
  return spans.reverse()
}

interface Asked {
  readonly subject: Subject
  readonly dayMs: number
  readonly changes: readonly UrgentChange[]
}

function versionProof(
  dataFolder: string,
  { line, until, startMs, endMs }: Span,
  { subject, dayMs, changes }: Asked,
): VersionProof {
  const { feed, seq, sha256, serial, at: from } = line
  const facts = { feed, seq, sha256, serial, from, until }
  const fromMs = Math.max(startMs, dayMs)
  const found = entriesOf(dataFolder, line, subject, fromMs)
  if (typeof found === 'string') return { ...facts, entries: null, guards: 'lost', exceptions: [], problem: found }
  const guarded = asGuarded(dataFolder, line, found)
  const untilMs = Math.min(endMs ?? Infinity, dayMs + DAY_MS)
  const entries = guarded.entries.map(entry => ({
    ...entry,
    isLifted: entry.status === 'blocks' && isLifted(changes, entry.name, fromMs, untilMs),
  }))
  return { ...facts, ...guarded, entries }
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
    return entriesAbout(subject, feed, sink => {
      const report = loadFeed(feed, source, sink, { now, clock: () => 0, withUrls: true })
      if (report.sha256 !== line.sha256) throw new FeedRefused(`${source.path} is not what history says of it`)
      return report
    })
  } catch (error) {
    if (error instanceof FeedRefused) return error.message
    throw error
  }
}
