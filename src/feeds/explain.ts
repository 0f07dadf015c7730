/**
 * Which entries of which feeds speak about a name, an address in answers or a client: for `qalqan explain`.
 *
 * Reads every feed again through the same readers that fill the image, with a sink that keeps only what covers that. So it says what the
 * files say, line by line, also what blocks nothing: pages of the host, and entries that have expired.
 */
import type { RuleClass } from '../images/classes.ts'
import type { FeedSettings } from '../settings/settings.ts'
import { nameToText } from '../wire/name.ts'
import { type CompileOptions, compileFeed, type FeedTarget } from './compile.ts'
import { BELOW, type EntryDetail, EXACT, type Extent, type Network } from './entry.ts'
import type { QuarantineReason } from './guards/never-block.ts'
import type { QuarantineListener } from './guards/quarantine.ts'
import { isWithin, networkText } from './network.ts'
import type { FeedSink } from './reader.ts'
import type { FeedReport } from './report.ts'

export const STATUSES = ['blocks', 'allows', 'monitored', 'page scope', 'expired', 'quarantined'] as const
export type Status = (typeof STATUSES)[number]

export interface Explanation {
  readonly feed: string
  readonly ruleClass: RuleClass
  readonly category: string
  readonly status: Status
  /** An exception, which blocks nothing whatever its status: monitored or expired it may be as rules to block are. */
  readonly isAllow: boolean
  /** The name in the entry, as text; or the network, as `192.0.2.0/24`. */
  readonly name: string
  /** Only of a network: whose addresses. */
  readonly addresses?: Network['of']
  readonly extent: Extent
  readonly line: number
  readonly detail: EntryDetail | null
  /** Which guard keeps it back; only where one does. */
  readonly guard?: QuarantineReason
  /** The feed's source failed; this is from its last good copy. */
  readonly fromLastGood: boolean
}

export interface Explained {
  /** In the order of the feeds, then of the lines. */
  readonly entries: readonly Explanation[]
  readonly reports: readonly FeedReport[]
}

/** What entries are looked for; each may be left out. */
export interface Subject {
  /** Wire form, lower case. */
  readonly name?: Uint8Array
  /** An address in answers, and one that asks: 16 octets, IPv4 below ::ffff:0:0/96. */
  readonly answer?: Uint8Array
  readonly client?: Uint8Array
}

/** Writes nothing, not even last good copies. */
export function explainSubject(subject: Subject, feeds: readonly FeedSettings[], options: CompileOptions): Explained {
  const entries: Explanation[] = []
  const reports: FeedReport[] = []
  for (const feed of feeds) {
    const found = entriesAbout(subject, feed, target => {
      const report = compileFeed(feed, { ...options, keep: false, withUrls: true }, target)
      reports.push(report)
      return report
    })
    entries.push(...found)
  }
  return { entries, reports }
}

/** What a feed says, in the order of its lines; `read` reads it. */
export function entriesAbout(
  subject: Subject,
  feed: FeedSettings,
  read: (target: FeedTarget & FeedSink) => FeedReport,
): Explanation[] {
  const sink = new CoveringSink(subject)
  const report = read(sink)
  return sink.found.sort((a, b) => a.line - b.line).map(entry => explanation(feed, report, entry))
}

/** What a rule of a feed that is only monitored would be. */
const DECIDING: readonly Status[] = ['blocks', 'allows']

type Found = Pick<Explanation, 'status' | 'isAllow' | 'name' | 'addresses' | 'extent' | 'line' | 'detail' | 'guard'>

function explanation(feed: FeedSettings, report: FeedReport, found: Found): Explanation {
  return {
    feed: feed.name,
    ruleClass: found.detail?.ruleClass ?? feed.class,
    category: found.detail?.category ?? feed.category,
    ...found,
    status: feed.mode === 'monitor' && DECIDING.includes(found.status) ? 'monitored' : found.status,
    fromLastGood: report.fromLastGood,
  }
}

const BLOCK = { status: 'blocks', isAllow: false } as const
const ALLOW = { status: 'allows', isAllow: true } as const

/** Keeps what covers one subject. Nearly every entry is dismissed by its length alone. */
class CoveringSink implements FeedSink, FeedTarget, QuarantineListener {
  readonly name = new Uint8Array(256)
  readonly sink = this
  found: Found[] = []
  private readonly subject: Subject
  private readonly asked: Uint8Array
  /** By octets that an entry's name has: whether the asked name has a suffix of so many that begins with a label. */
  private readonly suffixes = new Uint8Array(256)

  constructor(subject: Subject) {
    const asked = subject.name ?? new Uint8Array(1)
    this.subject = subject
    this.asked = asked
    for (let at = 0; asked[at]! > 0; at += asked[at]! + 1) this.suffixes[asked.length - at] = 1
  }

  block(nameLength: number, extent: Extent, detail: EntryDetail | null, line: number): void {
    if (this.covers(nameLength, extent)) this.keep(BLOCK, nameLength, extent, detail, line)
  }

  allow(nameLength: number, extent: Extent, detail: EntryDetail | null, line: number): void {
    if (this.covers(nameLength, extent)) this.keep(ALLOW, nameLength, extent, detail, line)
  }

  page(nameLength: number, detail: EntryDetail | null, line: number): void {
    if (this.covers(nameLength, EXACT))
      this.keep({ status: 'page scope', isAllow: false }, nameLength, EXACT, detail, line)
  }

  expired(nameLength: number, extent: Extent, detail: EntryDetail, line: number, isAllow: boolean): void {
    if (this.covers(nameLength, extent)) this.keep({ status: 'expired', isAllow }, nameLength, extent, detail, line)
  }

  quarantined(
    nameLength: number,
    extent: Extent,
    detail: EntryDetail | null,
    line: number,
    guard: QuarantineReason,
  ): void {
    if (this.covers(nameLength, extent))
      this.keep({ status: 'quarantined', isAllow: false, guard }, nameLength, extent, detail, line)
  }

  prefix(network: Network, isAllow: boolean, detail: EntryDetail | null, line: number): void {
    const asked = network.of === 'clients' ? this.subject.client : this.subject.answer
    if (asked === undefined || !isWithin(asked, network)) return
    const name = networkText(network)
    this.found.push({ ...(isAllow ? ALLOW : BLOCK), name, addresses: network.of, extent: EXACT, line, detail })
  }

  skip(): void {}
  bad(): void {}
  expiresAt(): void {}

  undo(): void {
    this.found = []
  }

  private covers(length: number, extent: Extent): boolean {
    if (this.suffixes[length] === 0) return false
    if (extent === EXACT && length !== this.asked.length) return false
    if (extent === BELOW && length === this.asked.length) return false
    const from = this.asked.length - length
    for (let i = 0; i < length; i++) if (this.name[i] !== this.asked[from + i]) return false
    return true
  }

  private keep(
    what: Pick<Found, 'status' | 'isAllow' | 'guard'>,
    length: number,
    extent: Extent,
    detail: EntryDetail | null,
    line: number,
  ): void {
    this.found.push({ ...what, name: nameToText(this.name.slice(0, length)), extent, line, detail })
  }
}
