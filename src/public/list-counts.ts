/** From what is known of the feeds to what is told of them. */
import { type FeedReport, isInForce } from '../feeds/report.ts'
import type { FeedSettings } from '../settings/settings.ts'
import type { ListCounts } from './counts.ts'

interface State {
  readonly report: FeedReport | null
  readonly lastSuccessAt: number | null
}

/** Feeds that are only monitored block nothing, and are not told of. */
export function listCounts(feeds: readonly FeedSettings[], states: ReadonlyMap<string, State>): ListCounts[] {
  return feeds
    .filter(feed => feed.mode === 'enforce')
    .map(({ name, class: ruleClass, category }) => {
      const state = states.get(name)
      const report = state?.report ?? null
      const entries = report !== null && isInForce(report) ? report.blocked : 0
      return { feed: name, class: ruleClass, category, entries, updatedAt: state?.lastSuccessAt ?? null }
    })
}
