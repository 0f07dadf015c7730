/**
 * What the kernel says of a process: the processor time of all its threads, and its memory. Linux only.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
}

/** User and system time of the process with all its threads, those that have ended too, in seconds. */
export function cpuSeconds(pid: number, ticksPerSecond: number): number {
  return cpuTicks(readFileSync(`/proc/${pid}/stat`, 'utf8')) / ticksPerSecond
}

/** Fields 14 and 15 of proc(5) stat, counted from behind the command's name, which may hold spaces and brackets. */
export function cpuTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  if (!Number.isFinite(ticks)) throw new Error(`not a line of /proc/PID/stat: ${stat.slice(0, 80)}`)
  return ticks
}

export function residentBytes(pid: number): number {
  return residentKib(readFileSync(`/proc/${pid}/status`, 'utf8')) * 1024
}

export function residentKib(status: string): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(status)
  if (found === null) throw new Error('no VmRSS: the process has ended')
  return Number(found[1])
}

export function clockTicksPerSecond(): number {
  return Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
}

export function machine(): Machine {
  return {
    ...processors(readFileSync('/proc/cpuinfo', 'utf8')),
    memoryGiB: Math.round(Number(/MemTotal:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0) / 2 ** 20),
    kernel: kernelVersion(readFileSync('/proc/sys/kernel/osrelease', 'utf8')),
  }
}

/** The release without what its builder called it. */
export function kernelVersion(release: string): string {
  return /^[\d.]+/.exec(release)?.[0] ?? 'unknown'
}

export function processors(cpuinfo: string): Pick<Machine, 'processor' | 'cores'> {
  return {
    processor: /^model name\s*:\s*(.+)$/m.exec(cpuinfo)?.[1]?.trim() ?? 'unknown',
    cores: cpuinfo.match(/^processor\s*:/gm)?.length ?? 1,
  }
}
