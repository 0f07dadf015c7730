/** Keeps the overlay true to the file of urgent changes: reads it at the start and whenever it changes. */

import { makeFolder } from '../platform/make-folder.ts'
import { compileOverlay, readUrgent, type UrgentChange, urgentPath } from './urgent.ts'
import { type FeedWatch, watchFeeds } from './watch.ts'

/** Short: the change is meant to be in force within a second. */
const DEBOUNCE_MS = 50
const POLL_MS = 500

export interface UrgentKeeperOptions {
  readonly dataFolder: string
  readonly seed: number
  readonly categories: readonly string[]
  readonly onOverlay: (overlay: SharedArrayBuffer, changes: readonly UrgentChange[]) => void
  readonly onProblem: (problem: string) => void
}

export class UrgentKeeper {
  private readonly options: UrgentKeeperOptions
  private watch: FeedWatch | null = null
  private generation = 0
  private failure: string | null = null
  private leftOut: readonly string[] = []

  constructor(options: UrgentKeeperOptions) {
    this.options = options
  }

  start(): void {
    const { dataFolder, onProblem } = this.options
    try {
      // The folder must be there to be watched.
      makeFolder(dataFolder)
    } catch (error) {
      onProblem(`urgent changes cannot be kept: ${(error as Error).message}`)
    }
    const file = { name: 'urgent', source: urgentPath(dataFolder) }
    this.watch = watchFeeds([file], () => this.refresh(), { debounceMs: DEBOUNCE_MS, pollMs: POLL_MS })
    this.refresh()
  }

  /** Puts in force what is on record now. Never throws. */
  refresh(): void {
    const { dataFolder, seed, categories, onOverlay, onProblem } = this.options
    try {
      const { changes, problems } = readUrgent(dataFolder)
      const { image, leftOut } = compileOverlay(changes, { seed, categories, generation: ++this.generation })
      for (const problem of problems) onProblem(`urgent changes, ${problem}`)
      if (leftOut.length > 0) onProblem(`urgent changes: ${leftOut.length} of categories that nothing has`)
      onOverlay(image, changes)
      this.leftOut = leftOut
      this.failure = null
    } catch (error) {
      // What was in force stays, and nobody should rely on it being all.
      this.failure = `urgent changes could not be read: ${(error as Error).message}`
      onProblem(this.failure)
    }
  }

  /** Why not every urgent change is in force, or null. */
  notInForce(): string | null {
    return this.failure === null ? null : 'urgent changes cannot be read'
  }

  /** The same for the change of one name. */
  notInForceOf(name: string): string | null {
    if (this.failure !== null) return this.failure
    return this.leftOut.includes(name) ? 'the configuration that the server runs with has no such category' : null
  }

  close(): void {
    this.watch?.close()
  }
}
