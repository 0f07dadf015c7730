/** What urgent changes held on a day: names that they blocked, and blocks of feeds that they lifted. */
import { DAY_MS } from '../../settings/units.ts'
import type { UrgentChange } from '../urgent.ts'

/** Those for a name and the names above it. */
export function changesAbout(changes: readonly UrgentChange[], name: string): UrgentChange[] {
  return changes.filter(change => name === change.name || name.endsWith(`.${change.name}`))
}

/** The change that held for each name at a moment: as ever, the last one. */
export function heldAt(changes: readonly UrgentChange[], ms: number): Map<string, UrgentChange> {
  const held = new Map<string, UrgentChange>()
  for (const change of changes) {
    if (Date.parse(change.at) > ms) continue
    if (change.action === 'unblock') held.delete(change.name)
    else held.set(change.name, change)
  }
  return held
}

/** `about`: those for the name and the names above it. What held when the day began, and what came to hold on it. */
export function urgentOn(about: readonly UrgentChange[], name: string, fromMs: number): UrgentChange[] {
  const moments = about.map(change => Date.parse(change.at)).filter(ms => ms > fromMs && ms < fromMs + DAY_MS)
  const held = [fromMs, ...moments].flatMap(ms => [...heldAt(about, ms).values()])
  return [...new Set(held)].filter(change => reaches(change, name))
}

/** Whether a change for a name or one above it has to do with that name. */
export function reaches(change: UrgentChange, name: string): boolean {
  return name === change.name || change.action !== 'block' || change.exact !== true
}
