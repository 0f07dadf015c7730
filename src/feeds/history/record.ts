/** After a compilation: what has come into force or gone is written into the history, and its versions into the archive. */
import type { FeedSettings } from '../../settings/settings.ts'
import { type Decision, pinnedVersion } from '../decisions.ts'
import { openCopyOf } from '../last-good.ts'
import { type FeedReport, isInForce } from '../report.ts'
import { archive, type Keeping, type KeptVersion, prune } from './archive.ts'
import { appendHistory, type Change, type HistoryLine, readHistory, versionsInForce } from './chain.ts'

export interface RecordOrders {
  readonly dataFolder: string
  readonly feeds: readonly FeedSettings[]
  readonly decisions: readonly Decision[]
  readonly keeping: Keeping
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

/** Resolves with what went wrong; nothing here keeps a list from being in force. */
export async function recordVersions(reports: readonly FeedReport[], orders: RecordOrders): Promise<string[]> {
  const problems: string[] = []
  const attempt = async (what: string, act: () => void | Promise<void>) => {
    try {
      await act()
    } catch (error) {
      problems.push(`${what}: ${(error as Error).message}`)
    }
  }
  await attempt('history', () => appendHistory(orders.dataFolder, changesSince(reports, orders)))
  if (orders.keeping.keepMs > 0)
    for (const report of reports)
      await attempt(`a version of ${report.name} is not kept`, () => keepVersion(report, orders))
  await attempt('the archive', () => prune(orders.dataFolder, keptVersions(orders), orders.keeping, orders.nowMs))
  return problems
}

/** What is in force now and was not, and what is not any more. */
function changesSince(reports: readonly FeedReport[], { dataFolder, feeds, nowMs }: RecordOrders): Change[] {
  const known = versionsInForce(readHistory(dataFolder).lines)
  const at = new Date(nowMs).toISOString()
  const came = reports.flatMap((report, i) => {
    if (!isInForce(report) || known.get(report.name)?.sha256 === report.sha256) return []
    const { name: feed, sha256, serial, blocked: block, allowed: allow } = report
    const { format, mode, class: ruleClass, category, scope, subdomains, answer } = feeds[i]!
    const reading = { format: report.format ?? format, mode, class: ruleClass, category, scope, subdomains, answer }
    return [{ at, feed, act: 'in force' as const, sha256, serial, block, allow, reading }]
  })
  const now = new Set(reports.filter(isInForce).map(report => report.name))
  const went = [...known.values()]
    .filter(line => !now.has(line.feed))
    .map(({ v: _v, seq: _seq, before: _before, ...line }) => ({ ...line, at, act: 'out of force' as const }))
  return [...came, ...went]
}

async function keepVersion(report: FeedReport, { dataFolder, feeds }: RecordOrders): Promise<void> {
  const feed = feeds.find(own => own.name === report.name)
  if (feed === undefined || !isInForce(report) || report.pinned !== null) return
  const copy = openCopyOf(dataFolder, feed, report.sha256)
  if (copy === null) return
  try {
    await archive(dataFolder, feed.name, copy.sha256, copy.file)
  } finally {
    copy.file.close()
  }
}

function keptVersions({ dataFolder, decisions }: RecordOrders): KeptVersion[] {
  const { lines } = readHistory(dataFolder)
  const inForce = versionsInForce(lines)
  const ends = new Map<string, KeptVersion>()
  const newest = new Map<string, HistoryLine>()
  for (const line of lines) {
    const before = newest.get(line.feed)
    if (before !== undefined) ends.set(keyOf(before), { ...before, endedMs: Date.parse(line.at) })
    newest.set(line.feed, line)
  }
  for (const line of inForce.values()) ends.set(keyOf(line), { ...line, endedMs: null })
  for (const feed of newest.keys()) {
    const pinned = pinnedVersion(decisions, feed)
    if (pinned !== null) ends.set(keyOf(pinned), { feed, sha256: pinned.sha256, endedMs: null })
  }
  return [...ends.values()]
}

function keyOf({ feed, sha256 }: { readonly feed: string; readonly sha256: string }): string {
  return `${feed} ${sha256}`
}
