/**
 * Everything that `/metrics` tells, in one registry: the workers' counters, the main thread's facts, and what prom-client
 * knows of the process (`process_*`, and `nodejs_*` of the main thread).
 *
 * Owns: the list of names that dashboards rely on. Never: a client's address or a domain name, in a label or anywhere else.
 */
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { CounterLayout } from '../images/counters.ts'
import type { ControlFacts } from './control-facts.ts'
import { controlMetrics } from './control-metrics.ts'
import type { CounterBlocks } from './counter-reader.ts'
import { registerLatency } from './latency.ts'
import { registerRow } from './metric.ts'
import { workerMetrics } from './worker-metrics.ts'

export interface Metrics {
  readonly contentType: string
  /** The text of one scrape. Scrapes that overlap share one reading. */
  scrape(): Promise<string>
}

/** `upstreamNames`: in the order of the servers in `layout`; what an operator calls them, not what a client asked. */
export function createMetrics(
  layout: CounterLayout,
  blocks: CounterBlocks,
  upstreamNames: readonly string[],
  control: ControlFacts,
): Metrics {
  const registry = new Registry()
  for (const row of workerMetrics(layout, blocks, upstreamNames)) registerRow(registry, row)
  registerLatency(registry, layout, blocks)
  for (const row of controlMetrics(control)) registerRow(registry, row)
  collectDefaultMetrics({ register: registry })
  return { contentType: registry.contentType, scrape: shared(() => registry.metrics()) }
}

/** Whoever calls while a reading is under way gets that one: rows are reset and filled again, so two must not run at once. */
function shared<T>(read: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | null = null
  return () => {
    underWay ??= read().finally(() => {
      underWay = null
    })
    return underWay
  }
}
