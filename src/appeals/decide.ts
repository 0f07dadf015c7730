/** What it means to uphold an appeal: exactly which rules are lifted, and which are not. */
import { compileFeed } from '../feeds/compile.ts'
import { readDecisions } from '../feeds/decisions.ts'
import type { EntryDetail, RuleSink } from '../feeds/entry.ts'
import { NeverBlock } from '../feeds/guards/never-block.ts'
import { readUrgent } from '../feeds/urgent.ts'
import { publicNumber } from '../images/filter/public-number.ts'
import type { Settings } from '../settings/settings.ts'
import { nameToText } from '../wire/name.ts'

/** A case that covers more is not lifted by one appeal. */
const NAMES_MAX = 100

/** Names whose rules have this case number, in feeds and among urgent blocks; sorted. Reads every list. */
export function namesOfCase(settings: Settings, caseNumber: string, now: number): string[] {
  const names = new Set<string>()
  for (const change of readUrgent(settings.data).changes)
    if (change.action === 'block' && change.case === caseNumber) names.add(change.name)
  const neverBlock = new NeverBlock(settings.guards)
  const options = { dataFolder: settings.data, now, keep: false, neverBlock, decisions: readDecisions(settings.data) }
  for (const feed of settings.feeds) {
    const sink = new CaseSink(caseNumber)
    compileFeed(feed, options, { sink, undo: () => sink.names.clear() })
    for (const name of sink.names) names.add(name)
  }
  if (names.size > NAMES_MAX)
    throw new TypeError(`case ${caseNumber} covers ${names.size} names: say which with --name`)
  return [...names].sort()
}

class CaseSink implements RuleSink {
  readonly name = new Uint8Array(256)
  readonly names = new Set<string>()
  private readonly wanted: string
  private readonly isPublic: boolean

  constructor(wanted: string) {
    this.wanted = wanted
    this.isPublic = wanted.startsWith('Q-')
  }

  block(length: number, _extent: number, detail: EntryDetail | null): void {
    const isMeant =
      detail?.caseNumber === undefined
        ? this.isPublic && publicNumber(this.name, 0) === this.wanted
        : detail.caseNumber === this.wanted
    if (isMeant) this.names.add(nameToText(this.name.slice(0, length)))
  }

  allow(): void {}
  page(): void {}
  skip(): void {}
  bad(): void {}
}
