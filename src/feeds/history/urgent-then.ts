/** What urgent changes held on a day: names that they blocked, and blocks of feeds that they lifted. */
import type { UrgentChange } from '../urgent.ts'

export const DAY_MS = 86_400_000

/** For a name or one above it: what held at the end of the day, and what held during it. */
export function urgentOn(changes: readonly UrgentChange[], name: string, fromMs: number): UrgentChange[] {
  const held: UrgentChange[] = []
  const state = new Map<string, UrgentChange>()
  for (const change of changes) {
    const atMs = Date.parse(change.at)
    const isAbout =
      name === change.name ||
      (name.endsWith(`.${change.name}`) && !(change.action === 'block' && change.exact === true))
    if (!isAbout || atMs >= fromMs + DAY_MS) continue
    const before = state.get(change.name)
    if (before !== undefined && atMs > fromMs) held.push(before)
    if (change.action === 'unblock') state.delete(change.name)
    else state.set(change.name, change)
  }
  return [...held, ...state.values()]
}

/** Whether the blocks that feeds have for this very name were lifted from the one moment to the other without a break. */
export function isLifted(changes: readonly UrgentChange[], name: string, fromMs: number, untilMs: number): boolean {
  let isWithdrawn = false
  for (const change of changes) {
    if (change.name !== name) continue
    const atMs = Date.parse(change.at)
    if (atMs >= untilMs) break
    // What holds at `fromMs` is known once a later change is met.
    if (atMs > fromMs && !isWithdrawn) return false
    isWithdrawn = change.action === 'withdraw'
  }
  return isWithdrawn
}
