/**
 * A metric as a row: its name, what it means, and how to read it at the moment of a scrape. Nothing is kept between scrapes;
 * the shared counters and the main thread's facts are the only truth.
 */
import { Counter, Gauge, type Registry } from 'prom-client'

/** Adds to the sample that has these label values, in the order of the row's labels. */
export type AddSample = (value: number, ...labelValues: readonly string[]) => void

export interface MetricRow {
  readonly kind: 'counter' | 'gauge'
  readonly name: string
  /** A sentence. */
  readonly help: string
  /** Never a client's address, never a domain name. */
  readonly labels: readonly string[]
  readonly read: (add: AddSample) => void
}

export const counter = row('counter')
export const gauge = row('gauge')

function row(kind: MetricRow['kind']) {
  return (name: string, help: string, labels: readonly string[], read: MetricRow['read']): MetricRow => ({
    kind,
    name,
    help,
    labels,
    read,
  })
}

export function registerRow(registry: Registry, { kind, name, help, labels, read }: MetricRow): void {
  const Kind = kind === 'counter' ? Counter : Gauge
  new Kind({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      this.reset()
      read((value, ...labelValues) => {
        // prom-client throws on these, and one bad number must not cost the scrape all the others.
        if (!Number.isFinite(value) || (kind === 'counter' && value < 0)) return
        this.inc(Object.fromEntries(labels.map((label, index) => [label, labelValues[index] ?? ''])), value)
      })
    },
  })
}
