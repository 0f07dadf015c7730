/** The lists that stand elsewhere: a fetcher for each, made from the settings. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatEndpoint } from '../settings/address.ts'
import type { Settings } from '../settings/settings.ts'
import { resolverOf } from './remote/destination.ts'
import { Fetcher, type FetchState } from './remote/fetcher.ts'
import { listenForNotifies, type NotifyListener } from './transfer/notify.ts'
import { Transferer } from './transfer/transferer.ts'

/** What a start waits for lists that it has no copy of. */
const FIRST_FETCH_MS = 10_000

interface Fetching {
  readonly feed: string
  readonly hasCopy: boolean
  /** Resolves with whether there is a new version. Never rejects. */
  refresh(): Promise<boolean>
  state(): FetchState
  close(): void
}

type OnProblem = (feed: string, problem: string) => void

export class Fetchers {
  private readonly all: readonly Fetching[]
  private readonly zones: readonly Transferer[]
  private readonly notify: Settings['notify']
  private notifies: NotifyListener | null = null

  constructor(settings: Settings, version: string, onProblem: OnProblem) {
    this.zones = transferersOf(settings, onProblem)
    this.all = [...fetchersOf(settings, version, onProblem), ...this.zones]
    this.notify = settings.notify
  }

  /** Hears primaries, where there are any. Rejects where the address cannot be had. */
  async listen(): Promise<void> {
    if (this.notify !== null && this.zones.length > 0)
      this.notifies = await listenForNotifies(this.notify, this.zones, Date.now)
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

  /** Null: all of them. Resolves, with whether any has a new version, when all have come or failed. Never rejects. */
  async refresh(feed: string | null = null): Promise<boolean> {
    const wanted = this.all.filter(fetcher => feed === null || fetcher.feed === feed)
    const found = await Promise.all(wanted.map(fetcher => fetcher.refresh()))
    return found.includes(true)
  }

  states(): FetchState[] {
    return this.all.map(fetcher => fetcher.state())
  }

  close(): void {
    for (const fetcher of this.all) fetcher.close()
    this.notifies?.close()
  }
}

function fetchersOf({ feeds, fetch, upstreams }: Settings, version: string, onProblem: OnProblem): Fetcher[] {
  const servers = fetch.bootstrap.length > 0 ? fetch.bootstrap : upstreams
  const resolve = resolverOf(servers.map(formatEndpoint))
  return feeds.flatMap(({ name, source, remote, signature }) =>
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
            proxy: fetch.proxy,
            resolve,
            now: Date.now,
            random,
            onProblem,
          }),
        ],
  )
}

function transferersOf({ feeds, fetch }: Settings, onProblem: OnProblem): Transferer[] {
  return feeds.flatMap(({ name, source, transfer }) =>
    transfer === null
      ? []
      : [
          new Transferer({
            feed: name,
            ...transfer,
            path: source,
            timeoutMs: fetch.timeoutMs,
            octetsMax: fetch.octetsMax,
            now: Date.now,
            random,
            newId: () => randomBytes(2).readUInt16BE(),
            onProblem,
          }),
        ],
  )
}

const random = () => randomBytes(1)[0]! / 256
