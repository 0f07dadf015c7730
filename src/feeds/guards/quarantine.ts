/** Stands before a feed's sink and keeps back the rules that may not count, with their number for each reason. */
import type { EntryDetail, Extent, Network, RuleSink } from '../entry.ts'
import type { FeedSink } from '../reader.ts'
import type { GuardException } from './exception.ts'
import { type NeverBlock, QUARANTINE_REASONS, type QuarantineReason } from './never-block.ts'

export type QuarantineCounts = Readonly<Record<QuarantineReason, number>>

/** A sink that wants to hear of what is kept back. The name stands in `name`, as for `block`. */
export interface QuarantineListener {
  quarantined(
    nameLength: number,
    extent: Extent,
    detail: EntryDetail | null,
    line: number,
    reason: QuarantineReason,
  ): void
}

export type GuardedSink = RuleSink & Partial<Pick<FeedSink, 'expired'>> & Partial<QuarantineListener>

export function noneQuarantined(): Record<QuarantineReason, number> {
  return Object.fromEntries(QUARANTINE_REASONS.map(reason => [reason, 0])) as Record<QuarantineReason, number>
}

export class Quarantine implements RuleSink {
  readonly name: Uint8Array
  readonly counts = noneQuarantined()
  /** Rules that count by a person's word, by the name they have it for. */
  readonly spared = new Map<string, number>()
  /** Whose word has ended although rules would need it. */
  readonly ended = new Set<GuardException>()
  private readonly sink: GuardedSink
  private readonly neverBlock: NeverBlock

  constructor(sink: GuardedSink, neverBlock: NeverBlock) {
    this.sink = sink
    this.name = sink.name
    this.neverBlock = neverBlock
  }

  /** How many rules were kept back. */
  get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0)
  }

  block(nameLength: number, extent: Extent, detail: EntryDetail | null, line: number): void {
    const verdict = this.neverBlock.verdict(this.name, extent)
    if (verdict?.holds !== true) {
      if (verdict !== null) this.spare(verdict.exception!.name)
      return this.sink.block(nameLength, extent, detail, line)
    }
    if (verdict.exception !== null) this.ended.add(verdict.exception)
    this.counts[verdict.reason]++
    this.sink.quarantined?.(nameLength, extent, detail, line, verdict.reason)
  }

  private spare(name: string): void {
    this.spared.set(name, (this.spared.get(name) ?? 0) + 1)
  }

  allow(nameLength: number, extent: Extent, detail: EntryDetail | null, line: number): void {
    this.sink.allow(nameLength, extent, detail, line)
  }

  prefix(network: Network, isAllow: boolean, detail: EntryDetail | null, line: number): void {
    this.sink.prefix?.(network, isAllow, detail, line)
  }

  page(nameLength: number, detail: EntryDetail | null, line: number): void {
    this.sink.page(nameLength, detail, line)
  }

  skip(line: number, why: string): void {
    this.sink.skip(line, why)
  }

  bad(line: number, why: string, text: string): void {
    this.sink.bad(line, why, text)
  }

  expired(nameLength: number, extent: Extent, detail: EntryDetail, line: number, isAllow: boolean): void {
    this.sink.expired?.(nameLength, extent, detail, line, isAllow)
  }
}
