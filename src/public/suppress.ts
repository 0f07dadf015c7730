/** What is told of small numbers: nothing. Rows too small to be told with their basis are told together, without it. */
import type { Cell } from '../feeds/tally/tally-file.ts'

/** Null: fewer than are told. */
export type Told = number | null

export function told(count: number, least: number): Told {
  return count > 0 && count < least ? null : count
}

/**
 * Several numbers whose sum may be known from elsewhere: where one alone would be hidden, the next smallest is hidden with it, or it could be worked out.
 */
export function toldTogether(counts: readonly number[], least: number): Told[] {
  const shown = counts.map(count => told(count, least))
  if (shown.filter(own => own === null).length !== 1) return shown
  const next = Math.min(...shown.filter(own => own !== null && own > 0).map(Number))
  const at = shown.indexOf(next)
  return shown.map((own, i) => (i === at ? null : own))
}

/** `groupOf`: what a row has besides its basis; `counts`: its numbers. In each group what has no basis comes last. */
export function foldSmall<Row extends Cell, Count extends keyof Row>(
  rows: readonly Row[],
  groupOf: (row: Row) => string,
  counts: readonly Count[],
  least: number,
): Row[] {
  const small = (row: Row) => counts.some(count => told(row[count] as number, least) === null)
  const folded = new Map<string, Row>()
  for (const row of rows) {
    if (row.basis !== null && !small(row)) continue
    const group = groupOf(row)
    const before = folded.get(group)
    const sums = counts.map(count => [count, (row[count] as number) + ((before?.[count] as number | undefined) ?? 0)])
    folded.set(group, { ...(before ?? row), ...Object.fromEntries(sums), basis: null })
  }
  const kept = rows.filter(row => row.basis !== null && !small(row))
  const order = new Map(rows.map((row, i) => [groupOf(row), i]))
  const place = (row: Row) => order.get(groupOf(row))!
  return [...kept, ...folded.values()].sort((a, b) => place(a) - place(b))
}
