/** Facts of the main thread for tests, as a running resolver would have them. */
import type { ControlFacts, FeedFacts } from '../../src/telemetry/control-facts.ts'

export const FEED: FeedFacts = {
  name: 'hotline',
  entries: { block: 101, allow: 2, page: 3, skipped: 4, bad: 5, expired: 6 },
  lastSuccessAt: 1_790_000_000,
  lastAttemptAt: 1_790_000_100,
  up: false,
  fromLastGood: true,
  isHeld: true,
  isSigned: false,
  failures: { form: 2, held: 1 },
  quarantined: { 'public-suffix': 2 },
}

export function controlFacts(changed: Partial<ControlFacts> = {}): ControlFacts {
  return {
    version: '0.1.0',
    feeds: () => [FEED],
    image: () => ({ bytes: 3200, names: 100, buildSeconds: 0.25, generation: 7 }),
    fetches: () => [
      { feed: 'fetched', lastSuccessAt: 1, failures: { dns: 0, tls: 2 }, zone: { serial: 7, isExpired: false } },
    ],
    appeals: () => ({ states: { open: 3, upheld: 1, rejected: 2 }, overdue: 1 }),
    workerRestarts: () => 1,
    logLinesDropped: () => 9,
    ...changed,
  }
}
