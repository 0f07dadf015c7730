/**
 * Counts the garbage collections that the data plane causes: run by allocation.test.ts in a process of its own, with --expose-gc and a
 * young generation of 1 MiB, so that a million queries that leave one octet each behind are found out. Prints a line of JSON a stage.
 *
 * Warm-up: each stage runs in rounds with a turn of the event loop between them, so that the optimiser's background threads can hand
 * over what they compiled (their work allocates, once). Then a collection is forced, and what is counted begins.
 */

import { PerformanceObserver } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { getHeapStatistics } from 'node:v8'
import { BASE, candidateCount } from '../../src/images/filter/candidates.ts'
import { admit } from '../../src/resolver/admit.ts'
import { resolveBatch } from '../../src/resolver/batch.ts'
import { answerBlocked } from '../../src/resolver/blocked.ts'
import { lookUp } from '../../src/resolver/cached.ts'
import { BLOCKED, filter, probe } from '../../src/resolver/filter.ts'
import { ANSWERED, PASS } from '../../src/resolver/query.ts'
import { answerRefusal } from '../../src/resolver/reply.ts'
import { AllocationBench, BATCH } from './plane.ts'

const WARM_UP_ROUNDS = 12
const WARM_UP_BATCHES = 2500

interface Stage {
  readonly name: string
  readonly queries: number
  /** Puts one batch through; returns how many of it came out as they should. */
  readonly batch: () => number
}

const bench = new AllocationBench()
const { plane, slots } = bench
const each = (own: (i: number) => boolean) => () => {
  let right = 0
  for (let i = 0; i < BATCH; i++) if (own(i)) right++
  return right
}

const stages: readonly (readonly [prepare: () => void, stage: Stage])[] = [
  [
    () => bench.fill('blocked'),
    { name: 'admit', queries: 1_000_000, batch: each(i => admit(slots[i]!, plane.seed) === PASS) },
  ],
  [
    () => bench.fillAdmitted('blocked'),
    {
      name: 'probe',
      queries: 1_000_000,
      batch: each(i => {
        probe(slots[i]!, plane.images)
        return candidateCount(slots[i]!.room, BASE) > 0
      }),
    },
  ],
  [
    () => bench.fillAdmitted('blocked'),
    {
      name: 'filter hit',
      queries: 1_000_000,
      batch: each(i => filter(slots[i]!, plane.images, plane.findings) === BLOCKED),
    },
  ],
  [
    () => bench.fillAdmitted('cached'),
    {
      name: 'filter miss',
      queries: 1_000_000,
      batch: each(i => filter(slots[i]!, plane.images, plane.findings) === PASS),
    },
  ],
  [
    () => bench.fillAdmitted('cached'),
    {
      name: 'cache hit',
      queries: 1_000_000,
      batch: each(i => lookUp(slots[i]!, plane.cache, plane.clock.nowSeconds) === ANSWERED),
    },
  ],
  [
    () => bench.fillBlocked(),
    {
      name: 'block answer',
      queries: 1_000_000,
      batch: each(i => answerBlocked(slots[i]!, plane.images, plane.blockAnswers) === ANSWERED),
    },
  ],
  [
    () => bench.fill('refused'),
    {
      name: 'refusal',
      queries: 1_000_000,
      batch: each(i => {
        admit(slots[i]!, plane.seed)
        answerRefusal(slots[i]!)
        return slots[i]!.outLength > 0
      }),
    },
  ],
  [() => bench.fill('blocked'), { name: 'whole path, blocked', queries: 2_000_000, batch: wholeBatch }],
  [() => bench.fill('cached'), { name: 'whole path, cached', queries: 1_500_000, batch: wholeBatch }],
  [() => bench.fill('mixed'), { name: 'whole path, mixed', queries: 1_500_000, batch: wholeBatch }],
  [
    () => bench.fill('forwarded'),
    { name: 'forwarded and answered', queries: 500_000, batch: () => bench.forwardBatch() },
  ],
]

function wholeBatch(): number {
  bench.sentCount = 0
  resolveBatch(slots, BATCH, plane, bench)
  return bench.sentCount
}

const collections: number[] = []
const observer = new PerformanceObserver(list => {
  for (const entry of list.getEntries()) collections.push(entry.startTime)
})
observer.observe({ entryTypes: ['gc'] })

function runBatches(stage: Stage, batches: number): void {
  for (let i = 0; i < batches; i++) {
    const right = stage.batch()
    if (right !== BATCH) throw new Error(`${stage.name}: ${BATCH - right} of a batch went wrong`)
  }
}

async function count(stage: Stage): Promise<void> {
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    runBatches(stage, WARM_UP_BATCHES)
    await turn()
  }
  globalThis.gc?.()
  await turn()
  const before = getHeapStatistics().used_heap_size
  const start = performance.now()
  runBatches(stage, stage.queries / BATCH)
  const end = performance.now()
  const after = getHeapStatistics().used_heap_size
  // The observer is told in a later turn.
  for (let i = 0; i < 3; i++) await turn()
  const own = collections.filter(at => at >= start && at <= end).length
  const line = {
    stage: stage.name,
    queries: stage.queries,
    collections: own,
    octets: after - before,
    ms: Math.round(end - start),
  }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

for (const [prepare, stage] of stages) {
  prepare()
  await count(stage)
}
