import { describe, expect, test } from 'vitest'
import { CLASSES } from '../../src/images/classes.ts'
import {
  allocateCounters,
  COUNTED_RCODES,
  COUNTED_TYPES,
  type CounterLayout,
  FROM_CACHE,
  FROM_UPSTREAM,
  LATENCY_BOUNDS_MS,
  layOutCounters,
  SCALARS,
  SOURCES,
  TCP,
  TIMED_OUT,
} from '../../src/images/counters.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { readExposition, sampleValue } from './exposition.ts'
import { controlFacts } from './facts.ts'

const UPSTREAMS = ['192.0.2.53:53', '[2001:db8::53]:53']

function twoWorkers(categories: readonly string[] = ['illegal', 'gambling']) {
  const layout = layOutCounters({ categories, upstreams: UPSTREAMS.length, feeds: ['hotline'] })
  return { layout, blocks: [allocateCounters(layout), allocateCounters(layout)] as const }
}

async function scrape(layout: CounterLayout, blocks: readonly Float64Array[], control = controlFacts()) {
  return readExposition(await createMetrics(layout, () => blocks, UPSTREAMS, control).scrape())
}

/** Everything under our prefix. A dashboard relies on these; a change here is a change for operators. */
const TABLE: [name: string, type: string, labels: string][] = [
  ['qalqan_queries_total', 'counter', 'transport type'],
  ['qalqan_answers_total', 'counter', 'source rcode'],
  ['qalqan_blocks_total', 'counter', 'class category'],
  ['qalqan_answer_duration_seconds', 'histogram', 'le source'],
  ['qalqan_cache_entries', 'gauge', ''],
  ['qalqan_cache_bytes', 'gauge', ''],
  ['qalqan_cache_capacity_bytes', 'gauge', ''],
  ['qalqan_cache_lookups_total', 'counter', 'result'],
  ['qalqan_cache_inserts_total', 'counter', ''],
  ['qalqan_cache_evictions_total', 'counter', ''],
  ['qalqan_cache_stale_answers_total', 'counter', ''],
  ['qalqan_cache_prefetches_total', 'counter', ''],
  ['qalqan_answers_inspected_away_total', 'counter', 'reason'],
  ['qalqan_upstream_attempts_total', 'counter', 'upstream outcome'],
  ['qalqan_upstream_seconds_total', 'counter', 'upstream'],
  ['qalqan_in_flight', 'gauge', ''],
  ['qalqan_waiting_queries', 'gauge', ''],
  ['qalqan_coalesced_total', 'counter', ''],
  ['qalqan_dropped_total', 'counter', 'reason'],
  ['qalqan_strangers_total', 'counter', ''],
  ['qalqan_rate_limit_truncated_total', 'counter', ''],
  ['qalqan_tcp_connections', 'gauge', ''],
  ['qalqan_tcp_refused_total', 'counter', ''],
  ['qalqan_tcp_timeouts_total', 'counter', ''],
  ['qalqan_udp_wakeups_total', 'counter', ''],
  ['qalqan_udp_datagrams_total', 'counter', ''],
  ['qalqan_worker_loop_lag_seconds', 'gauge', 'worker'],
  ['qalqan_worker_loop_lag_max_seconds', 'gauge', 'worker'],
  ['qalqan_worker_image_generation', 'gauge', 'worker'],
  ['qalqan_worker_restarts_total', 'counter', ''],
  ['qalqan_feed_load_failures_total', 'counter', 'feed cause'],
  ['qalqan_feed_fetch_success_timestamp_seconds', 'gauge', 'feed'],
  ['qalqan_feed_fetch_failures_total', 'counter', 'feed cause'],
  ['qalqan_feed_monitored_total', 'counter', 'feed'],
  ['qalqan_feed_zone_serial', 'gauge', 'feed'],
  ['qalqan_feed_zone_expired', 'gauge', 'feed'],
  ['qalqan_feed_held', 'gauge', 'feed'],
  ['qalqan_feed_signature_valid', 'gauge', 'feed'],
  ['qalqan_feed_quarantined', 'gauge', 'feed reason'],
  ['qalqan_appeals', 'gauge', 'state'],
  ['qalqan_appeals_overdue', 'gauge', ''],
  ['qalqan_image_bytes', 'gauge', ''],
  ['qalqan_image_names', 'gauge', ''],
  ['qalqan_image_build_seconds', 'gauge', ''],
  ['qalqan_image_generation', 'gauge', ''],
  ['qalqan_feed_entries', 'gauge', 'feed kind'],
  ['qalqan_feed_last_success_timestamp_seconds', 'gauge', 'feed'],
  ['qalqan_feed_last_attempt_timestamp_seconds', 'gauge', 'feed'],
  ['qalqan_feed_up', 'gauge', 'feed'],
  ['qalqan_feed_loaded_from_last_good', 'gauge', 'feed'],
  ['qalqan_log_lines_dropped_total', 'counter', ''],
  ['qalqan_build_info', 'gauge', 'version node'],
]

describe('the names that operators rely on', async () => {
  const { layout, blocks } = twoWorkers()
  const families = await scrape(layout, blocks)

  test('the table above is complete', () => {
    const ours = [...families.keys()].filter(name => name.startsWith('qalqan_'))
    expect(ours.sort()).toEqual(TABLE.map(([name]) => name).sort())
  })

  for (const [name, type, labels] of TABLE) {
    test(`${name} is a ${type} {${labels}} with a sentence of help`, () => {
      const family = families.get(name)!
      expect(family.type).toBe(type)
      expect(family.help).toMatch(/^[A-Z].*\.$/)
      expect(Object.keys(family.samples[0]!.labels).join(' ')).toBe(labels)
      // prometheus.io/docs/practices/naming: counters end in _total, and nothing else does.
      expect(name.endsWith('_total')).toBe(type === 'counter')
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/)
    })
  }

  test('the process tells of itself too', () => {
    for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_eventloop_lag_seconds']) {
      expect(families.has(name)).toBe(true)
    }
  })
})

describe('counters', () => {
  test('are summed over workers', async () => {
    const { layout, blocks } = twoWorkers()
    const aaaa = COUNTED_TYPES.findIndex(([name]) => name === 'AAAA')
    const nxdomain = COUNTED_RCODES.indexOf('NXDOMAIN')
    const gambling = layout.categories.indexOf('gambling')
    for (const [index, block] of blocks.entries()) {
      const amount = 10 ** index
      block[layout.queries + TCP * COUNTED_TYPES.length + aaaa] = 2 * amount
      block[layout.answers + FROM_CACHE * COUNTED_RCODES.length + nxdomain] = 3 * amount
      block[layout.blocks + CLASSES.indexOf('household') * 2 + gambling] = 4 * amount
      block[layout.upstream + TIMED_OUT * UPSTREAMS.length + 1] = 5 * amount
      block[layout.upstreamSeconds + 1] = 0.25 * amount
    }
    const families = await scrape(layout, blocks)
    const rows: [name: string, labels: Record<string, string>, value: number][] = [
      ['qalqan_queries_total', { transport: 'tcp', type: 'AAAA' }, 22],
      ['qalqan_queries_total', { transport: 'udp', type: 'AAAA' }, 0],
      ['qalqan_answers_total', { source: 'cache', rcode: 'NXDOMAIN' }, 33],
      ['qalqan_blocks_total', { class: 'household', category: 'gambling' }, 44],
      ['qalqan_blocks_total', { class: 'household', category: 'illegal' }, 0],
      ['qalqan_upstream_attempts_total', { upstream: '[2001:db8::53]:53', outcome: 'timeout' }, 55],
      ['qalqan_upstream_attempts_total', { upstream: '192.0.2.53:53', outcome: 'timeout' }, 0],
      ['qalqan_upstream_seconds_total', { upstream: '[2001:db8::53]:53' }, 2.75],
    ]
    for (const [name, labels, value] of rows) expect(sampleValue(families, name, labels)).toBe(value)
  })

  test('every scalar that a worker counts is told under some name', async () => {
    const { layout, blocks } = twoWorkers()
    const values = SCALARS.map((name, index) => {
      blocks[0][layout.scalar[name]] = 1_000_000 + index * 1000
      return 1_000_000 + index * 1000
    })
    const families = await scrape(layout, blocks)
    const told = new Set([...families.values()].flatMap(({ samples }) => samples.map(({ value }) => value)))
    for (const [index, value] of values.entries()) {
      const inSeconds = SCALARS[index]!.endsWith('Ms')
      expect(told, SCALARS[index]!).toContain(inSeconds ? value / 1000 : value)
    }
  })

  test('of a worker are told for that worker', async () => {
    const { layout, blocks } = twoWorkers()
    blocks[0][layout.scalar.loopLagMs] = 12
    blocks[1][layout.scalar.loopLagMaxMs] = 340
    blocks[1][layout.scalar.generation] = 6
    const families = await scrape(layout, blocks)
    expect(sampleValue(families, 'qalqan_worker_loop_lag_seconds', { worker: '0' })).toBe(0.012)
    expect(sampleValue(families, 'qalqan_worker_loop_lag_max_seconds', { worker: '1' })).toBeCloseTo(0.34)
    expect(sampleValue(families, 'qalqan_worker_image_generation', { worker: '0' })).toBe(0)
    expect(sampleValue(families, 'qalqan_worker_image_generation', { worker: '1' })).toBe(6)
  })

  test('a second scrape tells what is then, not the sum of both', async () => {
    const { layout, blocks } = twoWorkers()
    const metrics = createMetrics(layout, () => blocks, UPSTREAMS, controlFacts())
    blocks[0][layout.scalar.coalesced] = 5
    blocks[0][layout.scalar.inFlight] = 5
    await metrics.scrape()
    blocks[1][layout.scalar.coalesced] = 2
    blocks[0][layout.scalar.inFlight] = 1
    const families = readExposition(await metrics.scrape())
    expect(sampleValue(families, 'qalqan_coalesced_total')).toBe(7)
    expect(sampleValue(families, 'qalqan_in_flight')).toBe(1)
  })

  test('a number that is none costs its own sample only', async () => {
    const { layout, blocks } = twoWorkers()
    blocks[0][layout.scalar.coalesced] = Number.NaN
    blocks[0][layout.scalar.cacheInserts] = -1
    blocks[0][layout.scalar.cacheHits] = 8
    expect(sampleValue(await scrape(layout, blocks), 'qalqan_cache_lookups_total', { result: 'hit' })).toBe(8)
  })
})

describe('the latency histogram', () => {
  test('is cumulative over its buckets and summed over workers', async () => {
    const { layout, blocks } = twoWorkers()
    const first = layout.latency + FROM_UPSTREAM * (LATENCY_BOUNDS_MS.length + 1)
    blocks[0][first] = 3 // up to 0.05 ms
    blocks[0][first + 4] = 2 // up to 1 ms
    blocks[1][first + 4] = 1
    blocks[1][first + LATENCY_BOUNDS_MS.length] = 4 // over 5 s
    blocks[0][layout.latencySeconds + FROM_UPSTREAM] = 0.5
    blocks[1][layout.latencySeconds + FROM_UPSTREAM] = 30
    const families = await scrape(layout, blocks)
    const name = 'qalqan_answer_duration_seconds'
    const bucket = (le: string) => sampleValue(families, `${name}_bucket`, { source: 'upstream', le })
    expect([bucket('0.00005'), bucket('0.0005'), bucket('0.001'), bucket('5'), bucket('+Inf')]).toEqual([
      3, 3, 6, 6, 10,
    ])
    expect(sampleValue(families, `${name}_sum`, { source: 'upstream' })).toBe(30.5)
    expect(sampleValue(families, `${name}_count`, { source: 'upstream' })).toBe(10)
    expect(sampleValue(families, `${name}_count`, { source: 'cache' })).toBe(0)
  })

  test('never falls from a bucket to the next, and ends with its count', async () => {
    const { layout, blocks } = twoWorkers()
    for (const block of blocks) for (let i = layout.latency; i < layout.latencySeconds; i++) block[i] = (i * 7) % 11
    const { samples } = (await scrape(layout, blocks)).get('qalqan_answer_duration_seconds')!
    for (const source of SOURCES) {
      const own = samples.filter(({ labels }) => labels.source === source)
      const buckets = own.filter(({ name }) => name.endsWith('_bucket'))
      expect(buckets).toHaveLength(LATENCY_BOUNDS_MS.length + 1)
      for (let i = 1; i < buckets.length; i++) {
        expect(buckets[i]!.value).toBeGreaterThanOrEqual(buckets[i - 1]!.value)
        expect(Number(buckets[i]!.labels.le!.replace('Inf', 'Infinity'))).toBeGreaterThan(
          Number(buckets[i - 1]!.labels.le),
        )
      }
      expect(own.find(({ name }) => name.endsWith('_count'))!.value).toBe(buckets.at(-1)!.value)
    }
  })
})

describe("the main thread's facts", () => {
  test('are told as they are', async () => {
    const { layout, blocks } = twoWorkers()
    const families = await scrape(layout, blocks)
    const rows: [name: string, labels: Record<string, string>, value: number][] = [
      ['qalqan_feed_entries', { feed: 'hotline', kind: 'block' }, 101],
      ['qalqan_feed_entries', { feed: 'hotline', kind: 'page' }, 3],
      ['qalqan_feed_entries', { feed: 'hotline', kind: 'expired' }, 6],
      ['qalqan_feed_last_success_timestamp_seconds', { feed: 'hotline' }, 1_790_000_000],
      ['qalqan_feed_last_attempt_timestamp_seconds', { feed: 'hotline' }, 1_790_000_100],
      ['qalqan_feed_up', { feed: 'hotline' }, 0],
      ['qalqan_feed_loaded_from_last_good', { feed: 'hotline' }, 1],
      ['qalqan_image_bytes', {}, 3200],
      ['qalqan_image_names', {}, 100],
      ['qalqan_image_build_seconds', {}, 0.25],
      ['qalqan_image_generation', {}, 7],
      ['qalqan_worker_restarts_total', {}, 1],
      ['qalqan_log_lines_dropped_total', {}, 9],
      ['qalqan_build_info', { version: '0.1.0', node: process.versions.node }, 1],
    ]
    for (const [name, labels, value] of rows) expect(sampleValue(families, name, labels)).toBe(value)
  })

  test('that are not known yet are absent', async () => {
    const { layout, blocks } = twoWorkers()
    const feeds = () => [{ ...controlFacts().feeds()[0]!, lastSuccessAt: null, lastAttemptAt: null }]
    const families = await scrape(layout, blocks, controlFacts({ feeds }))
    expect(families.get('qalqan_feed_last_success_timestamp_seconds')!.samples).toEqual([])
    expect(families.get('qalqan_feed_last_attempt_timestamp_seconds')!.samples).toEqual([])
  })
})

describe('hostile names of categories and feeds', () => {
  const names = ['a"b', 'a\\b', 'a\nqalqan_fake_total 1', 'a\\nb', '"} 1\n', '', 'қ{}=,', '__proto__', ' ']
  test('come out of the exposition as they went in', async () => {
    const { layout, blocks } = twoWorkers(names)
    const feeds = () => names.map(name => ({ ...controlFacts().feeds()[0]!, name }))
    for (const [index] of names.entries()) blocks[1][layout.blocks + index] = index + 1
    const families = await scrape(layout, blocks, controlFacts({ feeds }))
    for (const [index, category] of names.entries()) {
      expect(sampleValue(families, 'qalqan_blocks_total', { class: 'hotline', category })).toBe(index + 1)
    }
    expect(families.get('qalqan_feed_up')!.samples.map(({ labels }) => labels.feed)).toEqual(names)
    expect(families.has('qalqan_fake_total')).toBe(false)
  })
})

test('scrapes that overlap share one reading', async () => {
  const { layout, blocks } = twoWorkers()
  let readings = 0
  const image = () => {
    readings++
    return null
  }
  const metrics = createMetrics(layout, () => blocks, UPSTREAMS, controlFacts({ image }))
  const texts = await Promise.all([metrics.scrape(), metrics.scrape(), metrics.scrape()])
  const once = readings
  expect(new Set(texts).size).toBe(1)
  await metrics.scrape()
  expect(readings).toBe(2 * once)
})
