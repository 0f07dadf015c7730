/** `qalqan feeds status`: the feeds as they are on disk now, and the exceptions of guards. Reads every feed as the server would; writes nothing. */
import { endText, type GuardException, hasEnded } from './feeds/guards/exception.ts'
import { readOnly, reportOn } from './feeds/read-only.ts'
import { type FeedReport, isInForce } from './feeds/report.ts'
import type { FeedSettings, Settings } from './settings/settings.ts'

export interface FeedStatus {
  readonly name: string
  readonly state: 'in force' | 'held back' | 'last good' | 'rolled back' | 'not in force'
  /** `monitor`: its rules are only counted. */
  readonly mode: FeedSettings['mode']
  readonly block: number
  readonly allow: number
  readonly quarantined: Readonly<Record<string, number>>
  readonly bad: number
  readonly serial: number | null
  /** Of the version that counts, hexadecimal. */
  readonly sha256: string
  readonly signedBy: readonly string[] | null
  readonly problem: string | null
  readonly warnings: readonly string[]
}

export type ExceptionStatus = GuardException & {
  readonly state: 'in force' | 'ended'
  /** Rules that count because of it. */
  readonly rules: number
}

export interface Status {
  readonly feeds: readonly FeedStatus[]
  readonly exceptions: readonly ExceptionStatus[]
}

export function feedsStatus(
  settings: Settings,
  nowMs: number,
  onProgress: (done: number, of: number) => void = () => {},
): Status {
  const options = readOnly(settings, nowMs)
  const reports = settings.feeds.map((feed, i) => {
    onProgress(i, settings.feeds.length)
    return reportOn(feed, options)
  })
  const exceptions = settings.guards.exceptions.map(
    own =>
      ({
        ...own,
        state: hasEnded(own, options.now) ? 'ended' : 'in force',
        rules: reports.reduce((sum, { spared }) => sum + (spared[own.name] ?? 0), 0),
      }) as const,
  )
  return { feeds: reports.map((report, i) => statusOf(settings.feeds[i]!.mode, report)), exceptions }
}

function statusOf(mode: FeedSettings['mode'], report: FeedReport): FeedStatus {
  const { name, blocked: block, allowed: allow, quarantined, bad, serial, sha256, signedBy, failure, pinned } = report
  const problem = failure ?? (pinned === null ? null : `by ${pinned.by} on ${pinned.at}; feeds approve ${name} ends it`)
  const { warnings } = report
  return {
    name,
    state: stateOf(report),
    mode,
    block,
    allow,
    quarantined,
    bad,
    serial,
    sha256,
    signedBy,
    problem,
    warnings,
  }
}

function stateOf(report: FeedReport): FeedStatus['state'] {
  if (report.isHeld) return 'held back'
  if (report.pinned !== null) return 'rolled back'
  if (report.fromLastGood) return 'last good'
  return isInForce(report) ? 'in force' : 'not in force'
}

/** For a person, a line a feed and one for each problem. */
export function statusText({ feeds, exceptions }: Status): string {
  const width = Math.max(...feeds.map(own => own.name.length), 0)
  const lines = feeds.flatMap(own => [
    lineOf(own, width),
    ...(own.problem === null ? [] : [`  ${own.problem}`]),
    ...own.warnings.map(warning => `  warning: ${warning}`),
  ])
  const none = feeds.length === 0 ? ['the configuration has no feeds'] : []
  return [...none, ...lines, ...exceptions.map(exceptionLine)].join('\n')
}

function lineOf({ name, state, mode, block, allow, quarantined, bad }: FeedStatus, width: number): string {
  const kept = Object.entries(quarantined).filter(([, count]) => count > 0)
  const reasons = kept.map(([reason, count]) => `${count} ${reason}`).join(', ')
  const more = [
    mode === 'monitor' ? 'only monitored' : '',
    reasons === '' ? '' : `quarantined: ${reasons}`,
    bad === 0 ? '' : `${bad} bad lines`,
  ]
  return [`${name.padEnd(width)}  ${state}`, `${block} blocks`, `${allow} exceptions`, ...more]
    .filter(own => own !== '')
    .join(', ')
}

function exceptionLine(own: ExceptionStatus): string {
  const what = own.state === 'ended' ? 'has ended, the guard holds again' : `rules that count by it: ${own.rules}`
  return `guards: exception for ${own.name} by ${own.by}, ${endText(own)}: ${what} (${own.reason})`
}
