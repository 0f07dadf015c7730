/** After a compilation: what has come into force or gone is written into the history, and its versions into the archive. */
import { isDeepStrictEqual } from 'node:util'
import type { FeedSettings } from '../../settings/settings.ts'
import { type Decision, pinnedVersion } from '../decisions.ts'
import { exceptionsByName, type GuardException } from '../guards/exception.ts'
import type { KeptBack, KeptBackList } from '../guards/kept-back.ts'
import { openCopyOf } from '../last-good.ts'
import { type FeedReport, isInForce } from '../report.ts'
import {
  archive,
  archivedOf,
  type HasArchived,
  type Keeping,
  type KeptVersion,
  memorySource,
  prune,
} from './archive.ts'
import { appendHistory, type Change, type GuardRecord, readHistory, versionsInForce } from './chain.ts'

export interface RecordOrders {
  readonly dataFolder: string
  readonly feeds: readonly FeedSettings[]
  readonly decisions: readonly Decision[]
  readonly keeping: Keeping
  /** What guards kept back, by feed. */
  readonly keptBack: readonly KeptBack[]
  /** Of guards, in force or ended. */
  readonly exceptions: readonly GuardException[]
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

/** Returns what went wrong; nothing here keeps a list from being in force. `reports` are in the order of the feeds. */
export function recordVersions(reports: readonly FeedReport[], orders: RecordOrders): string[] {
  const problems: string[] = []
  const attempt = (what: string, act: () => void) => {
    try {
      act()
    } catch (error) {
      problems.push(`${what}: ${(error as Error).message}`)
    }
  }
  const { dataFolder, keeping, nowMs } = orders
  const lists = orders.keptBack.map(own => own.list())
  attempt('history', () => appendHistory(dataFolder, changesSince(reports, lists, orders)))
  if (keeping.keepMs > 0)
    for (const [i, report] of reports.entries()) {
      attempt(`a version of ${report.name} is not kept`, () => keepVersion(report, orders))
      attempt(`what guards kept back of ${report.name} is not kept`, () => keepList(report, lists[i]!, orders))
    }
  attempt('the archive', () => prune(dataFolder, keptVersions(orders), keeping, nowMs))
  return problems
}

/** What is in force now and was not, or not like this, and what is not any more. */
function changesSince(
  reports: readonly FeedReport[],
  lists: readonly (KeptBackList | null)[],
  { dataFolder, feeds, exceptions, nowMs }: RecordOrders,
): Change[] {
  const known = versionsInForce(readHistory(dataFolder).lines)
  const at = new Date(nowMs).toISOString()
  const byName = exceptionsByName(exceptions)
  const came = reports.flatMap((report, i) => {
    if (!isInForce(report)) return []
    const { name: feed, sha256, serial, blocked: block, allowed: allow } = report
    const { format, mode, class: ruleClass, category, scope, subdomains, answer } = feeds[i]!
    const reading = { format: report.format ?? format, mode, class: ruleClass, category, scope, subdomains, answer }
    const guards = guardRecord(report, lists[i]!, byName)
    const change = { at, feed, act: 'in force' as const, sha256, serial, block, allow, reading, guards }
    const before = known.get(feed)
    return before !== undefined && isSame(before, change) ? [] : [change]
  })
  const now = new Set(reports.filter(isInForce).map(report => report.name))
  const went = [...known.values()]
    .filter(line => !now.has(line.feed))
    .map(({ v: _v, seq: _seq, before: _before, ...line }) => ({ ...line, at, act: 'out of force' as const }))
  return [...came, ...went]
}

function guardRecord(
  { quarantined, spared }: FeedReport,
  list: KeptBackList | null,
  byName: ReadonlyMap<string, GuardException>,
): GuardRecord {
  return {
    quarantined: Object.fromEntries(Object.entries(quarantined).filter(([, count]) => count > 0)),
    list: list?.sha256 ?? null,
    spared: Object.entries(spared).map(([name, rules]) => ({ ...byName.get(name)!, rules })),
  }
}

/** Whether a line says already what would be said: the same octets, read the same way, with the same rules kept back. */
function isSame(line: Change, { sha256, reading, guards }: Change): boolean {
  const asWritten: unknown = JSON.parse(JSON.stringify({ sha256, reading, guards }))
  return isDeepStrictEqual({ sha256: line.sha256, reading: line.reading, guards: line.guards }, asWritten)
}

function keepVersion(report: FeedReport, { dataFolder, feeds }: RecordOrders): void {
  const feed = feeds.find(own => own.name === report.name)
  if (feed === undefined || !isInForce(report) || report.pinned !== null) return
  const copy = openCopyOf(dataFolder, feed, report.sha256)
  if (copy === null) return
  try {
    archive(dataFolder, feed.name, copy.sha256, copy.file)
  } finally {
    copy.file.close()
  }
}

function keepList(report: FeedReport, list: KeptBackList | null, { dataFolder }: RecordOrders): void {
  if (list === null || !isInForce(report)) return
  archive(dataFolder, report.name, list.sha256, memorySource(`what is kept back of ${report.name}`, list.octets))
}

function keptVersions({ dataFolder, decisions }: RecordOrders): KeptVersion[] {
  const { lines } = readHistory(dataFolder)
  const ends = new Map<string, KeptVersion>()
  const end = (line: HasArchived, endedMs: number | null) => {
    for (const sha256 of archivedOf(line)) ends.set(`${line.feed} ${sha256}`, { feed: line.feed, sha256, endedMs })
  }
  const newest = new Map<string, Change>()
  for (const line of lines) {
    const before = newest.get(line.feed)
    if (before !== undefined) end(before, Date.parse(line.at))
    newest.set(line.feed, line)
  }
  for (const line of versionsInForce(lines).values()) end(line, null)
  for (const feed of newest.keys()) {
    const pinned = pinnedVersion(decisions, feed)
    if (pinned !== null) end(pinned, null)
  }
  return [...ends.values()]
}
