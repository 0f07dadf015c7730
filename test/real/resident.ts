/** What the system says of a process's memory. */
import { readFileSync } from 'node:fs'
import type { Program } from '../cli/program.ts'

/** The sizes of /proc/PID/status by their names there, such as VmRSS, in MiB. */
export function memoryOf({ process: { pid } }: Program): Readonly<Record<string, number>> {
  return statusOf(pid!)
}

/** The same by number. Throws where there is no such process. */
export function statusOf(pid: number): Readonly<Record<string, number>> {
  const lines = readFileSync(`/proc/${pid}/status`, 'utf8').matchAll(/^(Vm\w+|Rss\w+):\s+(\d+) kB$/gm)
  return Object.fromEntries([...lines].map(([, field, kib]) => [field!, Number(kib) / 1024]))
}
