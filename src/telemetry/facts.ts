/** The main thread's facts for telemetry, gathered from those who own them. */
import type { FeedReport } from '../feeds/report.ts'
import { isInForce } from '../feeds/report.ts'
import type { AppealFacts, ControlFacts, FeedFacts, FetchFacts, HealthFacts } from './control-facts.ts'

export interface FactSources {
  readonly version: string
  readonly keeper: {
    readonly states: ReadonlyMap<
      string,
      {
        readonly report: FeedReport | null
        readonly lastAttemptAt: number | null
        readonly lastSuccessAt: number | null
        readonly failures: Readonly<Record<string, number>>
      }
    >
    notInForce(): string | null
  }
  readonly urgent: { notInForce(): string | null }
  readonly fetchers: { states(): readonly FetchFacts[] }
  readonly log: { linesDropped(): number }
  readonly pool: { readonly alive: number; readonly restarts: number }
  current(): { readonly image: SharedArrayBuffer; readonly seconds: number; readonly generation: number } | null
  names(): number
  /** Feeds that need signatures. */
  readonly signed: ReadonlySet<string>
  appeals(): AppealFacts | null
}

export function controlFacts(sources: FactSources): ControlFacts & HealthFacts {
  const { keeper, urgent, log, pool, version } = sources
  return {
    version,
    feeds: () => [...keeper.states].map(([name, state]) => feedFacts(name, state, sources.signed)),
    appeals: () => sources.appeals(),
    fetches: () => sources.fetchers.states(),
    image() {
      const own = sources.current()
      if (own === null) return null
      return {
        bytes: own.image.byteLength,
        names: sources.names(),
        buildSeconds: own.seconds,
        generation: own.generation,
      }
    },
    workerRestarts: () => pool.restarts,
    logLinesDropped: () => log.linesDropped(),
    workersAlive: () => pool.alive,
    notReadyBecause: () =>
      sources.current() === null ? 'feeds are not compiled yet' : (keeper.notInForce() ?? urgent.notInForce()),
  }
}

type State = FactSources['keeper']['states'] extends ReadonlyMap<string, infer T> ? T : never

function feedFacts(
  name: string,
  { report, lastAttemptAt, lastSuccessAt, failures }: State,
  signed: ReadonlySet<string>,
): FeedFacts {
  const isUsed = report !== null && isInForce(report)
  return {
    name,
    entries: {
      block: isUsed ? report.blocked : 0,
      allow: isUsed ? report.allowed : 0,
      page: isUsed ? report.pages : 0,
      skipped: isUsed ? report.skipped : 0,
      bad: report?.bad ?? 0,
      expired: isUsed ? report.expired : 0,
    },
    lastAttemptAt,
    lastSuccessAt,
    up: report !== null && report.failure === null,
    fromLastGood: report?.fromLastGood ?? false,
    isHeld: report?.isHeld ?? false,
    isSigned: signed.has(name) ? (report?.signedBy ?? null) !== null : null,
    failures,
    quarantined: report?.quarantined ?? {},
  }
}
