/**
 * What the main thread knows and telemetry tells: the seam between the wiring and this folder. Every getter is called at each
 * scrape and must be cheap.
 */

/** The last load of one feed, and what of it is in force. Times are seconds since 1970. */
export interface FeedFacts {
  readonly name: string
  /** Rules that block, rules that except, and entries that block nothing: pages, lines that are no DNS rule, bad lines, expired ones. */
  readonly entries: Readonly<Record<FeedEntryKind, number>>
  readonly lastSuccessAt: number | null
  readonly lastAttemptAt: number | null
  /** Whether the last attempt succeeded. */
  readonly up: boolean
  /** Whether what is in force is the copy kept from an earlier success. */
  readonly fromLastGood: boolean
  /** Whether a newer version waits for a person's word. */
  readonly isHeld: boolean
  /** Whether the version read last had the signatures that it needs; null where it needs none. */
  readonly isSigned: boolean | null
  /** Attempts to load it that failed since the start, by cause. */
  readonly failures: Readonly<Record<string, number>>
  /** Rules that may not count, by reason. */
  readonly quarantined: Readonly<Record<string, number>>
}

export const FEED_ENTRY_KINDS = ['block', 'allow', 'page', 'skipped', 'bad', 'expired'] as const
export type FeedEntryKind = (typeof FEED_ENTRY_KINDS)[number]

/** The fetches of one feed. Times are seconds since 1970. */
export interface FetchFacts {
  readonly feed: string
  readonly lastSuccessAt: number | null
  /** Failures by cause. */
  readonly failures: Readonly<Record<string, number>>
  /** Of a zone that is taken by transfer. */
  readonly zone: { readonly serial: number | null; readonly isExpired: boolean } | null
}

export interface ImageFacts {
  readonly bytes: number
  readonly names: number
  readonly buildSeconds: number
  readonly generation: number
}

export interface AppealFacts {
  readonly states: Readonly<Record<string, number>>
  readonly overdue: number
}

export interface ControlFacts {
  /** Null: none are taken. */
  appeals(): AppealFacts | null
  /** Of the product, such as `0.1.0`. */
  readonly version: string
  /** One for each feed of the configuration; names are unique. */
  feeds(): readonly FeedFacts[]
  /** One for each feed that is fetched. */
  fetches(): readonly FetchFacts[]
  /** The newest filter image; null before the first. */
  image(): ImageFacts | null
  /** Workers that died and were replaced. */
  workerRestarts(): number
  /** Log lines thrown away because their reader was too slow. */
  logLinesDropped(): number
}

export interface HealthFacts {
  /** Workers that run now. */
  workersAlive(): number
  /** Why no query should be sent here yet, in a few words without names or addresses; null once feeds are in force. */
  notReadyBecause(): string | null
}
