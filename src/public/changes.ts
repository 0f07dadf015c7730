/** From what is counted of each list to what is told of the months: what came, was withdrawn and expired, by list, class, category and basis. */
import type { CellChange, TallyHead } from '../feeds/tally/tally-file.ts'
import { foldSmall, type Told, told } from './suppress.ts'

export interface MonthChange extends Omit<CellChange, 'added' | 'withdrawn' | 'expired'> {
  /** Such as `2026-11`, UTC. */
  readonly month: string
  readonly feed: string
  readonly added: Told
  readonly withdrawn: Told
  readonly expired: Told
}

/** The newest month first. `isBlocked`: whether anybody's policy blocks a category. */
export function monthChanges(
  tallies: readonly TallyHead[],
  isBlocked: (category: string) => boolean,
  least: number,
): MonthChange[] {
  const rows = tallies.flatMap(({ feed, months }) =>
    Object.entries(months).flatMap(([month, cells]) =>
      cells.filter(({ category }) => isBlocked(category)).map(cell => ({ month, feed, ...cell })),
    ),
  )
  const group = (row: { month: string; feed: string; class: string; category: string }) =>
    [row.month, row.feed, row.class, row.category].join('\n')
  return foldSmall(rows, group, ['added', 'withdrawn', 'expired'], least)
    .map(row => ({
      ...row,
      added: told(row.added, least),
      withdrawn: told(row.withdrawn, least),
      expired: told(row.expired, least),
    }))
    .sort((a, b) => (a.month < b.month ? 1 : a.month > b.month ? -1 : 0))
}

/** The day (`2026-11-25`) from which on everything is counted, where some months before have only differences between versions; else null. */
export function exactSince(tallies: readonly TallyHead[]): string | null {
  const days = tallies.flatMap(({ differencesUntil }) => differencesUntil?.slice(0, 10) ?? [])
  return days.sort().at(-1) ?? null
}
