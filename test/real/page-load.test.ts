/** The pages under load: many visitors at once, beside some who read nothing, for a while, and nothing is kept of them. */
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cpuSeconds } from '../../bench/peers/harness/procfs.ts'
import { freePort, ndjson, type Program } from '../cli/program.ts'
import { Serving } from '../cli/serving.ts'
import { until } from '../transport/clients.ts'
import { INSPECTED, type Kept, keptBy } from './collected.ts'

const VISITORS = 50
const SECONDS = 8
/** Of one core, were it the server's alone: what others on the machine do, visitors too, is not counted. */
const PER_CPU_SECOND_MIN = 2_000
/** Of what is kept for each page when garbage has been collected. */
const KEPT_OCTETS_MAX = 50
/** Of all memory at the same moments: V8 makes room for young objects, and gives it back, when it sees fit, and that is 64 MiB at most. */
const GROWTH_MIB_MAX = 128
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

/** What the server has used of its cores so far, in seconds, of which Linux tells hundredths everywhere. */
const serverSeconds = () => cpuSeconds(server.process.pid!, 100)

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
  readonly pages: number
  readonly perSecond: number
  readonly perCpuSecond: number
  readonly wrong: number
}

async function load(seconds: number, places: readonly Place[] = [BLOCK]): Promise<Loaded> {
  const agent = new Agent({ keepAlive: true, maxSockets: VISITORS })
  const endMs = performance.now() + seconds * 1000
  const cpuBefore = serverSeconds()
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
  const perCpuSecond = Math.round(done / (serverSeconds() - cpuBefore))
  agent.destroy()
  // What belongs to a connection goes with it.
  expect(await until(() => openFrom('127.0.0.1') === 0, CLOSED_WITHIN_MS)).toBe(true)
  return { pages: done, perSecond: Math.round(done / seconds), perCpuSecond, wrong }
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

/** Connections from an address that the server holds open, as the kernel tells: who reads nothing does not hear of the end. */
function openFrom(address: string): number {
  const hex = (own: number) => own.toString(16).toUpperCase().padStart(4, '0')
  const client = address
    .split('.')
    .reverse()
    .map(part => Number(part).toString(16).toUpperCase().padStart(2, '0'))
  const ends = `:${hex(page)} ${client.join('')}:`
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .filter(line => line.includes(ends) && / 0[18] /.test(line)).length
}

const more = (before: Kept, after: Kept): Kept => ({
  heapOctets: after.heapOctets - before.heapOctets,
  residentMib: after.residentMib - before.residentMib,
})

function showsWell(what: string, { pages, perSecond, perCpuSecond, wrong }: Loaded, grown: Kept): void {
  const kept = grown.heapOctets / pages
  const speed = `${perSecond} a second, ${perCpuSecond} for each second of a core`
  console.log(
    `${what}: ${speed}, ${kept.toFixed(1)} octets kept of each, ${grown.residentMib.toFixed(1)} MiB more in all`,
  )
  expect(wrong).toBe(0)
  expect(perCpuSecond).toBeGreaterThan(PER_CPU_SECOND_MIN)
  expect(kept).toBeLessThan(KEPT_OCTETS_MAX)
  expect(grown.residentMib).toBeLessThan(GROWTH_MIB_MAX)
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
  expect(openFrom(SLOW_ADDRESS)).toBe(SLOW_READERS)
  const startMs = performance.now()
  const loaded = await load(SECONDS)
  const leftMs = CLOSED_WITHIN_MS - (performance.now() - startMs)
  expect(await until(() => openFrom(SLOW_ADDRESS) === 0, leftMs)).toBe(true)
  for (const socket of slow) socket.destroy()
  showsWell(`beside ${SLOW_READERS} who read nothing`, loaded, more(before, await keptBy(server)))
}, 60_000)
