/**
 * `node bench/workers.ts [--write]`: two workers beside one. The whole path in process, without sockets, in threads that share the images as a server's workers do, each with
 * a cache and counters of its own: what one and what two of them answer in a second, in turns. A load generator would need a third core.
 */
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { median } from './peers/harness/report.ts'
import { benchBuffers } from './support/images.ts'
import { writeSection } from './support/readme.ts'
import { conditions } from './support/result.ts'
import type { WholePathSize } from './support/whole-path.ts'

export interface ScalingSize extends WholePathSize {
  readonly rounds: number
  readonly ms: number
}
export const FULL: ScalingSize = { listed: 1_000_000, cached: 10_000, questions: 200_000, rounds: 7, ms: 1500 }

export interface Scaling {
  /** Queries a second of one thread and of two together, by round. */
  readonly one: readonly number[]
  readonly two: readonly number[]
  /** Of two over one, in the round of the middle. */
  readonly ratio: number
}

/** What two workers on two free cores answer, over one. */
const RATIO_GOAL = 1.8

/** Words of the memory that the threads are led by. */
export const GO = 0
export const READY = 1
/** What GO says: to wait, to answer, to end. */
export const REST = 0
const ANSWER = 1
export const END = 2

interface Thread {
  readonly worker: Worker
  readonly lead: Int32Array
  readonly answered: Float64Array
}

export async function scaleWorkers(size: ScalingSize): Promise<Scaling> {
  const buffers = benchBuffers(size.listed)
  const threads = [start(size, buffers), start(size, buffers)]
  try {
    for (const { lead } of threads) while (Atomics.load(lead, READY) === 0) await sleep(5)
    const one: number[] = []
    const two: number[] = []
    for (let round = 0; round < size.rounds; round++) {
      one.push(await run(threads.slice(round % 2, (round % 2) + 1), size.ms))
      two.push(await run(threads, size.ms))
    }
    return { one, two, ratio: median(two.map((rate, round) => rate / one[round]!)) }
  } finally {
    await Promise.all(threads.map(end))
  }
}

function start(size: ScalingSize, buffers: ReturnType<typeof benchBuffers>): Thread {
  const lead = new Int32Array(new SharedArrayBuffer(8))
  const answered = new Float64Array(new SharedArrayBuffer(8))
  const worker = new Worker(new URL('support/path-thread.ts', import.meta.url), {
    workerData: { size, buffers, lead, answered },
  })
  return { worker, lead, answered }
}

function tell({ lead }: Thread, what: number): void {
  Atomics.store(lead, GO, what)
  Atomics.notify(lead, GO)
}

/** By itself, and not in the midst of a batch. */
async function end(thread: Thread): Promise<void> {
  const ended = new Promise(resolve => thread.worker.once('exit', resolve))
  tell(thread, END)
  await ended
}

/** Queries a second that these threads answer together. */
async function run(threads: readonly Thread[], ms: number): Promise<number> {
  const total = () => threads.reduce((sum, { answered }) => sum + answered[0]!, 0)
  for (const thread of threads) tell(thread, ANSWER)
  await sleep(ms / 10)
  const [from, beganMs] = [total(), performance.now()]
  await sleep(ms)
  const rate = ((total() - from) / (performance.now() - beganMs)) * 1000
  for (const thread of threads) tell(thread, REST)
  await sleep(ms / 10)
  return rate
}

export function scalingText({ one, two, ratio }: Scaling): string {
  const rate = (rates: readonly number[]) => Math.round(median([...rates])).toLocaleString('en')
  return [
    '**Two workers beside one**',
    '',
    `One thread answers ${rate(one)} blocked queries a second among a million names, without the kernel's part; two answer ${rate(two)}.`,
    '',
    `- Two over one: ${ratio.toFixed(2)}, goal ≥ ${RATIO_GOAL}: ${ratio >= RATIO_GOAL ? 'met' : '**not met**'}.`,
    '',
    conditions(),
  ].join('\n')
}

if (import.meta.main) {
  if (availableParallelism() < 2) throw new Error('two workers need two cores')
  const text = scalingText(await scaleWorkers(FULL))
  console.log(text)
  if (process.argv.includes('--write')) writeSection('workers', text)
}
