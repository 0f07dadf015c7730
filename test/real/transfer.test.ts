/** Zones by transfer from BIND, Knot and NSD: whole, in thousands of differences after notifications, and with a primary that dies half-way. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listenForNotifies } from '../../src/feeds/transfer/notify.ts'
import { Transferer } from '../../src/feeds/transfer/transferer.ts'
import { freePort } from '../cli/program.ts'
import { PAGE_ADDRESS, Serving } from '../cli/serving.ts'
import {
  differencesAt,
  KEY,
  replaceZone,
  rulesAt,
  type StartPrimary,
  serialAt,
  startBindPrimary,
  startKnotPrimary,
  startNsdPrimary,
  update,
  ZONE,
  zoneOf,
} from './primaries.ts'
import type { RealServer } from './programs.ts'

let folder = ''
let servers: RealServer[] = []
let problems: string[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qalqan-primaries-'))
  servers = []
  problems = []
})
afterEach(async () => {
  await Promise.all(servers.map(server => server.stop()))
  rmSync(folder, { recursive: true, force: true })
})

async function started(start: StartPrimary, rules: number, notifyPort = 9): Promise<RealServer> {
  const server = await start(folder, zoneOf(rules), notifyPort)
  servers.push(server)
  return server
}

function transferer(ports: readonly number[], key: typeof KEY | null = KEY): Transferer {
  return new Transferer({
    feed: 'list',
    zone: ZONE,
    primaries: ports.map(port => ({ address: '127.0.0.1', family: 4, port })),
    key,
    path: join(folder, 'list.source'),
    timeoutMs: 30_000,
    octetsMax: 2 ** 30,
    now: Date.now,
    random: Math.random,
    newId: () => Math.floor(Math.random() * 65536),
    onProblem: (_, problem) => void problems.push(problem),
  })
}

const ownRules = () => readFileSync(join(folder, 'list.source'), 'utf8').trimEnd().split('\n').slice(1).sort()

describe.each([
  ['BIND', startBindPrimary],
  ['Knot', startKnotPrimary],
  ['NSD', startNsdPrimary],
] as const)('from %s', (_, start) => {
  test('a whole zone, signed, in many messages', async () => {
    const { port } = await started(start, 20_000)
    const one = transferer([port])
    await one.refresh()
    one.close()
    expect(problems).toEqual([])
    expect(ownRules()).toHaveLength(20_000)
    expect(ownRules()).toEqual(rulesAt(port))
  })

  test('with another secret: refused, in words', async () => {
    const { port } = await started(start, 10)
    const one = transferer([port], { ...KEY, secret: Buffer.alloc(32, 9).toString('base64') })
    await one.refresh()
    one.close()
    expect(problems.join()).toMatch(/NOTAUTH|BADSIG|REFUSED|without a signature/)
    expect(existsSync(join(folder, 'list.source'))).toBe(false)
  })
})

describe.each([
  ['BIND', startBindPrimary],
  ['Knot', startKnotPrimary],
] as const)('from %s', (_, start) => {
  test('thousands of differences, each notified, come to the very zone that the primary has', async () => {
    const notifyPort = await freePort()
    const { port } = await started(start, 3000, notifyPort)
    const one = transferer([port])
    await one.refresh()
    const before = serialAt(port)
    const listener = await listenForNotifies({ address: '127.0.0.1', family: 4, port: notifyPort }, [one], Date.now)
    for (let round = 0; round < 40; round++) {
      const changes = Array.from({ length: 50 }, (__, i) => i).flatMap(i => [
        `delete n${round * 50 + i}.example.${ZONE}.`,
        `add r${round}x${i}.example.${ZONE}. 60 CNAME ${i % 2 === 0 ? '.' : 'rpz-drop.'}`,
      ])
      await update(port, changes)
    }
    const newest = serialAt(port)
    expect(newest - before).toBeGreaterThanOrEqual(40)
    await expect.poll(() => one.state().zone?.serial, { timeout: 30_000, interval: 100 }).toBe(newest)
    listener.close()
    one.close()
    expect(problems).toEqual([])
    expect(ownRules()).toEqual(rulesAt(port))
  })
})

test('from NSD: its files change by a hundred rules each, are notified and taken as differences', async () => {
  const notifyPort = await freePort()
  const server = await started(startNsdPrimary, 3000, notifyPort)
  const one = transferer([server.port])
  await one.refresh()
  expect(ownRules()).toEqual(rulesAt(server.port))
  const listener = await listenForNotifies({ address: '127.0.0.1', family: 4, port: notifyPort }, [one], Date.now)
  for (let round = 1; round <= 10; round++) {
    await replaceZone(server, zoneOf(3000, { serial: 1 + round, first: 50 * round }), 1 + round)
    await expect.poll(() => one.state().zone?.serial, { timeout: 30_000, interval: 50 }).toBe(1 + round)
    expect(ownRules()).toEqual(rulesAt(server.port))
    // 50 that went and 50 that came, between four SOAs.
    expect(differencesAt(server.port, round)).toBe(104)
  }
  listener.close()
  one.close()
  expect(problems).toEqual([])
  expect(ownRules()).toHaveLength(3000)
  expect(ownRules()).toContain(`n3499.example.${ZONE}. IN CNAME .`)
}, 120_000)

test('a primary that dies half-way: nothing of it is taken, and the next one has the zone', async () => {
  const dying = await started(startKnotPrimary, 300_000)
  const other = await started(startBindPrimary, 50)
  const one = transferer([dying.port, other.port])
  const done = one.refresh()
  while (!existsSync(join(folder, 'list.source.new'))) await new Promise(resolve => setTimeout(resolve, 1))
  await dying.kill()
  await done
  one.close()
  expect(one.state()).toMatchObject({ problem: null, failures: { length: 1 } })
  expect(ownRules()).toEqual(rulesAt(other.port))
}, 60_000)

test('the resolver blocks what a zone has, and no longer once a difference takes it away', async () => {
  const serving = await Serving.prepare()
  try {
    const notifyPort = await freePort()
    const { port } = await started(startKnotPrimary, 500, notifyPort)
    writeFileSync(serving.folder.file('secret'), `${KEY.secret}\n`, { mode: 0o600 })
    await serving.serve({
      feeds: [{ name: 'zone', source: `xfr://${ZONE}`, class: 'hotline', category: 'illegal', answer: 'page' }],
      zones: [{ name: ZONE, primaries: [`127.0.0.1:${port}`], tsig: { name: KEY.name, secret_file: 'secret' } }],
      notify: `127.0.0.1:${notifyPort}`,
    })
    expect(await serving.ask('n3.example')).toBe(PAGE_ADDRESS)
    expect(await serving.ask('other.example')).not.toBe(PAGE_ADDRESS)
    await update(port, [`delete n3.example.${ZONE}.`, `add other.example.${ZONE}. 60 CNAME .`])
    expect(await serving.becomes('other.example', PAGE_ADDRESS, 15_000)).toBe(true)
    expect(await serving.ask('n3.example')).not.toBe(PAGE_ADDRESS)
  } finally {
    await serving.close()
  }
}, 60_000)
