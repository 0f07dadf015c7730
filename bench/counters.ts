/**
 * What accounting costs a query: its counters, its answer's, and its share of what a batch notes in the latency histogram. As a share of the
 * whole path in process, which is measured beside it, and of a query with the kernel's part.
 */
import { COUNTED_RCODES, FROM_BLOCK } from '../src/images/counters.ts'
import { countAnswer, countBatch, countQuery } from '../src/resolver/account.ts'
import { type Case, compare, type Figure, type Size } from './support/measure.ts'
import { asText, type BenchResult, verdict } from './support/result.ts'
import { WholePath, type WholePathSize } from './support/whole-path.ts'
import { BATCH } from './support/workload.ts'

const SIZES: Record<Size, WholePathSize & { batches: number }> = {
  small: { listed: 500, cached: 100, questions: 500, batches: 10 },
  full: { listed: 100_000, cached: 10_000, questions: 20_000, batches: 2000 },
}
/** What the kernel takes for a datagram in and one out, in batches: `floor` of bench:peers, on the fastest machine that was measured. */
const KERNEL_NANOSECONDS = 1800
/** The share of a query that the histogram may cost. */
const HISTOGRAM_SHARE_MAX = 0.01

export function run(size: Size): BenchResult {
  const path = new WholePath(SIZES[size])
  path.resolveAll(path.blocked)
  const { batches } = SIZES[size]
  const cases: Case[] = [
    { what: 'counting, all of it', each: batches * BATCH, run: () => countAll(path, batches, true) },
    { what: 'counting without times', each: batches * BATCH, run: () => countAll(path, batches, false) },
    { what: 'dealing', each: path.blocked.count, run: () => path.dealAll(path.blocked) },
    {
      what: 'whole path, blocked',
      each: path.blocked.count,
      without: 'dealing',
      run: () => path.resolveAll(path.blocked),
    },
  ]
  const { figures, checksum } = compare(cases, size)
  const shown = figures.filter(figure => figure.what !== 'dealing')
  return { title: 'Counters', figures: shown, checksum, notes: shares(shown) }
}

function countAll(path: WholePath, batches: number, withTimes: boolean): number {
  const { plane, slots } = path
  const at = plane.layout.answers + FROM_BLOCK * COUNTED_RCODES.length
  const before = plane.counters[at]!
  for (let batch = 0; batch < batches; batch++) {
    for (let i = 0; i < BATCH; i++) {
      countQuery(slots[i]!, plane)
      countAnswer(slots[i]!, plane)
    }
    if (withTimes) countBatch(plane)
  }
  // Those that were counted without their times are not to be anybody's.
  countBatch(plane)
  return plane.counters[at]! - before
}

function shares(figures: readonly Figure[]): string[] {
  const ns = (what: string) => figures.find(figure => figure.what === what)!.nanoseconds
  const all = ns('counting, all of it')
  const path = ns('whole path, blocked')
  const histogram = Math.max(0, all - ns('counting without times'))
  const share = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1)} %`
  return [
    `Counting is ${share(all, path)} of the whole path in process, ${share(all, path + KERNEL_NANOSECONDS)} of a query with the kernel's ${KERNEL_NANOSECONDS} ns.`,
    verdict(
      'The latency histogram, of a query with the kernel',
      (100 * histogram) / (path + KERNEL_NANOSECONDS),
      100 * HISTOGRAM_SHARE_MAX,
      '%',
    ),
  ]
}

if (import.meta.main) console.log(asText(run('full')))
