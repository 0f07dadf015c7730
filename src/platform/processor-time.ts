/** What the kernel says of a process's use of processors. */
import { readFileSync } from 'node:fs'

/** proc(5) counts in hundredths of a second (USER_HZ) on everything that Node runs on. */
const TICK_MS = 10

/**
 * User and system time of a process with all its threads so far, in milliseconds, of which the kernel tells tens; null where nobody tells: off Linux, or when it is gone. Looks at the process alone:
 * listing its threads has a price (yielding.ts).
 */
export function processorMs(pid: number): number | null {
  try {
    return cpuTicks(readFileSync(`/proc/${pid}/stat`, 'utf8')) * TICK_MS
  } catch {
    return null
  }
}

/** Fields 14 and 15 of proc(5) stat, counted from behind the command's name, which may hold spaces and brackets. Throws for what is no such line. */
export function cpuTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  if (!Number.isFinite(ticks)) throw new Error(`not a line of /proc/PID/stat: ${stat.slice(0, 80)}`)
  return ticks
}
