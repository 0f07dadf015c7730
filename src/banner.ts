/** What `qalqan serve` says when it serves: what it listens on, what it loaded, and a line to try. */
import { VERSION } from './about.ts'
import { type FeedReport, isInForce } from './feeds/report.ts'
import type { Endpoint, Settings } from './settings/settings.ts'

export interface BannerFacts {
  readonly driver: 'batch' | 'dgram'
  /** Names in the filter image. */
  readonly names: number
  readonly keeper: { readonly states: ReadonlyMap<string, { readonly report: FeedReport | null }> }
}

export function banner(settings: Settings, { driver, names, keeper }: BannerFacts): string {
  const reports = [...keeper.states.values()].flatMap(({ report }) => report ?? [])
  const lines = [
    `Qalqan ${VERSION} serves ${settings.file}`,
    ...settings.listen.map(
      own => `  DNS      ${endpointText(own)} UDP and TCP${own.policy === null ? '' : `, policy ${own.policy}`}`,
    ),
    `  workers  ${settings.workers}, ${driver === 'batch' ? 'datagrams by the batch' : 'datagrams one at a time'}`,
    `  upstream ${settings.upstreams.map(endpointText).join(', ') || 'none: names that are not blocked get SERVFAIL'}`,
    ...reports.map(feedLine),
    `  filter   ${names.toLocaleString('en')} names`,
    ...endpointLine('page', settings.http.page),
    ...endpointLine('tls', settings.http.tls?.endpoint ?? null, 'https'),
    ...endpointLine('admin', settings.http.admin),
  ]
  const first = settings.listen[0]
  const example = exampleName(settings, reports)
  return first === undefined
    ? lines.join('\n')
    : [...lines, `Try: dig @${first.address} -p ${first.port} ${example}`].join('\n')
}

function feedLine(report: FeedReport): string {
  if (!isInForce(report)) return `  feed     ${report.name}: NOT IN FORCE, ${report.failure}`
  const counts = [
    `${report.blocked.toLocaleString('en')} blocked`,
    ...(report.allowed > 0 ? [`${report.allowed} excepted`] : []),
    ...(report.pages > 0 ? [`${report.pages} page scope`] : []),
    ...(report.expired > 0 ? [`${report.expired} expired`] : []),
    ...(report.bad > 0 ? [`${report.bad} bad lines`] : []),
  ]
  const age = report.fromLastGood ? `, from its last good copy: ${report.failure}` : ''
  return `  feed     ${report.name}: ${counts.join(', ')}${age}`
}

function endpointLine(what: string, endpoint: Endpoint | null, scheme = 'http'): string[] {
  return endpoint === null ? [] : [`  ${what.padEnd(8)} ${scheme}://${endpointText(endpoint)}/`]
}

export function endpointText({ address, family, port }: Endpoint): string {
  return family === 6 ? `[${address}]:${port}` : `${address}:${port}`
}

/** A name that is answered here without any upstream, if there is one. */
function exampleName(settings: Settings, reports: readonly FeedReport[]): string {
  return settings.records[0]?.name ?? (reports.length > 0 ? 'localhost' : 'example.com')
}
