/**
 * `npm run soak [-- --minutes N] [--share 0.8]`: the program as an operator starts it, under a steady share of the load that it can take, and
 * whether its memory stays. Half of the questions are blocked, most others cached, the rest new names that are forwarded.
 *
 * Needs dnsperf, nsd, setpriv and taskset. Memory is sampled each five seconds; the first fifth of the time is left out, when code is compiled
 * and the cache fills. Exits 1 where memory grows by more than GROWTH_MAX an hour, or more answers are lost than LOST_MAX.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { parseSummary, runDnsperf } from './peers/harness/dnsperf.ts'
import { blockedQuestions, blockList } from './peers/harness/names.ts'
import { freePort } from './peers/harness/ports.ts'
import { askAddress } from './peers/harness/probe.ts'
import { Processes } from './peers/harness/processes.ts'
import { residentBytes } from './peers/harness/procfs.ts'
import { prepareUpstream } from './peers/harness/upstream.ts'
import { qalqan } from './peers/qalqan.ts'

const SAMPLE_MS = 5000
const SETTLING_SHARE = 0.2
const CAPACITY_SECONDS = 10
/** Octets an hour, as a share of what there is. */
const GROWTH_MAX = 0.05
const LOST_MAX = 0.0005
const LISTED = 100_000
const CACHED = 5000
const FORWARDED = 400_000

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, share: { type: 'string', default: '0.8' } },
})
const minutes = Number(values.minutes)
const share = Number(values.share)
if (!(minutes > 0) || !(share > 0 && share <= 1)) throw new TypeError('--minutes is a number, --share one from 0 to 1')

const processes = new Processes()
const dir = mkdtempSync(join(tmpdir(), 'qalqan-soak-'))
process.once('exit', () => {
  processes.killAll()
  rmSync(dir, { recursive: true, force: true })
})
const isSound = await soak()
// What was started would keep this process alive.
process.exit(isSound ? 0 : 1)

async function soak(): Promise<boolean> {
  const { pid, port } = await startServers()
  const questions = writeQuestions()
  const generator = { core: 1, clients: 20, outstanding: 200, dir }
  const capacity = parseSummary(await runDnsperf(processes, generator, { port, questions, seconds: CAPACITY_SECONDS }))
  const perSecond = Math.floor(capacity.perSecond * share)
  console.log(`it can take ${Math.round(capacity.perSecond)} a second; ${perSecond} for ${minutes} minutes`)
  const samples: number[] = []
  const sampler = setInterval(() => samples.push(residentBytes(pid)), SAMPLE_MS)
  let [sent, lost] = [0, 0]
  for (let minute = 0; minute < minutes; minute++) {
    const run = await paced(port, questions, perSecond, Math.min(1, minutes - minute) * 60)
    sent += run.sent
    lost += run.lost
  }
  clearInterval(sampler)
  return judge(samples, sent, lost)
}

async function startServers(): Promise<{ pid: number; port: number }> {
  const upstreamPort = await freePort()
  const upstream = prepareUpstream(join(dir, 'upstream'), upstreamPort)
  processes.start(upstream, { core: 1, outputFile: join(dir, 'upstream.out') })
  const port = await freePort()
  const launch = await qalqan.prepare({ dir, memoryDir: dir, port, upstreamPort, list: blockList(LISTED) })
  const running = processes.start(launch, { core: 0, outputFile: join(dir, 'qalqan.out') })
  for (let tries = 0; tries < 100; tries++) {
    if ((await askAddress(port, 'ready.test', 500)) !== null) return { pid: running.pid, port }
    if (running.hasEnded()) break
    await sleep(200)
  }
  throw new Error(`it did not start: ${running.complaint()}`)
}

function writeQuestions(): string {
  const list = blockList(LISTED)
  const blocked = blockedQuestions(list, FORWARDED, true)
  const lines: string[] = []
  for (let i = 0; i < FORWARDED; i++) {
    lines.push(`${blocked[i % blocked.length]} A`)
    lines.push(i % 10 === 0 ? `new${i}.test A` : `cached${i % CACHED}.test A`)
  }
  const file = join(dir, 'questions')
  mkdirSync(dir, { recursive: true })
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

/** A minute at a steady pace; what dnsperf prints of each answer is not kept. */
async function paced(port: number, questions: string, perSecond: number, seconds: number) {
  const args = ['-s', '127.0.0.1', '-p', `${port}`, '-d', questions, '-t', '2', '-T', '2', '-c', '20', '-q', '200']
  const outputFile = join(dir, 'paced.out')
  const launch = { command: 'dnsperf', args: [...args, '-l', `${Math.ceil(seconds)}`, '-Q', `${perSecond}`] }
  const running = processes.start(launch, { core: 1, outputFile })
  await running.ended
  await processes.stop(running)
  return parseSummary(readFileSync(outputFile, 'utf8'))
}

function judge(samples: readonly number[], sent: number, lost: number): boolean {
  const settled = samples.slice(Math.floor(samples.length * SETTLING_SHARE))
  const mean = settled.reduce((sum, own) => sum + own, 0) / settled.length
  const slope = slopeOf(settled)
  const anHour = (slope * 3_600_000) / SAMPLE_MS / mean
  const mib = (octets: number) => (octets / 2 ** 20).toFixed(1)
  console.log(
    `${sent} questions, ${lost} lost; resident ${mib(Math.min(...settled))} to ${mib(Math.max(...settled))} MiB,`,
  )
  console.log(`mean ${mib(mean)} MiB, growing ${(anHour * 100).toFixed(2)} % an hour`)
  return anHour <= GROWTH_MAX && lost <= sent * LOST_MAX
}

/** Of the straight line through the samples that misses them least. */
function slopeOf(samples: readonly number[]): number {
  const middle = (samples.length - 1) / 2
  const mean = samples.reduce((sum, own) => sum + own, 0) / samples.length
  let [above, below] = [0, 0]
  for (const [i, own] of samples.entries()) {
    above += (i - middle) * (own - mean)
    below += (i - middle) ** 2
  }
  return below === 0 ? 0 : above / below
}
