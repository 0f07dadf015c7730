/** `asker.c`: how it is built and run, and what it prints. Why not dnsperf: bench/README.md, "While lists are reloaded". */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Processes } from '../peers/harness/processes.ts'

/** A question that was lost counts as one that took for ever. */
export interface Latencies {
  readonly asked: number
  readonly lost: number
  /** How long it was held up itself, in all. */
  readonly heldMs: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
}

export interface Asking {
  readonly port: number
  readonly perSecond: number
  readonly seconds: number
  /** A file of names. */
  readonly questions: string
}

export class Asker {
  private readonly processes: Processes
  private readonly program: string
  private readonly core: number

  /** Compiles it into a folder. */
  constructor(processes: Processes, dir: string, core: number) {
    this.processes = processes
    this.program = join(dir, 'asker')
    this.core = core
    execFileSync('cc', ['-O2', '-Wall', '-o', this.program, join(import.meta.dirname, 'asker.c'), '-lm'])
  }

  /** What is not answered within two seconds after the last question is lost. */
  async ask({ port, perSecond, seconds, questions }: Asking): Promise<Latencies> {
    const outputFile = `${this.program}.out`
    const args = [port, perSecond, seconds, questions].map(String)
    const running = this.processes.start({ command: this.program, args }, { core: this.core, outputFile })
    const code = await running.ended
    await this.processes.stop(running)
    if (code !== 0) throw new Error(`the asker ended with ${code}: ${running.complaint()}`)
    return parseLatencies(readFileSync(outputFile, 'utf8'))
  }
}

export function parseLatencies(output: string): Latencies {
  const { asked, lost, heldNs, ns } = JSON.parse(output) as Record<'asked' | 'lost' | 'heldNs', number> & {
    readonly ns: readonly number[]
  }
  if (lost === asked) throw new Error('nothing was answered')
  const [p50Ms, p90Ms, p99Ms, p999Ms, maxMs] = ns.map(own => (own < 0 ? Number.POSITIVE_INFINITY : own / 1e6))
  return {
    asked,
    lost,
    heldMs: heldNs / 1e6,
    p50Ms: p50Ms!,
    p90Ms: p90Ms!,
    p99Ms: p99Ms!,
    p999Ms: p999Ms!,
    maxMs: maxMs!,
  }
}
