/** What it means to uphold an appeal: exactly which rules are lifted, and which are not. */
import { compileFeed } from '../feeds/compile.ts'
import type { EntryDetail, Extent } from '../feeds/entry.ts'
import { QuietSink, readOnly } from '../feeds/read-only.ts'
import { readUrgent } from '../feeds/urgent.ts'
import { publicNumber } from '../images/filter/public-number.ts'
import type { Settings } from '../settings/settings.ts'
import { nameToText } from '../wire/name.ts'

/** A case that covers more is not lifted by one appeal. */
const NAMES_MAX = 100

/** Names whose rules have this case number, in feeds and among urgent blocks; sorted. Reads every list. */
export function namesOfCase(settings: Settings, caseNumber: string, nowMs: number): string[] {
  const names = new Set<string>()
  for (const change of readUrgent(settings.data).changes)
    if (change.action === 'block' && change.case === caseNumber) names.add(change.name)
  const options = readOnly(settings, nowMs)
  for (const feed of settings.feeds) {
    const sink = new CaseSink(caseNumber)
    compileFeed(feed, options, { sink, undo: () => sink.names.clear() })
    for (const name of sink.names) names.add(name)
  }
  if (names.size > NAMES_MAX)
    throw new TypeError(`case ${caseNumber} covers ${names.size} names: say which with --name`)
  return [...names].sort()
}

class CaseSink extends QuietSink {
  readonly names = new Set<string>()
  private readonly wanted: string
  private readonly isPublic: boolean

  constructor(wanted: string) {
    super()
    this.wanted = wanted
    this.isPublic = wanted.startsWith('Q-')
  }

  override block(length: number, _extent: Extent, detail: EntryDetail | null): void {
    const isMeant =
      detail?.caseNumber === undefined
        ? this.isPublic && publicNumber(this.name, 0) === this.wanted
        : detail.caseNumber === this.wanted
    if (isMeant) this.names.add(nameToText(this.name.slice(0, length)))
  }
}
