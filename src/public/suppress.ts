/** What is told of small numbers: nothing. Rows too small to be told with their basis are told together, without it. */
import type { Cell } from '../feeds/tally/tally-file.ts'

/** Null: fewer than are told. */
export type Told = number | null

export function told(count: number, least: number): Told {
  return count > 0 && count < least ? null : count
}

/**
 * Several numbers whose sum may be known from elsewhere: where any would be hidden, the next smallest is hidden with them, or they could be worked out; two
 * that are both small as well, where their sum leaves one way only.
 */
export function toldTogether(counts: readonly number[], least: number): Told[] {
  const shown = counts.map(count => told(count, least))
  if (!shown.includes(null)) return shown
  hideSmallest(shown)
  return shown
}

/** Hides the smallest number that is told and not 0, where there is one. */
export function hideSmallest(shown: Told[]): void {
  const at = shown.indexOf(Math.min(...shown.filter(own => own !== null && own > 0).map(Number)))
  if (at >= 0) shown[at] = null
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
