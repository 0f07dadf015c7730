/** Counts of changes by month and cell: how they add up, and how the history tells of those that nobody counted. */
import type { HistoryLine } from '../history/chain.ts'
import type { Cell, CellChange, TallyHead } from './tally-file.ts'

export function keyOf({ class: ruleClass, category, basis }: Cell): string {
  return JSON.stringify([ruleClass, category, basis])
}

/** By how much one list grew and shrank from version to version, as far as the history tells. */
export function differencesByMonth(lines: readonly HistoryLine[]): TallyHead['months'] {
  let months: TallyHead['months'] = {}
  let former = 0
  for (const { act, at, block, reading } of lines) {
    const entries = act === 'in force' && reading.mode === 'enforce' ? block : 0
    const change = entries - former
    former = entries
    const cell = { class: reading.class, category: reading.category, basis: null }
    const counted = { added: Math.max(0, change), withdrawn: Math.max(0, -change), expired: 0 }
    months = withCounts(months, at.slice(0, 7), [{ ...cell, ...counted }])
  }
  return months
}

/** Different bases that one month of a list tells apart: who changed the wording of all entries would fill the file otherwise. */
const MONTH_CELLS_MAX = 500

/** The months with these changes counted into one of them. */
export function withCounts(
  months: TallyHead['months'],
  month: string,
  changes: readonly CellChange[],
): TallyHead['months'] {
  const cells = new Map((months[month] ?? []).map(own => [keyOf(own), own]))
  for (const change of changes) {
    if (change.added + change.withdrawn + change.expired === 0) continue
    const isTold = cells.has(keyOf(change)) || cells.size < MONTH_CELLS_MAX
    const cell = isTold ? change : { ...change, basis: null }
    const before = cells.get(keyOf(cell)) ?? { added: 0, withdrawn: 0, expired: 0 }
    cells.set(keyOf(cell), {
      ...cell,
      added: before.added + change.added,
      withdrawn: before.withdrawn + change.withdrawn,
      expired: before.expired + change.expired,
    })
  }
  return cells.size === 0 ? months : { ...months, [month]: [...cells.values()] }
}
