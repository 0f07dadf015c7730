/** The bench of reloads: what is read from its asker, and what is told of its runs. Its run at a small size needs dnsperf: test/real/reload-bench.test.ts. */
import { expect, test } from 'vitest'
import { parseLatencies } from '../../bench/reload/asker.ts'
import { type ReloadSample, reloadText } from '../../bench/reload/report.ts'

test("the asker's percentiles are milliseconds, and what was lost took for ever", () => {
  const latencies = parseLatencies('{"asked":2000,"lost":3,"heldNs":1500000,"ns":[40000,50000,300000,-1,-1]}\n')
  expect(latencies).toEqual({
    asked: 2000,
    lost: 3,
    heldMs: 1.5,
    p50Ms: 0.04,
    p90Ms: 0.05,
    p99Ms: 0.3,
    p999Ms: Number.POSITIVE_INFINITY,
    maxMs: Number.POSITIVE_INFINITY,
  })
  expect(() => parseLatencies('{"asked":5,"lost":5,"heldNs":0,"ns":[-1,-1,-1,-1,-1]}')).toThrow('nothing was answered')
})

const run = (own: Partial<ReloadSample>): ReloadSample => ({
  load: 'half load',
  capacity: 200_000,
  perSecond: 100_000,
  reloading: false,
  reloads: 0,
  busy: 0.5,
  others: 0.01,
  asked: 1_000_000,
  lost: 0,
  heldMs: 0,
  p50Ms: 0.05,
  p90Ms: 0.1,
  p99Ms: 0.4,
  p999Ms: 2,
  maxMs: 5,
  ...own,
})

test('the goal is judged by the medians of runs with and without reloads', () => {
  const runs = (p99Ms: number) =>
    [0.4, 0.5, 9].flatMap(calm => [run({ p99Ms: calm }), run({ reloading: true, reloads: 2, p99Ms })])
  expect(reloadText(runs(0.6), 1000)).toContain('half load: p99 with reloads is 1.20 times that without')
  expect(reloadText(runs(0.55), 1000)).toContain('goal ≤ 1.2: met.')
  expect(reloadText(runs(0.7), 1000)).toContain('goal ≤ 1.2: **not met**.')
  expect(reloadText(runs(0.7), 1000)).toContain('| half load | 100,000 | 6 in 3 runs |')
})

test('where answers were lost in masses, no ratio is made of it', () => {
  const lost = run({ p99Ms: Number.POSITIVE_INFINITY })
  expect(reloadText([lost, run({ reloading: true, reloads: 1 })], 1000)).toContain(
    'more than one answer in a hundred was lost',
  )
})
