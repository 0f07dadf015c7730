/**
 * The workers' latency buckets as a Prometheus histogram. The buckets are counted elsewhere, each for itself; here they are
 * summed over workers and made cumulative, which prom-client's own histogram has no way to be told.
 */
import { Histogram, type Registry } from 'prom-client'
import { type CounterLayout, LATENCY_BOUNDS_MS, SOURCES } from '../images/counters.ts'
import { type CounterBlocks, sumAt } from './counter-reader.ts'

const LATENCY_METRIC = 'qalqan_answer_duration_seconds'
const HELP = 'Seconds from the arrival of a query to its answer, by where the answer came from.'

export function registerLatency(registry: Registry, layout: CounterLayout, blocks: CounterBlocks): void {
  registry.registerMetric(new LatencyHistogram(layout, blocks))
}

type HistogramValues = Awaited<ReturnType<Histogram['get']>>['values']

const UPPER_BOUNDS: readonly string[] = [...LATENCY_BOUNDS_MS.map(bound => String(bound / 1000)), '+Inf']

class LatencyHistogram extends Histogram {
  readonly #layout: CounterLayout
  readonly #blocks: CounterBlocks

  constructor(layout: CounterLayout, blocks: CounterBlocks) {
    super({ name: LATENCY_METRIC, help: HELP, labelNames: ['source'], registers: [] })
    this.#layout = layout
    this.#blocks = blocks
  }

  /** What prom-client asks for the text format; its `get` builds on it. */
  async getForPromString() {
    const blocks = this.#blocks()
    const values = SOURCES.flatMap((source, index) => this.#valuesOf(blocks, source, index))
    return { name: LATENCY_METRIC, help: HELP, type: 'histogram', aggregator: 'sum', values }
  }

  #valuesOf(blocks: readonly Float64Array[], source: string, sourceIndex: number): HistogramValues {
    const first = this.#layout.latency + sourceIndex * UPPER_BOUNDS.length
    let count = 0
    const values: HistogramValues = UPPER_BOUNDS.map((le, bucket) => {
      count += sumAt(blocks, first + bucket)
      return { metricName: `${LATENCY_METRIC}_bucket`, labels: { le, source }, value: count }
    })
    const sum = sumAt(blocks, this.#layout.latencySeconds + sourceIndex)
    values.push({ metricName: `${LATENCY_METRIC}_sum`, labels: { source }, value: sum })
    values.push({ metricName: `${LATENCY_METRIC}_count`, labels: { source }, value: count })
    return values
  }
}
