/** `qalqan feeds due`: rules that somebody should look at again, because their date for that has come. Reads the lists; writes nothing. */
import { compileFeed } from './feeds/compile.ts'
import type { EntryDetail, Extent } from './feeds/entry.ts'
import { QuietSink, readOnly } from './feeds/read-only.ts'
import type { Settings } from './settings/settings.ts'
import { nameToText } from './wire/name.ts'

export interface DueEntry {
  readonly feed: string
  readonly name: string
  readonly line: number
  readonly caseNumber: string | null
  /** `2026-11-22`. */
  readonly since: string
}

/** The longest overdue first. */
export function entriesDue(settings: Settings, nowMs: number): DueEntry[] {
  const options = readOnly(settings, nowMs)
  return settings.feeds
    .flatMap(feed => {
      const sink = new DueSink(feed.name, options.now)
      compileFeed(feed, options, { sink, undo: () => sink.undo() })
      return sink.found
    })
    .sort((a, b) => (a.since < b.since ? -1 : a.since > b.since ? 1 : 0))
}

class DueSink extends QuietSink {
  found: DueEntry[] = []
  private readonly feed: string
  private readonly now: number

  constructor(feed: string, now: number) {
    super()
    this.feed = feed
    this.now = now
  }

  override block(length: number, _extent: Extent, detail: EntryDetail | null, line: number): void {
    const at = detail?.recheckAt
    if (at === undefined || at > this.now) return
    const since = new Date(at * 1000).toISOString().slice(0, 10)
    const name = nameToText(this.name.slice(0, length))
    this.found.push({ feed: this.feed, name, line, caseNumber: detail?.caseNumber ?? null, since })
  }

  undo(): void {
    this.found = []
  }
}

export function dueText(entries: readonly DueEntry[]): string {
  if (entries.length === 0) return 'nothing is due for a re-check'
  return entries
    .map(
      ({ since, feed, line, name, caseNumber }) =>
        `${since}  ${feed}, line ${line}  ${name}${caseNumber === null ? '' : `  case ${caseNumber}`}`,
    )
    .join('\n')
}
