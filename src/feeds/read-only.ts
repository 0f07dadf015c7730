/** For commands: the feeds read as the server reads them, and nothing written. */
import type { FeedSettings, Settings } from '../settings/settings.ts'
import { type CompileOptions, compileFeed } from './compile.ts'
import { readDecisions } from './decisions.ts'
import type { RuleSink } from './entry.ts'
import { NeverBlock } from './guards/never-block.ts'
import type { FeedReport } from './report.ts'

export function readOnly(settings: Pick<Settings, 'data' | 'guards'>, nowMs: number) {
  const now = Math.floor(nowMs / 1000)
  return {
    dataFolder: settings.data,
    now,
    keep: false,
    neverBlock: new NeverBlock(settings.guards, now),
    decisions: readDecisions(settings.data),
  } satisfies CompileOptions
}

/** A sink that takes everything and keeps nothing: what somebody wants to hear of, they override. */
export class QuietSink implements RuleSink {
  readonly name = new Uint8Array(256)
  block(..._rule: Parameters<RuleSink['block']>): void {}
  allow(..._rule: Parameters<RuleSink['allow']>): void {}
  prefix(..._rule: Parameters<NonNullable<RuleSink['prefix']>>): void {}
  page(): void {}
  skip(): void {}
  bad(): void {}
}

/** What becomes of a feed now. */
export function reportOn(feed: FeedSettings, options: CompileOptions): FeedReport {
  return compileFeed(feed, options, { sink: new QuietSink(), undo() {} })
}
