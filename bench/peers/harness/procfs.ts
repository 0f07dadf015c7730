/**
 * What the kernel says of a process: the processor time of all its threads, and its memory. Linux only.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { cpuTicks } from '../../../src/platform/processor-time.ts'

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

/** The same of a process and all below it: those that have ended and were waited for are in its own line. */
export function familySeconds(pid: number, ticksPerSecond: number): number {
  let ticks = 0
  for (const one of [pid, ...descendants(pid)]) {
    try {
      const stat = readFileSync(`/proc/${one}/stat`, 'utf8')
      ticks += cpuTicks(stat) + waitedForTicks(stat)
    } catch (error) {
      // One of its children has just ended.
      if (one === pid) throw error
    }
  }
  return ticks / ticksPerSecond
}

/** The processes below one, at this moment. */
export function descendants(pid: number): number[] {
  try {
    const own = readdirSync(`/proc/${pid}/task`).flatMap(task =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    )
    return own.flatMap(child => [child, ...descendants(child)])
  } catch {
    return []
  }
}

/** The same of all processes but these; what has ended since counts with its parent. */
export function othersSeconds(pids: readonly number[], ticksPerSecond: number): number {
  const own = new Set(pids.map(String))
  let ticks = 0
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || own.has(pid)) continue
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      ticks += cpuTicks(stat) + waitedForTicks(stat)
    } catch {
      // It has just ended.
    }
  }
  return ticks / ticksPerSecond
}

/** Fields 16 and 17: children that have ended and were waited for. */
function waitedForTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[13]) + Number(fields[14])
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
