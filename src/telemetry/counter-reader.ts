/**
 * Reads the workers' blocks of counters: sums over all workers, tables, and one worker at a time. Writes nothing.
 */
import type { CounterLayout, Scalar } from '../images/counters.ts'
import type { AddSample } from './metric.ts'

/** One block of counters a worker, in the order of the workers' numbers. */
export type CounterBlocks = () => readonly Float64Array[]

export class CounterReader {
  readonly #layout: CounterLayout
  readonly #blocks: CounterBlocks

  constructor(layout: CounterLayout, blocks: CounterBlocks) {
    this.#layout = layout
    this.#blocks = blocks
  }

  sumAt(index: number): number {
    return sumAt(this.#blocks(), index)
  }

  /** A table of two dimensions, whose last is the fastest. */
  table(start: number, rows: readonly string[], columns: readonly string[]) {
    return (add: AddSample) => {
      for (const [r, row] of rows.entries()) {
        for (const [c, column] of columns.entries()) add(this.sumAt(start + r * columns.length + c), row, column)
      }
    }
  }

  scalar(name: Scalar) {
    return (add: AddSample) => add(this.sumAt(this.#layout.scalar[name]))
  }

  /** Several scalars as one metric, each under the value of its one label. */
  scalars(byLabel: Readonly<Record<string, Scalar>>) {
    return (add: AddSample) => {
      for (const [label, name] of Object.entries(byLabel)) add(this.sumAt(this.#layout.scalar[name]), label)
    }
  }

  perWorker(name: Scalar, scale = 1) {
    return (add: AddSample) => {
      for (const [worker, block] of this.#blocks().entries()) {
        add((block[this.#layout.scalar[name]] ?? 0) * scale, String(worker))
      }
    }
  }
}

export function sumAt(blocks: readonly Float64Array[], index: number): number {
  let sum = 0
  for (const block of blocks) sum += block[index] ?? 0
  return sum
}
