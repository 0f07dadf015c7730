/** The pages under load: many visitors at once, beside some who read nothing, for a while, and nothing is kept of them. */
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort, ndjson, type Program } from '../cli/program.ts'
import { Serving } from '../cli/serving.ts'
import { INSPECTED, type Kept, keptBy } from './collected.ts'

const VISITORS = 50
const SECONDS = 8
/** Of one core, were it the server's alone: what others on the machine do, visitors too, is not counted. */
const PER_CPU_SECOND_MIN = 2_000
/** Of what is kept when garbage has been collected: fifty octets of each page would be more. */
const KEPT_MB_MAX = 4
/** Of all memory at the same moments: room for young objects that V8 makes when it sees fit, 32 MB at most, and buffers. A kilobyte of each page would be more. */
const RESIDENT_MB_MAX = 64
const SLOW_READERS = 40
/** `answerMs` of the server, and what a busy machine adds. */
const CLOSED_WITHIN_MS = 14_000

let serving: Serving
let server: Program
let page = 0
beforeAll(async () => {
  serving = await Serving.prepare()
  page = await freePort()
  serving.folder.write('list.ndjson', ndjson({ host: 'bad.example', case: 'K-1', listed: '2026-03-05' }))
  const configuration = {
    workers: 1,
    feeds: [{ name: 'list', source: 'list.ndjson', class: 'hotline', category: 'illegal' }],
    http: { page: `127.0.0.1:${page}` },
    block_page: {
      provider: 'Net',
      appeal: { email: 'appeal@provider.example', url: 'http://page.provider.example/appeal' },
    },
    appeals: { enabled: true },
    public: { enabled: true, lookups_per_client: 1_000_000 },
  }
  server = await serving.serve(configuration, INSPECTED)
})
afterAll(() => serving.close())

/** User and system time of the server so far: fields 14 and 15 of its stat, behind the name in parentheses, in hundredths of a second. */
function cpuSeconds(): number {
  const fields = readFileSync(`/proc/${server.process.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

interface Place {
  readonly host: string
  readonly path: string
  readonly status: number
}
const BLOCK: Place = { host: 'bad.example', path: '/', status: 451 }
const OWN = 'page.provider.example'
const PLACES: readonly Place[] = [
  BLOCK,
  { host: OWN, path: '/appeal?about=bad.example', status: 200 },
  { host: OWN, path: '/c/K-1', status: 200 },
  { host: OWN, path: '/site?name=bad.example', status: 200 },
  { host: OWN, path: '/api/v1/listed?name=bad.example', status: 200 },
  { host: OWN, path: '/transparency', status: 200 },
]

function visit(agent: Agent, { host, path }: Place): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { host, 'accept-language': 'ru' }
    const sent = request({ agent, host: '127.0.0.1', port: page, path, headers }, response => {
      response.resume()
      response.once('end', () => resolve(response.statusCode ?? 0))
    })
    sent.once('error', reject)
    sent.end()
  })
}

interface Loaded {
  readonly perSecond: number
  readonly perCpuSecond: number
  readonly wrong: number
}

async function load(seconds: number, places: readonly Place[] = [BLOCK]): Promise<Loaded> {
  const agent = new Agent({ keepAlive: true, maxSockets: VISITORS })
  const endMs = performance.now() + seconds * 1000
  const cpuBefore = cpuSeconds()
  let [done, wrong, next] = [0, 0, 0]
  const visitor = async () => {
    while (performance.now() < endMs) {
      const place = places[next++ % places.length]!
      // A connection that has had its hundred requests is closed by the server, sometimes under a request; the visitor comes again.
      const status = await visit(agent, place).catch(() => null)
      if (status === place.status) done++
      else if (status !== null) wrong++
    }
  }
  await Promise.all(Array.from({ length: VISITORS }, visitor))
  agent.destroy()
  return { perSecond: Math.round(done / seconds), perCpuSecond: Math.round(done / (cpuSeconds() - cpuBefore)), wrong }
}

const SLOW_ADDRESS = '127.0.0.9'

/** Asks for so much that no buffer has room for it, and reads nothing. */
function readNothing(): Socket {
  const socket = connect({ host: '127.0.0.1', port: page, localAddress: SLOW_ADDRESS })
  socket.on('error', () => {})
  socket.pause()
  socket.write(`GET /transparency?lang=ru HTTP/1.1\r\nHost: ${OWN}\r\n\r\n`.repeat(90))
  return socket
}

/** Connections of the slow that the server holds open, as the kernel tells: who reads nothing does not hear of the end. */
function heldBySlow(): number {
  const hex = (own: number) => own.toString(16).toUpperCase().padStart(4, '0')
  const slow = SLOW_ADDRESS.split('.')
    .reverse()
    .map(part => Number(part).toString(16).toUpperCase().padStart(2, '0'))
  const ends = `:${hex(page)} ${slow.join('')}:`
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .filter(line => line.includes(ends) && / 0[18] /.test(line)).length
}

const more = (before: Kept, after: Kept): Kept => ({
  heapMb: after.heapMb - before.heapMb,
  residentMb: after.residentMb - before.residentMb,
})

function showsWell(what: string, { perSecond, perCpuSecond, wrong }: Loaded, { heapMb, residentMb }: Kept): void {
  const speed = `${perSecond} a second, ${perCpuSecond} for each second of a core`
  console.log(`${what}: ${speed}, ${heapMb.toFixed(1)} MB more kept, ${residentMb.toFixed(1)} MB more in all`)
  expect(wrong).toBe(0)
  expect(perCpuSecond).toBeGreaterThan(PER_CPU_SECOND_MIN)
  expect(heapMb).toBeLessThan(KEPT_MB_MAX)
  expect(residentMb).toBeLessThan(RESIDENT_MB_MAX)
}

test.each([
  ['the block page', [BLOCK]],
  ['all pages in turn', PLACES],
])(
  '%s: two thousand a second of one core, all of them right, and nothing is kept of them',
  async (what, places) => {
    await load(SECONDS, places)
    const before = await keptBy(server)
    const loaded = await load(SECONDS, places)
    showsWell(what, loaded, more(before, await keptBy(server)))
  },
  60_000,
)

test('who reads nothing is closed, holds nothing up meanwhile, and leaves nothing behind', async () => {
  const before = await keptBy(server)
  const slow = Array.from({ length: SLOW_READERS }, readNothing)
  await wait(1000)
  expect(heldBySlow()).toBe(SLOW_READERS)
  const startMs = performance.now()
  const loaded = await load(SECONDS)
  while (heldBySlow() > 0 && performance.now() - startMs < CLOSED_WITHIN_MS) await wait(100)
  expect(heldBySlow()).toBe(0)
  for (const socket of slow) socket.destroy()
  showsWell(`beside ${SLOW_READERS} who read nothing`, loaded, more(before, await keptBy(server)))
}, 60_000)
