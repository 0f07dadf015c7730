/**
 * The load generator: dnsperf of Debian's package, and how its output is read.
 *
 * Saturating runs keep `outstanding` questions in flight; paced runs (`-Q`) print each answer's latency (`-v`), since dnsperf 2.10
 * has no histogram of its own.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LOOPBACK } from './peer.ts'
import type { Processes } from './processes.ts'

export interface Generator {
  readonly core: number
  /** Sockets, and questions in flight over all of them. */
  readonly clients: number
  readonly outstanding: number
  readonly dir: string
}

export interface Run {
  readonly port: number
  readonly questions: string
  readonly seconds?: number
  /** Each question once; otherwise the file is read over and over. */
  readonly once?: boolean
  /** In flight, where fewer than the generator's usual. */
  readonly outstanding?: number
  /** Questions a second; each latency is printed then. */
  readonly paced?: number
}

export interface Summary {
  readonly sent: number
  readonly completed: number
  readonly lost: number
  readonly noError: number
  readonly seconds: number
  readonly perSecond: number
  readonly meanLatencyMs: number
}

export interface Percentiles {
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Each has a thread to send and one to receive. Two ask about a tenth more than one does, on one core; four ask no more. */
const THREADS = 2
/** Longer than any pause seen, so that a slow answer counts as slow and not as lost. */
const TIMEOUT_SECONDS = 2

export async function runDnsperf(processes: Processes, generator: Generator, run: Run): Promise<string> {
  const outputFile = join(generator.dir, 'dnsperf.out')
  const launch = { command: 'dnsperf', args: argumentsOf(generator, run) }
  const running = processes.start(launch, { core: generator.core, outputFile })
  const limitMs = ((run.seconds ?? 60) + 30) * 1000
  const code = await Promise.race([running.ended, sleep(limitMs, 'slow' as const, { ref: false })])
  if (code !== 0) {
    await processes.stop(running)
    throw new Error(`dnsperf ${code === 'slow' ? 'did not end' : `exited with ${code}`}: ${running.complaint()}`)
  }
  await processes.stop(running)
  return readFileSync(outputFile, 'utf8')
}

function argumentsOf(generator: Generator, run: Run): string[] {
  return [
    ['-s', LOOPBACK, '-p', String(run.port), '-d', run.questions, '-t', String(TIMEOUT_SECONDS)],
    ['-T', String(THREADS), '-c', String(generator.clients), '-q', String(run.outstanding ?? generator.outstanding)],
    run.seconds === undefined ? [] : ['-l', String(run.seconds)],
    run.once === true ? ['-n', '1'] : [],
    run.paced === undefined ? [] : ['-Q', String(run.paced), '-v'],
  ].flat()
}

export function parseSummary(output: string): Summary {
  return {
    sent: figure(output, /Queries sent:\s+(\d+)/),
    completed: figure(output, /Queries completed:\s+(\d+)/),
    lost: figure(output, /Queries lost:\s+(\d+)/),
    noError: Number(/Response codes:.*?NOERROR (\d+)/.exec(output)?.[1] ?? 0),
    seconds: figure(output, /Run time \(s\):\s+([\d.]+)/),
    perSecond: figure(output, /Queries per second:\s+([\d.]+)/),
    meanLatencyMs: figure(output, /Average Latency \(s\):\s+([\d.]+)/) * 1000,
  }
}

function figure(output: string, pattern: RegExp): number {
  const found = pattern.exec(output)?.[1]
  if (found === undefined) throw new Error(`dnsperf printed nothing like ${pattern.source}`)
  return Number(found)
}

/** From lines such as `> NOERROR name.example A 0.000321`; null when there are none. */
export function parsePercentiles(output: string): Percentiles | null {
  const seconds = Float64Array.from(output.matchAll(/^> \S+ \S+ \S+ (\d+\.\d+)$/gm), match => Number(match[1])).sort()
  if (seconds.length === 0) return null
  return { p50Ms: nearestRank(seconds, 0.5) * 1000, p99Ms: nearestRank(seconds, 0.99) * 1000 }
}

function nearestRank(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]!
}
