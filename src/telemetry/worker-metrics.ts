/**
 * The metrics that come from the workers' counters: sums over all workers, except where a row has a `worker` label.
 */
import { CLASSES } from '../images/classes.ts'
import { COUNTED_RCODES, COUNTED_TYPES, type CounterLayout, OUTCOMES, SOURCES, TRANSPORTS } from '../images/counters.ts'
import { type CounterBlocks, CounterReader } from './counter-reader.ts'
import { counter, gauge, type MetricRow } from './metric.ts'

export function workerMetrics(
  layout: CounterLayout,
  blocks: CounterBlocks,
  upstreamNames: readonly string[],
): readonly MetricRow[] {
  const reader = new CounterReader(layout, blocks)
  return [
    ...answerMetrics(layout, reader),
    ...cacheMetrics(reader),
    ...upstreamMetrics(layout, reader, upstreamNames),
    ...loadMetrics(reader),
    ...perWorkerMetrics(reader),
  ]
}

function answerMetrics(layout: CounterLayout, reader: CounterReader): MetricRow[] {
  const types = COUNTED_TYPES.map(([name]) => name)
  const monitored = reader.table(layout.monitored, [''], layout.feeds)
  return [
    counter(
      'qalqan_queries_total',
      'Queries received, by transport and query type.',
      ['transport', 'type'],
      reader.table(layout.queries, TRANSPORTS, types),
    ),
    counter(
      'qalqan_answers_total',
      'Answers sent, by where they came from and their response code.',
      ['source', 'rcode'],
      reader.table(layout.answers, SOURCES, COUNTED_RCODES),
    ),
    counter(
      'qalqan_blocks_total',
      'Queries blocked, by the class and the category of the rule that spoke.',
      ['class', 'category'],
      reader.table(layout.blocks, CLASSES, layout.categories),
    ),
    counter(
      'qalqan_feed_monitored_total',
      'Queries that a feed would have blocked, were its mode not monitor.',
      ['feed'],
      add => monitored((value, _row, feed) => add(value, feed!)),
    ),
  ]
}

function cacheMetrics(reader: CounterReader): MetricRow[] {
  return [
    gauge('qalqan_cache_entries', 'Answers in the caches.', [], reader.scalar('cacheEntries')),
    gauge('qalqan_cache_bytes', 'Bytes that the cached answers take.', [], reader.scalar('cacheBytes')),
    gauge('qalqan_cache_capacity_bytes', 'Bytes that they may take.', [], reader.scalar('cacheCapacityBytes')),
    counter(
      'qalqan_cache_lookups_total',
      'Lookups in the caches, by their result.',
      ['result'],
      reader.scalars({ hit: 'cacheHits', miss: 'cacheMisses' }),
    ),
    counter('qalqan_cache_inserts_total', 'Answers put into the caches.', [], reader.scalar('cacheInserts')),
    counter(
      'qalqan_cache_evictions_total',
      'Answers thrown out of the caches to make room.',
      [],
      reader.scalar('cacheEvictions'),
    ),
    counter(
      'qalqan_cache_stale_answers_total',
      'Answers given after their time, because upstreams failed.',
      [],
      reader.scalar('cacheStale'),
    ),
    counter(
      'qalqan_cache_prefetches_total',
      'Questions asked before the cached answer was out of date.',
      [],
      reader.scalar('prefetches'),
    ),
    counter(
      'qalqan_answers_inspected_away_total',
      'Answers held back for where they lead, by reason.',
      ['reason'],
      reader.scalars({
        flagged_alias: 'aliasesBlocked',
        flagged_address: 'addressesBlocked',
        private_address: 'privateAddresses',
      }),
    ),
  ]
}

function upstreamMetrics(layout: CounterLayout, reader: CounterReader, names: readonly string[]): MetricRow[] {
  const attempts = reader.table(layout.upstream, OUTCOMES, names)
  const seconds = reader.table(layout.upstreamSeconds, [''], names)
  return [
    counter(
      'qalqan_upstream_attempts_total',
      'Attempts to ask an upstream server, by server and by how they ended.',
      ['upstream', 'outcome'],
      add => attempts((value, outcome, name) => add(value, name!, outcome!)),
    ),
    counter(
      'qalqan_upstream_seconds_total',
      'Seconds that answered attempts took; divided by those attempts it is the mean latency.',
      ['upstream'],
      add => seconds((value, _row, name) => add(value, name!)),
    ),
    gauge(
      'qalqan_in_flight',
      'Questions sent to upstream servers and not yet answered.',
      [],
      reader.scalar('inFlight'),
    ),
    gauge('qalqan_waiting_queries', 'Queries of clients that wait for those answers.', [], reader.scalar('waiting')),
    counter(
      'qalqan_coalesced_total',
      'Queries that joined an identical question in flight.',
      [],
      reader.scalar('coalesced'),
    ),
  ]
}

function loadMetrics(reader: CounterReader): MetricRow[] {
  return [
    counter(
      'qalqan_dropped_total',
      'Queries that got no answer, by reason.',
      ['reason'],
      reader.scalars({
        malformed: 'droppedMalformed',
        overload: 'droppedOverload',
        rule: 'droppedByRule',
        send_failed: 'sendFailed',
        rate_limit: 'rateLimited',
      }),
    ),
    counter('qalqan_strangers_total', 'Queries of clients that may not ask here.', [], reader.scalar('strangers')),
    counter(
      'qalqan_rate_limit_truncated_total',
      'Queries over their limit that were sent to TCP.',
      [],
      reader.scalar('rateSlipped'),
    ),
    gauge('qalqan_tcp_connections', 'Open TCP connections of clients.', [], reader.scalar('tcpConnections')),
    counter('qalqan_tcp_refused_total', 'TCP connections refused over a limit.', [], reader.scalar('tcpRefused')),
    counter(
      'qalqan_tcp_timeouts_total',
      'TCP connections closed for silence or slowness.',
      [],
      reader.scalar('tcpTimeouts'),
    ),
    counter(
      'qalqan_udp_wakeups_total',
      'Times that a worker woke to read at least one datagram.',
      [],
      reader.scalar('batches'),
    ),
    counter('qalqan_udp_datagrams_total', 'Datagrams read in those wake-ups.', [], reader.scalar('datagrams')),
  ]
}

const SECONDS_PER_MS = 1 / 1000

function perWorkerMetrics(reader: CounterReader): MetricRow[] {
  return [
    gauge(
      'qalqan_worker_loop_lag_seconds',
      'How late the last periodic tick of the worker came.',
      ['worker'],
      reader.perWorker('loopLagMs', SECONDS_PER_MS),
    ),
    gauge(
      'qalqan_worker_loop_lag_max_seconds',
      'How late the latest tick came since the worker started.',
      ['worker'],
      reader.perWorker('loopLagMaxMs', SECONDS_PER_MS),
    ),
    gauge(
      'qalqan_worker_image_generation',
      'Number of the filter image that the worker answers from.',
      ['worker'],
      reader.perWorker('generation'),
    ),
  ]
}
