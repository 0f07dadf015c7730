/** An upstream that stops answering in the middle of everything, without a sign: what its clients notice of it. Prints what was measured. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Folder, freePort } from '../cli/program.ts'
import { outcome } from '../cli/serving.ts'
import { query } from '../support/messages.ts'
import { UdpClient } from '../transport/clients.ts'
import type { RealServer } from './programs.ts'
import { startNsd, startUnbound } from './servers.ts'
import { WILDCARD_ADDRESS, WILDCARD_ZONE } from './zones.ts'

const TIMEOUT_MS = 2000
/** What a busy machine may add: less than another timeout, which would be a failing of ours. */
const SLACK_MS = 1500
/** Failures in a row after which a server is set aside, and the single questions that are tried on it in the seconds after. */
const DELAYED_MAX = 3 + 3

let folder: Folder
let authority: RealServer
/** Of one process each, so that freezing it freezes all of it. */
let servers: RealServer[]
let port: number

beforeAll(async () => {
  folder = new Folder()
  authority = await startNsd(folder.path, [WILDCARD_ZONE])
  const stubs = [{ origin: WILDCARD_ZONE.origin, port: authority.port }]
  servers = [await startUnbound(folder.path, { stubs }), await startUnbound(folder.path, { stubs })]
  port = await freePort()
  await folder.serve(
    folder.config({
      listen: [`127.0.0.1:${port}`],
      workers: 1,
      upstreams: servers.map(server => `127.0.0.1:${server.port}`),
      upstream: { timeout: `${TIMEOUT_MS}ms` },
    }),
  )
})
afterAll(async () => {
  for (const server of [...(servers ?? []), authority]) await server?.stop()
  await folder.remove()
})

interface Timed {
  readonly outcome: string
  readonly tookMs: number
}

/** Names that no cache knows, one after the other. */
async function askFresh(prefix: string, count: number): Promise<Timed[]> {
  const client = await UdpClient.to(port)
  const all: Timed[] = []
  for (let id = 0; id < count; id++) {
    const startMs = performance.now()
    const answer = await client.ask(query({ name: `${prefix}${id}.any.test`, id }), 5 * TIMEOUT_MS)
    all.push({ outcome: outcome(answer), tookMs: performance.now() - startMs })
  }
  client.close()
  return all
}

test('of two upstreams one freezes: a few questions wait for one timeout, then none do', async () => {
  const before = await askFresh('before', 300)
  servers[0]!.freeze()
  const after = await askFresh('after', 600)
  const settled = await askFresh('settled', 600)
  const delayed = [...after, ...settled].filter(({ tookMs }) => tookMs >= TIMEOUT_MS * 0.9)
  const worst = (timed: readonly Timed[]) => Math.max(...timed.map(({ tookMs }) => tookMs)).toFixed(1)
  console.log(
    `before: worst ${worst(before)} ms; after the freeze: ${delayed.length} of ${after.length + settled.length} questions delayed, ` +
      `worst ${worst(after)} ms; the last ${settled.length}: worst ${worst(settled)} ms`,
  )
  for (const timed of [...before, ...after, ...settled]) expect(timed.outcome).toBe(WILDCARD_ADDRESS)
  expect(Math.max(...[...after, ...settled].map(({ tookMs }) => tookMs))).toBeLessThan(TIMEOUT_MS + SLACK_MS)
  expect(delayed.length).toBeLessThanOrEqual(DELAYED_MAX)
})

test('both freeze: SERVFAIL in the end, never silence', async () => {
  servers[1]!.freeze()
  const [first] = await askFresh('nobody', 1)
  expect(first!.outcome).toBe('SERVFAIL')
  expect(first!.tookMs).toBeLessThan(3 * TIMEOUT_MS + SLACK_MS)
})
