/**
 * How benches measure: tinybench's loop on a clock of processor time, so that a neighbour on the machine costs little more than the
 * caches it takes; rounds interleaved (A B C A B C), so that what it does is spread over all; medians of the rounds. What must be
 * taken off a case's time is measured in the same round.
 */
import { Bench } from 'tinybench'
import { median } from '../peers/harness/report.ts'

/** `small` takes a blink and is run by the tests; `full` is what the README's figures are of. */
export type Size = 'small' | 'full'

export interface Case {
  readonly what: string
  /** What one call of `run` goes through: queries, answers. The figure is for one of them. */
  readonly each: number
  /** Another case, whose time for one is taken off: what this case cannot do without. */
  readonly without?: string
  /** Returns what must come out the same in every call. */
  run(): number
}

export interface Figure {
  readonly what: string
  readonly nanoseconds: number
  /** The least and the most of the rounds. */
  readonly least: number
  readonly most: number
}

export interface Measured {
  readonly figures: readonly Figure[]
  readonly checksum: number
}

/** Calls before the first that counts: code is compiled, memory is there. */
const WARM_UP_CALLS: Record<Size, number> = { small: 1, full: 5 }
const ROUNDS: Record<Size, number> = { small: 1, full: 7 }
/** In one round, one after the other; the median counts. */
const CALLS: Record<Size, number> = { small: 1, full: 2 }

/** Measures all cases side by side. Throws where a case does not repeat itself. */
export function compare(cases: readonly Case[], size: Size): Measured {
  const sums = cases.map(own => warmUp(own, WARM_UP_CALLS[size]))
  const rounds = Array.from({ length: ROUNDS[size] }, () => round(cases, sums, CALLS[size]))
  const figures = cases.map((own, place): Figure => {
    const taken = cases.findIndex(other => other.what === own.without)
    const times = rounds.map(times => times[place]! - (taken < 0 ? 0 : times[taken]!))
    return { what: own.what, nanoseconds: median(times), least: Math.min(...times), most: Math.max(...times) }
  })
  return { figures, checksum: sums.reduce((sum, own) => (Math.imul(sum, 31) + own) | 0, 0) }
}

function warmUp(own: Case, calls: number): number {
  const first = own.run()
  for (let call = 1; call < calls; call++) check(own, own.run(), first)
  return first
}

/** Nanoseconds for one of what each case goes through. */
function round(cases: readonly Case[], sums: readonly number[], calls: number): number[] {
  const bench = new Bench({
    now: processorMs,
    iterations: calls,
    time: 0,
    warmup: false,
    throws: true,
    retainSamples: true,
  })
  cases.forEach((own, place) => {
    bench.add(own.what, () => check(own, own.run(), sums[place]!))
  })
  return bench.runSync().map((task, place) => {
    if (task.result.state !== 'completed') throw new Error(`${task.name}: ${task.result.state}`)
    return (task.result.latency.p50 * 1e6) / cases[place]!.each
  })
}

function check(own: Case, sum: number, expected: number): void {
  if (sum !== expected) throw new Error(`${own.what}: ${sum} came out, and ${expected} before`)
}

/** Of all threads of this process, so that collecting garbage counts where there is any. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
