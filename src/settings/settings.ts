/**
 * The settled configuration: defaults filled, units resolved, paths absolute, names in A-labels, frozen. The third of three
 * types (read, checked, settled); nothing outside this folder sees the first two.
 */
import type { GuardException } from '../feeds/guards/exception.ts'
import type { TsigAlgorithm } from '../feeds/transfer/tsig.ts'
import type { AnswerMode, RuleClass } from '../images/classes.ts'

/** An IP literal without brackets, and a port. */
export interface Endpoint {
  readonly address: string
  readonly family: 4 | 6
  readonly port: number
}

export interface ListenSettings extends Endpoint {
  /** The policy for whoever asks here, before any client prefix; null where the client's address decides. */
  readonly policy: string | null
}

export interface ForwardSettings {
  /** Lower-case A-labels, no final dot. */
  readonly zone: string
  readonly servers: readonly Endpoint[]
}

/** How names of one class are answered. */
export interface ClassBlocking {
  readonly answer: AnswerMode
  readonly ttlSeconds: number
}

export interface LocalRecord {
  /** Lower-case A-labels, no final dot. */
  readonly name: string
  readonly address: string
  readonly family: 4 | 6
}

export const FEED_FORMATS = [
  'auto',
  'qalqan',
  'domains',
  'hosts',
  'adblock',
  'rpz',
  'dnsmasq',
  'unbound',
  'urls',
] as const
export type FeedFormat = (typeof FEED_FORMATS)[number]

export interface FeedSettings {
  readonly name: string
  /** An absolute path: of the file, or of the local copy of what is fetched. */
  readonly source: string
  /** Where the copy is fetched from; null: the source is a file. */
  readonly remote: { readonly url: string; readonly refreshMs: number; readonly allowPrivate: boolean } | null
  /** The zone that the copy is taken of by transfer; null: it is none. */
  readonly transfer: {
    /** Lower-case A-labels, no final dot. */
    readonly zone: string
    readonly primaries: readonly Endpoint[]
    readonly key: { readonly name: string; readonly algorithm: TsigAlgorithm; readonly secret: string } | null
  } | null
  readonly format: FeedFormat
  /** `monitor`: its rules are counted, and decide nothing. */
  readonly mode: 'enforce' | 'monitor'
  readonly class: RuleClass
  readonly category: string
  /** What a URL entry stands for: its page (blocks nothing), or its whole site. */
  readonly scope: 'page' | 'site'
  /** Whether a bare name covers what is below it; null: as the format has it (hosts files: no; domain lists: yes). */
  readonly subdomains: boolean | null
  /** Overrides `blocking.answer` and whatever the feed's entries ask for; null: as given. */
  readonly answer: AnswerMode | null
  /** By what share of its entries it may change at once, and what share of its lines may be bad; null: any change. */
  readonly limits: { readonly shrink: number; readonly grow: number; readonly bad: number } | null
  /** Public keys as minisign writes them, and how many of them must have signed the list; null: none need to. */
  readonly signature: { readonly keys: readonly string[]; readonly threshold: number } | null
}

export interface PolicySettings {
  readonly name: string
  /** Client prefixes in CIDR form, host bits zero; a single address as /32 or /128. */
  readonly clients: readonly string[]
  readonly categories: readonly string[]
  /** When not empty: only names that a rule of these categories covers resolve. */
  readonly allowOnly: readonly string[]
}

export interface PageAppeal {
  readonly email: string | null
  readonly url: string | null
  readonly phone: string | null
}

/** By language; null: the built-in words. */
export interface PageWords {
  readonly kk: string | null
  readonly ru: string | null
  readonly en: string | null
}

/** What the block page says of blocks of one class. */
export interface PageClass {
  readonly basis: PageWords
  readonly explanation: PageWords
  readonly reviewedBy: string | null
  /** Its own, or the provider's. */
  readonly appeal: PageAppeal
}

export interface Settings {
  /** The file these came from, absolute. */
  readonly file: string
  readonly listen: readonly ListenSettings[]
  /** At least 1. */
  readonly workers: number
  /** Never an address that this resolver itself listens on. Empty when `system` named no server: see `warnings`. */
  readonly upstreams: readonly Endpoint[]
  readonly upstream: {
    /** How long one attempt may take before the next upstream is asked. */
    readonly timeoutMs: number
    /** Attempts for one question, over all upstreams. */
    readonly attempts: number
    readonly strategy: 'balanced' | 'ordered' | 'parallel'
    /** Names are sent in random spelling, which a forged answer would have to guess. */
    readonly mixCase: boolean
  }
  readonly forward: readonly ForwardSettings[]
  readonly access: {
    /** Prefixes in CIDR form. */
    readonly clients: readonly string[]
    /** Proxies in front, in CIDR form, that say for whom they ask. */
    readonly proxies: readonly string[]
    readonly strangersAreDropped: boolean
    readonly rateLimit: {
      readonly perSecond: number
      readonly burst: number
      readonly slip: number
      readonly ipv4Bits: number
      readonly ipv6Bits: number
    } | null
    /** Null: none are given. Secrets are 32 hexadecimal digits each; none: one is made at the start. */
    readonly cookies: { readonly secrets: readonly string[] } | null
    readonly identity: { readonly version: string | null; readonly id: string | null }
    readonly anyIsMinimal: boolean
  }
  readonly rebinding: { readonly protect: boolean; readonly allow: readonly string[] }
  readonly forwardsPrivateReverse: boolean
  readonly records: readonly LocalRecord[]
  readonly blocking: {
    readonly answer: AnswerMode
    readonly page: { readonly ipv4: string | null; readonly ipv6: string | null }
    readonly ttlSeconds: number
    readonly classes: Readonly<Record<RuleClass, ClassBlocking>>
    /** An exception for a name holds for what its aliases lead to as well. */
    readonly exceptionsCoverAliases: boolean
    /** A case's number put behind it is the URL of a page about the case; null: there is none. */
    readonly link: string | null
    /** Null: off. `option`: code by which clients ask for it, beside an empty EDE; 0: only that. */
    readonly structuredErrors: { readonly language: 'kk' | 'ru' | 'en'; readonly option: number } | null
  }
  readonly cache: {
    /** For all workers together. 0 turns the cache off. */
    readonly bytes: number
    readonly ttlSecondsMin: number
    readonly ttlSecondsMax: number
    readonly negativeTtlSecondsMax: number
    /** How long after its time an answer may still be given while upstreams fail; 0: not at all. */
    readonly staleSecondsMax: number
    /** Kept on disk from one run to the next. */
    readonly keep: boolean
  }
  readonly tcp: {
    readonly idleMs: number
    readonly connections: number
    readonly connectionsPerClient: number
  }
  readonly udp: {
    /** The driver: `batch` by recvmmsg and sendmmsg, `dgram` by node:dgram, `auto` the first that works. */
    readonly driver: 'auto' | 'batch' | 'dgram'
  }
  readonly feeds: readonly FeedSettings[]
  readonly fetch: {
    /** For one fetch in all. */
    readonly timeoutMs: number
    readonly octetsMax: number
    /** Servers asked for addresses of lists' hosts; empty: the upstreams. */
    readonly bootstrap: readonly Endpoint[]
    /** A URL; null: none. */
    readonly proxy: string | null
  }
  /** Where primaries are heard; null: nowhere. */
  readonly notify: Endpoint | null
  /** Names that no feed may block, and rules that count all the same; A-labels. */
  readonly guards: {
    readonly protected: readonly string[]
    readonly topList: readonly string[]
    readonly exceptions: readonly GuardException[]
    /** Feeds whose category policies only let through. */
    readonly positiveFeeds: readonly string[]
  }
  readonly history: {
    /** How long a version is kept after another took its place; 0: not at all. */
    readonly keepMs: number
    readonly octetsMax: number
  }
  readonly policies: readonly PolicySettings[]
  readonly http: {
    readonly page: Endpoint | null
    readonly admin: Endpoint | null
    /** Host names under which `admin` is asked. */
    readonly adminNames: readonly string[]
    /** The page's server over TLS as well; files are absolute paths. */
    readonly tls: { readonly endpoint: Endpoint; readonly certificate: string; readonly key: string } | null
  }
  readonly blockPage: {
    /** Who blocks, as visitors know it; null: the page does not name the provider. */
    readonly provider: string | null
    /** Where to object. At least one is set when `http.page` is. */
    readonly appeal: PageAppeal
    /** Where to go instead of a name off a positive list. */
    readonly places: readonly { readonly url: string; readonly title: string }[]
    readonly classes: Readonly<Record<RuleClass, PageClass>>
  }
  /** Null: none are taken. */
  readonly appeals: {
    readonly keepContactSeconds: number
    readonly decideWithinSeconds: number
    readonly perClientMax: number
    readonly openMax: number
  } | null
  /** Null: nothing can be looked up. */
  readonly public: { readonly lookupsPerClient: number; readonly suppressBelow: number } | null
  readonly data: string
  readonly log: { readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent' }
  /** What the operator should know although it is no error, a sentence each. */
  readonly warnings: readonly string[]
}
