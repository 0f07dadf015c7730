/** The log's lines about a compilation: one a feed, and the image. Bad lines are named by number; what stands in them is the feed's. */
import type { FeedReport } from '../feeds/report.ts'
import type { Logger } from './log.ts'

const BAD_LINES_LOGGED = 5

export interface CompilationFacts {
  readonly reports: readonly FeedReport[]
  readonly image: { readonly byteLength: number }
  readonly seconds: number
  readonly generation: number
}

export function reportFeeds(log: Logger, { reports, image, seconds, generation }: CompilationFacts): void {
  for (const report of reports) {
    if (report.failure !== null) log.error(failed(report), failureMessage(report))
    else log.info(loaded(report), 'feed loaded')
    if (Object.values(report.quarantined).some(count => count > 0))
      log.warn({ feed: report.name, quarantined: report.quarantined }, 'feed has rules that may not count')
    for (const warning of report.warnings) log.warn({ feed: report.name, warning }, 'feed loaded with a warning')
  }
  log.info({ generation, octets: image.byteLength, seconds: Number(seconds.toFixed(3)) }, 'filter image in force')
}

function failureMessage({ fromLastGood }: FeedReport): string {
  return fromLastGood ? 'feed failed; its last good copy is in force' : 'feed failed and is not in force'
}

function failed(report: FeedReport) {
  const { name: feed, failure: problem, fromLastGood, source } = report
  return fromLastGood ? { feed, problem, inForce: source } : { feed, problem, source }
}

function loaded(report: FeedReport) {
  return {
    feed: report.name,
    format: report.format,
    block: report.blocked,
    allow: report.allowed,
    pageScope: report.pages,
    expired: report.expired,
    skipped: report.skipped,
    bad: report.bad,
    ...(report.bad === 0
      ? {}
      : { badLines: report.badLines.slice(0, BAD_LINES_LOGGED).map(({ line, why }) => `${line}: ${why}`) }),
    milliseconds: Math.round(report.durationMs),
  }
}
