/**
 * Whether a name, an address in answers or a client was listed on a day: every version that was in force then is read again, as it was read then, and checked against the hash that
 * history has of it. Urgent changes count as well.
 */
import { type Explanation, entriesAbout, type Subject } from '../explain.ts'
import { loadFeed } from '../load-feed.ts'
import { FeedRefused } from '../reader.ts'
import { readUrgentChanges, type UrgentChange } from '../urgent.ts'
import { openArchived } from './archive.ts'
import { type HistoryLine, readHistory } from './chain.ts'

const DAY_MS = 86_400_000

export interface VersionProof {
  readonly feed: string
  readonly seq: number
  readonly sha256: string
  readonly serial: number | null
  /** ISO 8601; the second is null while it lasts. */
  readonly from: string
  readonly until: string | null
  /** Entries that speak of it; null where the version cannot be read any more. */
  readonly entries: readonly Explanation[] | null
  readonly problem: string | null
}

export interface Proof {
  /** Or an address. */
  readonly name: string
  /** `2026-11-20`, in UTC. */
  readonly on: string
  readonly isListed: boolean
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
  const versions = spans.map((span, i) => {
    onProgress(i, spans.length)
    return versionProof(dataFolder, span, subject, fromMs)
  })
  const urgent = subject.name === undefined ? [] : urgentOn(dataFolder, shown, fromMs)
  const blocks = versions.some(own => own.entries?.some(entry => entry.status === 'blocks'))
  return {
    name: shown,
    on,
    isListed: blocks || urgent.some(change => change.action === 'block'),
    versions,
    urgent,
    history: { lines: lines.length, head, problems },
  }
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

function versionProof(
  dataFolder: string,
  { line, until, startMs }: Span,
  subject: Subject,
  dayMs: number,
): VersionProof {
  const { feed, seq, sha256, serial, at: from } = line
  const found = entriesOf(dataFolder, line, subject, Math.max(startMs, dayMs))
  return typeof found === 'string'
    ? { feed, seq, sha256, serial, from, until, entries: null, problem: found }
    : { feed, seq, sha256, serial, from, until, entries: found, problem: null }
}

/** As they counted at this time; or why they cannot be told. */
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

/** What held at the end of the day, and blocks that held during it. */
function urgentOn(dataFolder: string, name: string, fromMs: number): UrgentChange[] {
  const held: UrgentChange[] = []
  const state = new Map<string, UrgentChange>()
  for (const change of readUrgentChanges(dataFolder)) {
    const atMs = Date.parse(change.at)
    const isAbout =
      name === change.name ||
      (name.endsWith(`.${change.name}`) && !(change.action === 'block' && change.exact === true))
    if (!isAbout || atMs >= fromMs + DAY_MS) continue
    const before = state.get(change.name)
    if (before !== undefined && atMs > fromMs) held.push(before)
    if (change.action === 'unblock') state.delete(change.name)
    else state.set(change.name, change)
  }
  return [...held, ...state.values()]
}
