/** The lists that stand elsewhere: a fetcher for each, made from the settings. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatEndpoint } from '../settings/address.ts'
import type { Settings } from '../settings/settings.ts'
import { resolverOf } from './remote/destination.ts'
import { Fetcher, type FetchState } from './remote/fetcher.ts'

/** What a start waits for lists that it has no copy of. */
const FIRST_FETCH_MS = 10_000

export class Fetchers {
  private readonly all: readonly Fetcher[]

  constructor(settings: Settings, version: string, onProblem: (feed: string, problem: string) => void) {
    const { fetch, upstreams } = settings
    const servers = fetch.bootstrap.length > 0 ? fetch.bootstrap : upstreams
    const resolve = resolverOf(servers.map(formatEndpoint))
    this.all = settings.feeds.flatMap(({ name, source, remote, signature }) =>
      remote === null
        ? []
        : [
            new Fetcher({
              feed: name,
              ...remote,
              path: source,
              isSigned: signature !== null,
              timeoutMs: fetch.timeoutMs,
              octetsMax: fetch.octetsMax,
              agentName: `qalqan/${version}`,
              resolve,
              now: Date.now,
              random: () => randomBytes(1)[0]! / 256,
              onProblem,
            }),
          ],
    )
  }

  /** Fetches everything; resolves when what there is no copy of has come, or has had its time. Never rejects. */
  async start(): Promise<void> {
    const missing = this.all.filter(fetcher => !fetcher.hasCopy)
    const fetched = new Map(this.all.map(fetcher => [fetcher, fetcher.refresh()]))
    if (missing.length === 0) return
    await Promise.race([
      Promise.all(missing.map(fetcher => fetched.get(fetcher))),
      sleep(FIRST_FETCH_MS, undefined, { ref: false }),
    ])
  }

  /** Null: all of them. */
  refresh(feed: string | null = null): void {
    for (const fetcher of this.all) if (feed === null || fetcher.feed === feed) void fetcher.refresh()
  }

  states(): FetchState[] {
    return this.all.map(fetcher => fetcher.state())
  }

  close(): void {
    for (const fetcher of this.all) fetcher.close()
  }
}
