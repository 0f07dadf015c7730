/**
 * From readers to the filter image: turns what a feed's reader says of a name into a rule of the builder. A rule's class comes from its feed
 * unless the entry has one; a category of its own counts where policies know it, otherwise the feed's does, so that an entry with a
 * finer category is never silently out of every policy.
 */
import { ANSWER_MODES, CLASSES } from '../images/classes.ts'
import type { FilterBuilder } from '../images/filter/builder.ts'
import { ALLOW_BIT, ANSWER_AS_SET, ANSWER_DROP, ANSWER_GIVEN, MONITOR_BIT, NO_RULE } from '../images/filter/layout.ts'
import { provenanceText } from '../images/filter/provenance.ts'
import type { FeedSettings } from '../settings/settings.ts'
import { NAME_OCTETS_MAX } from '../wire/name.ts'
import type { EntryDetail, Extent, Network } from './entry.ts'
import type { KeptBack } from './guards/kept-back.ts'
import type { GuardedSink } from './guards/quarantine.ts'
import type { ExpiredNames } from './tally/expired-names.ts'

export interface SinkContext {
  readonly builder: FilterBuilder
  /** Categories by number, as policies and counters have them. */
  readonly categories: readonly string[]
  /** The feed's place in the configuration. */
  readonly feedNumber: number
  /** Gets the names whose entries have expired. Absent: nobody counts them. */
  readonly expired?: ExpiredNames
  /** Gets the rules that guards keep back. Absent: nobody wants to know. */
  readonly keptBack?: KeptBack
}

/** A sink for one feed; what is no rule (pages, skipped and bad lines) is for the reader's report alone. */
export function filterSink(feed: FeedSettings, context: SinkContext): GuardedSink {
  const rules = new RuleWriter(feed, context)
  const monitor = feed.mode === 'monitor' ? MONITOR_BIT : 0
  return {
    name: rules.name,
    block: (nameOctets, extent, detail) => rules.write(nameOctets, extent, monitor, detail),
    allow: (nameOctets, extent, detail) => rules.write(nameOctets, extent, ALLOW_BIT | monitor, detail),
    prefix: (network, isAllow, detail) => rules.writePrefix(network, (isAllow ? ALLOW_BIT : 0) | monitor, detail),
    page() {},
    skip() {},
    bad() {},
    expired: (nameOctets, extent) => context.expired?.add(rules.name, nameOctets, extent),
    quarantined: (nameOctets, extent, _detail, line, reason) =>
      context.keptBack?.add(rules.name, nameOctets, extent, line, reason),
  }
}

class RuleWriter {
  readonly name = new Uint8Array(NAME_OCTETS_MAX + 1)
  private readonly feed: FeedSettings
  private readonly context: SinkContext
  /** Elements of entries that bring no detail, by kind: nearly all of them. */
  private readonly plain: number[] = []

  constructor(feed: FeedSettings, context: SinkContext) {
    this.feed = feed
    this.context = context
  }

  write(nameOctets: number, extent: Extent, action: number, detail: EntryDetail | null): void {
    const kind = extent | action
    const { builder } = this.context
    if (detail === null) {
      this.plain[kind] ??= this.element(kind, null)
      builder.add(this.name, nameOctets, this.plain[kind], NO_RULE)
      return
    }
    builder.add(this.name, nameOctets, this.element(kind, detail), this.rule(detail))
  }

  writePrefix({ of, octets, bits }: Network, kind: number, detail: EntryDetail | null): void {
    const rule = detail === null ? NO_RULE : this.rule(detail)
    this.context.builder.addPrefix(octets, bits, this.element(kind, detail), rule, of === 'clients')
  }

  private rule({ caseNumber, listedAt }: EntryDetail): number {
    const brings = caseNumber !== undefined || listedAt !== undefined
    return brings ? this.context.builder.tables.rule(caseNumber ?? '', listedAt ?? 0) : NO_RULE
  }

  private element(kind: number, detail: EntryDetail | null): number {
    const category = this.category(detail?.category)
    return this.context.builder.tables.element({
      feed: this.context.feedNumber,
      category,
      basis: this.context.builder.tables.basis(provenanceText(detail?.basis, detail?.reviewedBy)),
      ruleClass: CLASSES.indexOf(detail?.ruleClass ?? this.feed.class),
      kind,
      answer: this.answer(detail),
    })
  }

  private category(wanted: string | undefined): number {
    const { categories } = this.context
    const own = wanted === undefined ? -1 : categories.indexOf(wanted)
    return own >= 0 ? own : categories.indexOf(this.feed.category)
  }

  /** The feed's answer overrides its entries'; see `ANSWER_AS_SET` for the numbers. */
  private answer(detail: EntryDetail | null): number {
    const wanted = this.feed.answer ?? detail?.answer
    if (wanted === undefined || wanted === null) return ANSWER_AS_SET
    if (wanted === 'drop') return ANSWER_DROP
    if (typeof wanted === 'string') return 1 + ANSWER_MODES.indexOf(wanted)
    return ANSWER_GIVEN + this.context.builder.tables.givenAddresses(wanted)
  }
}
