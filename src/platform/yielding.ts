/** A thread that lets others go first: whoever compiles must not make those wait who answer. */
import { readlinkSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { basename } from 'node:path'

/** Lowers the priority of the thread that calls this, where the system has such a thing for threads (Linux). */
export function letOthersGoFirst(): void {
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), constants.priority.PRIORITY_LOW)
  } catch {
    // Elsewhere the scheduler is on its own.
  }
}
