/**
 * `npm run bench:reload [-- --rounds N] [--load half] [--samples FILE] [--write]`: what clients notice of lists that are reloaded. The real program with one worker and a list of a million
 * names, asked at a steady pace, in turns without reloads and with a slightly changed list put in place as soon as the one before is in force.
 *
 * The server with all that it starts has a core, who asks has the other: what compiles lists competes with the worker and with nothing else, as on a
 * machine whose cores all have a worker, and no delay is measured that is the client's own. With --samples, what runs before have appended to a file counts too:
 * many rounds need not have the machine for themselves in one go.
 */
import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Generator, parseSummary, runDnsperf } from './peers/harness/dnsperf.ts'
import { Processes } from './peers/harness/processes.ts'
import { clockTicksPerSecond, descendants, machine, othersSeconds } from './peers/harness/procfs.ts'
import { Asker } from './reload/asker.ts'
import { LOADS, type ReloadLoad, type ReloadSample, reloadText } from './reload/report.ts'
import { ReloadingServer } from './reload/server.ts'
import { blockedQuestions } from './support/names.ts'
import { writeSection } from './support/readme.ts'

export interface ReloadSize {
  readonly listed: number
  readonly questions: number
  readonly rounds: number
  readonly seconds: number
  /** More lists than come into force within a second: they are written before a run. */
  readonly versionsASecond: number
  readonly capacitySeconds: number
  readonly loads: readonly ReloadLoad[]
}
const FULL: ReloadSize = {
  listed: 1_000_000,
  questions: 200_000,
  rounds: 3,
  // Three reloads or more at half load: of one alone the beginning and the end would weigh too much.
  seconds: 30,
  versionsASecond: 0.5,
  capacitySeconds: 4,
  loads: LOADS,
}

const SERVER_CORE = 0
const GENERATOR_CORE = 1
const LIGHT_PER_SECOND = 2000
const POLL_MS = 50
/** Of a core, that others may take while a run is made; and how often it is made where they take more. */
const OTHERS_MAX = 0.05
const ATTEMPTS = 3

interface Bench {
  readonly size: ReloadSize
  readonly asker: Asker
  readonly server: ReloadingServer
  readonly questions: string
}

export async function measureReloads(size: ReloadSize, report: (line: string) => void): Promise<ReloadSample[]> {
  if (machine().cores < 2) throw new Error('the server and who asks it need a core each')
  const processes = new Processes()
  const dir = mkdtempSync(join(tmpdir(), 'qalqan-reload-'))
  const cleanUp = () => {
    processes.killAll()
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
  }
  process.once('exit', cleanUp)
  try {
    const asker = new Asker(processes, dir, GENERATOR_CORE)
    const server = await ReloadingServer.start(processes, SERVER_CORE, join(dir, 'server'), size.listed)
    const questions = join(dir, 'questions')
    writeFileSync(questions, `${blockedQuestions(size.questions, size.listed).join(' A\n')} A\n`)
    const bench = { size, asker, server, questions }
    const capacity = await capacityOf(bench, processes, { core: GENERATOR_CORE, clients: 8, outstanding: 200, dir })
    return await allRounds(bench, capacity, report)
  } finally {
    process.off('exit', cleanUp)
    cleanUp()
  }
}

/** Questions a second, by dnsperf. */
async function capacityOf(
  { size, server, questions }: Bench,
  processes: Processes,
  generator: Generator,
): Promise<number> {
  const run = { port: server.port, questions, seconds: size.capacitySeconds }
  // The first time code is compiled.
  await runDnsperf(processes, generator, run)
  await server.untilQuiet()
  return parseSummary(await runDnsperf(processes, generator, run)).perSecond
}

/** A B A B: what the machine does besides is spread over both. */
async function allRounds(bench: Bench, capacity: number, report: (line: string) => void): Promise<ReloadSample[]> {
  const { size } = bench
  const samples: ReloadSample[] = []
  for (let round = 0; round < size.rounds; round++)
    for (const load of size.loads)
      for (const reloading of [false, true]) {
        const perSecond = load === 'half load' ? Math.floor(capacity / 2) : LIGHT_PER_SECOND
        const sample = { load, capacity, perSecond, reloading, ...(await measureAlone(bench, perSecond, reloading)) }
        report(JSON.stringify(sample))
        samples.push(sample)
      }
  return samples
}

/** Once more where others took part of the machine; the last time it counts all the same, and shows that they did. */
async function measureAlone(bench: Bench, perSecond: number, reloading: boolean) {
  for (let attempt = 1; ; attempt++) {
    const sample = await measureRun(bench, perSecond, reloading)
    if (sample.others > OTHERS_MAX && attempt < ATTEMPTS) continue
    if (reloading !== sample.reloads > 0)
      throw new Error(`${sample.reloads} reloads ended within a run, reloading: ${reloading}`)
    return sample
  }
}

async function measureRun({ size, asker, server, questions }: Bench, perSecond: number, reloading: boolean) {
  const { seconds, versionsASecond } = size
  server.prepare(reloading ? Math.ceil(seconds * versionsASecond) + 1 : 0)
  await server.untilQuiet()
  const [cpuBefore, othersBefore] = [server.cpuSeconds(), secondsOfOthers()]
  const reloads = new Reloads(server, reloading)
  const asking = asker.ask({ port: server.port, perSecond, seconds, questions })
  await Promise.race([asking, sleep(seconds * 1000)])
  const busy = (server.cpuSeconds() - cpuBefore) / seconds
  const others = (secondsOfOthers() - othersBefore) / seconds
  reloads.stop()
  const latencies = await asking
  return { reloads: reloads.count, busy, others, ...latencies }
}

/** Of all but this process and what it has started. */
function secondsOfOthers(): number {
  return othersSeconds([process.pid, ...descendants(process.pid)], clockTicksPerSecond())
}

/** Puts the next list in place whenever one has come into force; looks as often where none is to be replaced, so that both are watched alike. */
class Reloads {
  count = 0
  private readonly timer: NodeJS.Timeout

  constructor(server: ReloadingServer, reloading: boolean) {
    let seen = server.images()
    if (reloading) server.replace()
    this.timer = setInterval(() => {
      const now = server.images()
      this.count += now - seen
      if (now > seen && reloading) server.replace()
      seen = now
    }, POLL_MS)
  }

  stop(): void {
    clearInterval(this.timer)
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      write: { type: 'boolean', default: false },
      rounds: { type: 'string', default: `${FULL.rounds}` },
      load: { type: 'string' },
      samples: { type: 'string' },
    },
  })
  // The run itself only waits and looks; it must not do so on the server's core.
  execFileSync('taskset', ['-a', '-p', '-c', String(GENERATOR_CORE), String(process.pid)], { stdio: 'ignore' })
  const loads = LOADS.filter(load => values.load === undefined || load === `${values.load} load`)
  const size = { ...FULL, rounds: Number(values.rounds), loads }
  if (loads.length === 0 || !(size.rounds >= 1)) throw new TypeError('--load is half or light, --rounds a number')
  const { samples: file } = values
  const before = file === undefined || !existsSync(file) ? [] : readFileSync(file, 'utf8').trimEnd().split('\n')
  const now = await measureReloads(size, line => console.error(line))
  if (file !== undefined) for (const sample of now) appendFileSync(file, `${JSON.stringify(sample)}\n`)
  const text = reloadText([...before.map(line => JSON.parse(line) as ReloadSample), ...now], size.listed)
  console.log(text)
  if (values.write) writeSection('reload', text)
}
