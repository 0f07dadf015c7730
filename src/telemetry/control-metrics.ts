/**
 * The metrics that come from the main thread: feeds, the filter image, workers' lives, the build.
 */
import { type ControlFacts, FEED_ENTRY_KINDS, type FeedFacts, type ImageFacts } from './control-facts.ts'
import { type AddSample, counter, gauge, type MetricRow } from './metric.ts'

export function controlMetrics(facts: ControlFacts): readonly MetricRow[] {
  return [...feedMetrics(facts), ...imageMetrics(facts), ...appealMetrics(facts), ...processMetrics(facts)]
}

function feedMetrics(facts: ControlFacts): MetricRow[] {
  const each = (value: (feed: FeedFacts) => number | null) => (add: AddSample) => {
    for (const feed of facts.feeds()) {
      const known = value(feed)
      if (known !== null) add(known, feed.name)
    }
  }
  return [
    gauge(
      'qalqan_feed_entries',
      'Entries of the feed by kind; only block and allow make rules.',
      ['feed', 'kind'],
      add => {
        for (const feed of facts.feeds()) for (const kind of FEED_ENTRY_KINDS) add(feed.entries[kind], feed.name, kind)
      },
    ),
    gauge(
      'qalqan_feed_last_success_timestamp_seconds',
      'When the feed was last loaded; absent when it never was.',
      ['feed'],
      each(feed => feed.lastSuccessAt),
    ),
    gauge(
      'qalqan_feed_last_attempt_timestamp_seconds',
      'When loading the feed was last tried; absent when it never was.',
      ['feed'],
      each(feed => feed.lastAttemptAt),
    ),
    gauge(
      'qalqan_feed_up',
      'Whether the last attempt to load the feed succeeded.',
      ['feed'],
      each(feed => Number(feed.up)),
    ),
    gauge(
      'qalqan_feed_loaded_from_last_good',
      'Whether the last good copy of the feed is in force in place of a newer one that failed.',
      ['feed'],
      each(feed => Number(feed.fromLastGood)),
    ),
    counter(
      'qalqan_feed_load_failures_total',
      'Attempts to load the feed that failed, by cause.',
      ['feed', 'cause'],
      add => {
        for (const feed of facts.feeds())
          for (const [cause, count] of Object.entries(feed.failures)) add(count, feed.name, cause)
      },
    ),
    gauge(
      'qalqan_feed_fetch_success_timestamp_seconds',
      'When the list was last fetched, or found unchanged; absent when it never was.',
      ['feed'],
      add => {
        for (const { feed, lastSuccessAt } of facts.fetches()) if (lastSuccessAt !== null) add(lastSuccessAt, feed)
      },
    ),
    counter(
      'qalqan_feed_fetch_failures_total',
      'Fetches of the list that failed, by cause.',
      ['feed', 'cause'],
      add => {
        for (const { feed, failures } of facts.fetches())
          for (const [cause, count] of Object.entries(failures)) add(count, feed, cause)
      },
    ),
    gauge('qalqan_feed_zone_serial', 'Serial of the zone that the feed has by transfer.', ['feed'], add => {
      for (const { feed, zone } of facts.fetches()) if (zone !== null && zone.serial !== null) add(zone.serial, feed)
    }),
    gauge(
      'qalqan_feed_zone_expired',
      'Whether no primary has answered for longer than the zone says it may be used; it stays in force.',
      ['feed'],
      add => {
        for (const { feed, zone } of facts.fetches()) if (zone !== null) add(Number(zone.isExpired), feed)
      },
    ),
    gauge(
      'qalqan_feed_held',
      'Whether a version of the feed that changes it too much waits for approval.',
      ['feed'],
      each(feed => Number(feed.isHeld)),
    ),
    gauge(
      'qalqan_feed_signature_valid',
      'Whether the version of the feed that was read last has the signatures it needs; absent where it needs none.',
      ['feed'],
      each(feed => (feed.isSigned === null ? null : Number(feed.isSigned))),
    ),
    gauge('qalqan_feed_quarantined', 'Rules of the feed that may not count, by reason.', ['feed', 'reason'], add => {
      for (const feed of facts.feeds())
        for (const [reason, count] of Object.entries(feed.quarantined)) add(count, feed.name, reason)
    }),
  ]
}

function imageMetrics(facts: ControlFacts): MetricRow[] {
  const of = (value: (image: ImageFacts) => number) => (add: AddSample) => {
    const image = facts.image()
    if (image !== null) add(value(image))
  }
  return [
    gauge(
      'qalqan_image_bytes',
      'Bytes that the filter image takes.',
      [],
      of(image => image.bytes),
    ),
    gauge(
      'qalqan_image_names',
      'Names in the filter image.',
      [],
      of(image => image.names),
    ),
    gauge(
      'qalqan_image_build_seconds',
      'Seconds that building it took.',
      [],
      of(image => image.buildSeconds),
    ),
    gauge(
      'qalqan_image_generation',
      'Number of the newest filter image.',
      [],
      of(image => image.generation),
    ),
  ]
}

function appealMetrics(facts: ControlFacts): MetricRow[] {
  return [
    gauge('qalqan_appeals', 'Appeals by their state.', ['state'], add => {
      for (const [state, count] of Object.entries(facts.appeals()?.states ?? {})) add(count, state)
    }),
    gauge('qalqan_appeals_overdue', 'Open appeals that have waited for longer than they should.', [], add => {
      const own = facts.appeals()
      if (own !== null) add(own.overdue)
    }),
  ]
}

function processMetrics(facts: ControlFacts): MetricRow[] {
  return [
    counter('qalqan_worker_restarts_total', 'Workers that died and were replaced.', [], add =>
      add(facts.workerRestarts()),
    ),
    counter('qalqan_log_lines_dropped_total', 'Log lines thrown away because their reader was too slow.', [], add =>
      add(facts.logLinesDropped()),
    ),
    gauge('qalqan_build_info', 'Always 1; its labels tell what runs.', ['version', 'node'], add =>
      add(1, facts.version, process.versions.node),
    ),
  ]
}
