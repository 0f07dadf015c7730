/**
 * One server in one round: start, load time, then for each load a check of its answers, priming, the timed run and the paced run.
 *
 * What a figure means: processor time is the server's own, user and system, all threads, taken from the kernel before and
 * after the timed run and divided by the questions that were answered.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Generator, parsePercentiles, parseSummary, type Run, runDnsperf } from './dnsperf.ts'
import type { BlockList } from './names.ts'
import { BLOCK_ADDRESS, type LoadName, type Peer, type Site } from './peer.ts'
import { freePort } from './ports.ts'
import { askAddress, firstWrong } from './probe.ts'
import type { Processes, Running } from './processes.ts'
import { cpuSeconds, residentBytes } from './procfs.ts'
import { type LoadPlan, PACED_SECONDS_MAX } from './questions.ts'

export interface Sample {
  readonly peer: string
  readonly load: LoadName
  readonly cpuMicros: number
  readonly perSecond: number
  /** Share of its core that the server used: well below 1, the load generator was the limit. */
  readonly busy: number
  readonly meanLatencyMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly residentMiB: number
  readonly loadSeconds: number
  readonly lostShare: number
  readonly errorShare: number
}

export interface Bench {
  readonly processes: Processes
  readonly generator: Generator
  readonly serverCore: number
  readonly upstreamPort: number
  readonly ticksPerSecond: number
  readonly seconds: number
  readonly paced: number
  /** Temporary folders of the run, on disk and in memory. */
  readonly dir: string
  readonly memoryDir: string
  /** Told each sample and each problem as it comes. */
  report(line: string): void
}

export interface Outcome {
  readonly samples: readonly Sample[]
  /** Why the rest could not be timed, a sentence; null when all was. */
  readonly problem: string | null
}

const LOAD_LIMIT_SECONDS = 120
const PROBE_EVERY_MS = 10
/** All of them may be forwarded: below the 150 forwards that dnsmasq allows. */
const PRIMING_OUTSTANDING = 100
/** For one answer: short while a server loads, long enough for a busy machine before a timing. */
const PATIENCE_MS = 200
const PATIENCE_WHEN_READY_MS = 2_000

/** All plans have the same list. */
export async function measurePeer(bench: Bench, peer: Peer, plans: readonly LoadPlan[]): Promise<Outcome> {
  const samples: Sample[] = []
  const site = await makeSite(bench, peer, plans[0]!.list)
  try {
    const launch = peer.prepare(site)
    const startedMs = performance.now()
    const server = bench.processes.start(launch, { core: bench.serverCore, outputFile: join(site.dir, 'output') })
    try {
      const loadSeconds = await untilReady(peer, server, site, startedMs, plans[0]!)
      for (const plan of plans) samples.push(await measureLoad(bench, { peer, server, site, loadSeconds }, plan))
      return { samples, problem: null }
    } finally {
      await bench.processes.stop(server)
    }
  } catch (error) {
    return { samples, problem: (error as Error).message }
  } finally {
    rmSync(site.dir, { recursive: true, force: true })
    rmSync(site.memoryDir, { recursive: true, force: true })
  }
}

async function makeSite(bench: Bench, peer: Peer, list: BlockList): Promise<Site> {
  const dir = join(bench.dir, peer.name)
  const memoryDir = join(bench.memoryDir, `${peer.name}-memory`)
  mkdirSync(dir)
  mkdirSync(memoryDir)
  return { dir, memoryDir, list, port: await freePort(), upstreamPort: bench.upstreamPort }
}

/**
 * Seconds from the start until flagged names from the whole list are answered rightly. The last name is asked first and
 * alone: a server that forwards while it loads would fill its cache with what it is asked.
 */
async function untilReady(peer: Peer, server: Running, site: Site, startedMs: number, plan: LoadPlan): Promise<number> {
  const last = [site.list.names.at(-1)!, BLOCK_ADDRESS] as const
  const wrongNow = async () =>
    (await firstWrong(site.port, [last], PATIENCE_MS)) ?? (await firstWrong(site.port, plan.expected, PATIENCE_MS))
  const silentNow = async () =>
    (await askAddress(site.port, last[0], PATIENCE_MS)) === null ? 'answers nothing' : null
  for (;;) {
    const problem = await (peer.resolves ? wrongNow() : silentNow())
    const seconds = (performance.now() - startedMs) / 1000
    if (problem === null) return seconds
    if (server.hasEnded()) throw new Error(`ended at its start: ${server.complaint()}`)
    if (seconds > LOAD_LIMIT_SECONDS) throw new Error(`not ready after ${LOAD_LIMIT_SECONDS} s: ${problem}`)
    await sleep(PROBE_EVERY_MS)
  }
}

interface Subject {
  readonly peer: Peer
  readonly server: Running
  readonly site: Site
  readonly loadSeconds: number
}

async function measureLoad(bench: Bench, subject: Subject, plan: LoadPlan): Promise<Sample> {
  const { peer, server, site } = subject
  const wrong = peer.resolves ? await firstWrong(site.port, plan.expected, PATIENCE_WHEN_READY_MS) : null
  if (wrong !== null) throw new Error(wrong)
  const run = (load: Omit<Run, 'port'>) => runDnsperf(bench.processes, bench.generator, { port: site.port, ...load })
  // Twice: a question lost in the first pass would be a miss in the timing.
  for (let pass = 0; pass < 2; pass++) {
    await run({ questions: plan.prime, once: true, outstanding: PRIMING_OUTSTANDING })
  }

  const before = cpuSeconds(server.pid, bench.ticksPerSecond)
  const timed = parseSummary(await run({ questions: plan.timed, seconds: bench.seconds, once: plan.once }))
  const cpu = cpuSeconds(server.pid, bench.ticksPerSecond) - before
  if (timed.completed === 0) throw new Error('answered nothing under load')

  const pacedSeconds = Math.min(PACED_SECONDS_MAX, bench.seconds)
  const percentiles = parsePercentiles(
    await run({ questions: plan.paced, seconds: pacedSeconds, once: plan.once, paced: bench.paced }),
  )
  if (percentiles === null) throw new Error('answered nothing at a steady pace')
  const sample: Sample = {
    peer: peer.name,
    load: plan.name,
    cpuMicros: (cpu * 1e6) / timed.completed,
    perSecond: timed.perSecond,
    busy: cpu / timed.seconds,
    meanLatencyMs: timed.meanLatencyMs,
    ...percentiles,
    residentMiB: residentBytes(server.pid) / 2 ** 20,
    loadSeconds: subject.loadSeconds,
    lostShare: timed.lost / timed.sent,
    errorShare: 1 - timed.noError / timed.completed,
  }
  bench.report(describe(sample))
  return sample
}

function describe(sample: Sample): string {
  const { peer, load, cpuMicros, perSecond, busy, loadSeconds } = sample
  return `${peer} ${load}: ${cpuMicros.toFixed(2)} µs a query, ${Math.round(perSecond)} a second, core ${Math.round(busy * 100)} % busy, loaded in ${loadSeconds.toFixed(2)} s`
}
