/** The block page under load: many visitors at once, for a while, in memory that does not grow. */
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort, ndjson, type Program } from '../cli/program.ts'
import { Serving } from '../cli/serving.ts'

const VISITORS = 50
const SECONDS = 8
/** Far below what an idle machine does (README): a shared one must not fail it. */
const PER_SECOND_MIN = 500
/** What is young in memory varies by as much; a kilobyte or two kept of each page would be more. */
const GROWTH_MB_MAX = 160

let serving: Serving
let server: Program
let page = 0
beforeAll(async () => {
  serving = await Serving.prepare()
  page = await freePort()
  serving.folder.write('list.ndjson', ndjson({ host: 'bad.example', case: 'K-1', listed: '2026-03-05' }))
  server = await serving.serve({
    workers: 1,
    feeds: [{ name: 'list', source: 'list.ndjson', class: 'hotline', category: 'illegal' }],
    http: { page: `127.0.0.1:${page}` },
    block_page: { provider: 'Net', appeal: { email: 'appeal@provider.example' } },
  })
})
afterAll(() => serving.close())

const residentMb = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))![1]) / 1024

function visit(agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { host: 'bad.example', 'accept-language': 'ru' }
    const sent = request({ agent, host: '127.0.0.1', port: page, path: '/', headers }, response => {
      response.resume()
      response.once('end', () => resolve(response.statusCode ?? 0))
    })
    sent.once('error', reject)
    sent.end()
  })
}

async function load(seconds: number): Promise<{ perSecond: number; wrong: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: VISITORS })
  const endMs = performance.now() + seconds * 1000
  let done = 0
  let wrong = 0
  const visitor = async () => {
    while (performance.now() < endMs) {
      // A connection that has had its hundred requests is closed by the server, sometimes under a request; the visitor comes again.
      const status = await visit(agent).catch(() => null)
      if (status === 451) done++
      else if (status !== null) wrong++
    }
  }
  await Promise.all(Array.from({ length: VISITORS }, visitor))
  agent.destroy()
  return { perSecond: Math.round(done / seconds), wrong }
}

test('serves all of them, and its memory stays flat', async () => {
  await load(4)
  const before = residentMb()
  const { perSecond, wrong } = await load(SECONDS)
  const growth = residentMb() - before
  console.log(`${perSecond} pages a second to ${VISITORS} visitors, ${growth.toFixed(1)} MB more than before`)
  expect(wrong).toBe(0)
  expect(perSecond).toBeGreaterThan(PER_SECOND_MIN)
  expect(growth).toBeLessThan(GROWTH_MB_MAX)
}, 60_000)
