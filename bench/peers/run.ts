/**
 * `npm run bench:peers`: Qalqan and its peers, the same list, the same upstream, the same questions, in one run on one machine.
 *
 * Owns: the order of the rounds, and that nothing it started or wrote is left behind. Read `main`, then harness/measure.ts for
 * one server in one round; each server has a file of its own beside this one.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { allPeers } from './all.ts'
import { installedVersion } from './harness/installed.ts'
import { type Bench, measurePeer, type Sample } from './harness/measure.ts'
import { type Options, parseOptions, USAGE } from './harness/options.ts'
import { type Installed, type Peer, UPSTREAM_ADDRESS } from './harness/peer.ts'
import { freePort } from './harness/ports.ts'
import { askAddress } from './harness/probe.ts'
import { Processes } from './harness/processes.ts'
import { clockTicksPerSecond, machine } from './harness/procfs.ts'
import { type LoadPlan, listFor, planLoad } from './harness/questions.ts'
import { withSection } from './harness/readme.ts'
import { goals, remarks, tables } from './harness/report.ts'
import { prepareUpstream, upstreamInstalled } from './harness/upstream.ts'

const README = join(import.meta.dirname, '../README.md')
/** Of the last minute, before the run itself loads the machine. */
const IDLE_LOAD_MAX = 0.5

interface Contestant {
  readonly peer: Peer
  readonly version: string
}

interface Result {
  readonly contestants: readonly Contestant[]
  readonly samples: readonly Sample[]
  /** A sentence for each server that was left out or not timed, and whatever else a reader must know. */
  readonly notes: readonly string[]
}

async function main(options: Options): Promise<void> {
  const tools = requireTools(options)
  const busyBefore = neighbours()
  const { contestants, leftOut: missing } = chooseContestants(options)
  const before = [...busyBefore, ...missing]
  for (const line of before) console.error(line)
  if (contestants.length === 0) throw new Error('no server is left to measure')

  const processes = new Processes()
  const dir = mkdtempSync(join(tmpdir(), 'qalqan-peers-'))
  const memoryDir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'qalqan-peers-'))
  cleanUpAtExit(processes, [dir, memoryDir])
  const upstreamPort = await startUpstream(processes, options, dir)
  const bench = makeBench(options, { processes, dir, memoryDir, upstreamPort })

  const outcome = await allRounds(bench, options, contestants)
  const result = { contestants, samples: outcome.samples, notes: [...before, ...outcome.notes] }
  const section = describeRun(options, result, tools)
  console.log(section)
  if (options.write) writeFileSync(README, withSection(readFileSync(README, 'utf8'), section))
}

/** A run beside other work is still printed, with a word that it was. */
function neighbours(): string[] {
  const load = loadavg()[0]!
  return load <= IDLE_LOAD_MAX
    ? []
    : [`The machine was not idle before the run (load ${load.toFixed(1)}): do not rely on these figures.`]
}

/** Two cores, or the generator would take the server's time; and the programs that make the load. Returns their versions. */
function requireTools(options: Options): string {
  if (
    options.serverCore === options.generatorCore ||
    machine().cores <= Math.max(options.serverCore, options.generatorCore)
  )
    throw new Error('the server and the load generator need a core each')
  const dnsperf = installedVersion('dnsperf', ['-H'], /Version (\S+)/, 'Debian package dnsperf')
  const upstream = upstreamInstalled()
  for (const tool of [dnsperf, upstream]) if ('missing' in tool) throw new Error(tool.missing)
  // The run itself only waits and probes; it must not do so on the server's core.
  execFileSync('taskset', ['-a', '-p', '-c', String(options.generatorCore), String(process.pid)], { stdio: 'ignore' })
  return `NSD ${'version' in upstream ? upstream.version : ''} as upstream`
}

function chooseContestants(options: Options): { contestants: Contestant[]; leftOut: string[] } {
  const all = allPeers(options.go)
  const names = all.map(peer => peer.name)
  const unknown = options.peers?.find(name => !names.includes(name))
  if (unknown !== undefined) throw new Error(`there is no server "${unknown}"; there are ${names.join(', ')}`)
  const wanted = all.filter(peer => options.peers?.includes(peer.name) ?? true)
  const asked = wanted.map(peer => [peer, peer.installed()] as readonly [Peer, Installed])
  return {
    contestants: asked.flatMap(([peer, state]) => ('version' in state ? [{ peer, version: state.version }] : [])),
    leftOut: asked.flatMap(([peer, state]) =>
      'missing' in state ? [`${peer.name} is left out: ${state.missing}.`] : [],
    ),
  }
}

/** Also after an exception or a signal: `exit` is the one place that all of them pass. */
function cleanUpAtExit(processes: Processes, dirs: readonly string[]): void {
  process.once('exit', () => {
    processes.killAll()
    for (const dir of dirs) rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
  })
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
}

async function startUpstream(processes: Processes, options: Options, dir: string): Promise<number> {
  const port = await freePort()
  const launch = prepareUpstream(join(dir, 'upstream'), port)
  const running = processes.start(launch, { core: options.generatorCore, outputFile: join(dir, 'upstream.out') })
  for (let attempt = 0; attempt < 50 && !running.hasEnded(); attempt++) {
    if ((await askAddress(port, 'ready.example', 200)) === UPSTREAM_ADDRESS) return port
    await sleep(100)
  }
  throw new Error(`the upstream does not answer: ${running.complaint()}`)
}

type Place = Pick<Bench, 'processes' | 'dir' | 'memoryDir' | 'upstreamPort'>

function makeBench(options: Options, place: Place): Bench {
  const { clients, outstanding, generatorCore: core, serverCore, seconds, paced } = options
  return {
    ...place,
    generator: { core, clients, outstanding, dir: place.dir },
    serverCore,
    ticksPerSecond: clockTicksPerSecond(),
    seconds,
    paced,
    report: line => console.error(line),
  }
}

/** A B C, then A B C again: what the machine does besides is spread over all of them. A server that failed is not tried again. */
async function allRounds(
  bench: Bench,
  options: Options,
  contestants: readonly Contestant[],
): Promise<Omit<Result, 'contestants'>> {
  const samples: Sample[] = []
  const failed = new Map<string, string>()
  const groups = loadGroups(options, bench.dir)
  for (let round = 1; round <= options.rounds; round++) {
    bench.report(`round ${round} of ${options.rounds}`)
    for (const [group, plansFor] of groups.entries()) {
      for (const { peer } of contestants) {
        const plans = plansFor(peer)
        const key = `${peer.name} (${group === 0 ? options.names : options.million} names)`
        if (plans.length === 0 || failed.has(key)) continue
        const outcome = await measurePeer(bench, peer, plans)
        samples.push(...outcome.samples)
        if (outcome.problem !== null) failed.set(key, outcome.problem)
        if (outcome.problem !== null) bench.report(`${key}: ${outcome.problem}`)
      }
    }
  }
  return { samples, notes: [...failed].map(([key, problem]) => `${key} is not timed: ${problem}.`) }
}

type PlansFor = (peer: Peer) => LoadPlan[]

/** The loads of the usual list share one start of each server; the million has a start of its own. Files are written once. */
function loadGroups(options: Options, dir: string): PlansFor[] {
  const questionsDir = join(dir, 'questions')
  mkdirSync(questionsDir)
  const split = [options.loads.filter(load => load !== 'million'), options.loads.filter(load => load === 'million')]
  return split.map(loads => {
    const list = loads.length === 0 ? { names: [] } : listFor(loads[0]!, options)
    const made = new Map<string, LoadPlan>()
    const plan = (load: (typeof loads)[number], covers: Peer['covers']) => {
      const key = `${load} ${covers}`
      const known = made.get(key) ?? planLoad(load, covers, options, questionsDir, list)
      made.set(key, known)
      return known
    }
    return peer => loads.filter(load => peer.loads.includes(load)).map(load => plan(load, peer.covers))
  })
}

function describeRun(options: Options, result: Result, tools: string): string {
  const { processor, cores, memoryGiB, kernel } = machine()
  const { rounds, seconds, clients, outstanding, paced } = options
  const bullet = (lines: readonly string[]) => lines.map(line => `- ${line}`).join('\n')
  return [
    `Taken on ${new Date().toISOString().slice(0, 10)}: ${processor}, ${cores} cores, ${memoryGiB} GiB, Linux ${kernel}; ${rounds} rounds of ${seconds} s, medians; ` +
      `dnsperf with ${clients} sockets and ${outstanding} questions in flight, p50 and p99 at ${paced.toLocaleString('en')} a second; ${tools}.`,
    tables(result.samples),
    bullet(goals(result.samples)),
    bullet([...remarks(result.samples), ...result.notes]),
    `How each was set up:\n\n${bullet(result.contestants.map(({ peer, version }) => `${peer.name} ${version}: ${peer.setup}.`))}`,
  ]
    .filter(part => part !== '')
    .join('\n\n')
}

try {
  const options = parseOptions(process.argv.slice(2))
  if (options.help) console.log(USAGE)
  else await main(options)
} catch (error) {
  console.error(`bench:peers: ${(error as Error).message}`)
  process.exitCode = 1
} finally {
  // The upstream still runs; its end is the exit.
  process.exit()
}
