/** What an operator does with the caches: names thrown out while serving, answers kept from one run to the next; and what a ring of forwarders costs. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { query } from '../support/messages.ts'
import { read } from '../support/reading.ts'
import { delay, UdpClient } from '../transport/clients.ts'
import { ScriptedUpstream } from '../transport/scripted-upstream.ts'
import { Folder, freePort, Program } from './program.ts'

// Where no core is idle a server needs many seconds to start, to take a list that has changed, and to be gone.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

let folder: Folder
let upstream: ScriptedUpstream
let port: number

beforeEach(async () => {
  folder = new Folder()
  upstream = await ScriptedUpstream.start()
  port = await freePort()
})
afterEach(async () => {
  upstream.close()
  await folder.remove()
})

const configuration = (more: Record<string, unknown> = {}) =>
  folder.config({
    listen: [`127.0.0.1:${port}`],
    workers: 2,
    upstreams: [`127.0.0.1:${upstream.endpoint.port}`],
    data: 'data',
    ...more,
  })

/** From so many sockets, so that every worker is asked. */
async function ask(name: string, sockets = 12): Promise<string[]> {
  const rcodes: string[] = []
  for (let i = 0; i < sockets; i++) {
    const client = await UdpClient.to(port)
    const answer = await client.ask(query({ name, edns: true }))
    client.close()
    rcodes.push(answer === null ? 'nothing' : read(answer).rcode)
  }
  return rcodes
}

const askedFor = (name: string) => upstream.asked.filter(asked => asked.name.toLowerCase() === name).length

describe('qalqan flush', () => {
  test('a name is asked for upstream again, in every worker within a second; its neighbours are not', async () => {
    const config = configuration()
    await folder.serve(config)
    for (const name of ['www.a.test', 'mail.a.test', 'b.test']) await ask(name)
    const before = { www: askedFor('www.a.test'), mail: askedFor('mail.a.test'), b: askedFor('b.test') }
    const flushed = await new Program(['flush', 'WWW.a.test', '--config', config]).ended
    expect([flushed.code, flushed.stdout]).toEqual([0, 'www.a.test: the running server forgets it\n'])
    await delay(1000)
    for (const name of ['www.a.test', 'mail.a.test', 'b.test']) await ask(name)
    expect(askedFor('www.a.test')).toBe(2 * before.www)
    expect([askedFor('mail.a.test'), askedFor('b.test')]).toEqual([before.mail, before.b])

    expect((await new Program(['flush', 'a.test', '--below', '--config', config]).ended).code).toBe(0)
    await delay(1000)
    await ask('mail.a.test')
    await ask('b.test')
    expect([askedFor('mail.a.test'), askedFor('b.test')]).toEqual([2 * before.mail, before.b])
  })

  test.each([
    [['flush'], 2, /takes one name/],
    [['flush', 'a..b'], 1, /is no domain name/],
    [['serve', '--below'], 2, /--below belongs to flush/],
  ])('%j is refused', async (args, code, text) => {
    const ended = await new Program([...args, '--config', configuration()]).ended
    expect(ended.code).toBe(code)
    expect(ended.stderr).toMatch(text)
  })
})

describe('cache.keep', () => {
  const restart = async (config: string) => {
    const first = await folder.serve(config)
    await ask('kept.test')
    first.signal('SIGTERM')
    expect((await first.ended).code).toBe(0)
    const asked = askedFor('kept.test')
    await folder.serve(config)
    await ask('kept.test')
    return askedFor('kept.test') - asked
  }

  test('answers outlive a restart, in a file that only its owner may read', async () => {
    const config = configuration({ cache: { keep: true }, workers: 1 })
    const first = await folder.serve(config)
    await ask('kept.test')
    first.signal('SIGTERM')
    await first.ended
    const [file] = readdirSync(folder.file('data/cache'))
    const path = join(folder.file('data/cache'), file!)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readFileSync(path).includes('kept')).toBe(true)
    const asked = askedFor('kept.test')
    await folder.serve(config)
    expect(new Set(await ask('kept.test'))).toEqual(new Set(['NOERROR']))
    expect(askedFor('kept.test')).toBe(asked)
  })

  test('without it nothing of what was asked is left on disk', async () => {
    expect(await restart(configuration())).toBeGreaterThan(0)
    expect(existsSync(folder.file('data/cache'))).toBe(false)
  })
})

test('two forwarders that ask each other: one query costs a bounded number of messages, and ends', async () => {
  const [first, second] = [port, await freePort()]
  const own = (listen: number, other: number) =>
    folder.config(
      {
        listen: [`127.0.0.1:${listen}`],
        workers: 1,
        upstreams: [`127.0.0.1:${other}`],
        upstream: { timeout: '200ms', attempts: 3 },
        http: { admin: `127.0.0.1:${admins[listen]}` },
        data: `data-${listen}`,
      },
      `ring-${listen}.yaml`,
    )
  const admins: Record<number, number> = { [first]: await freePort(), [second]: await freePort() }
  for (const [listen, other] of [
    [first, second],
    [second, first],
  ] as const)
    await folder.serve(own(listen, other))
  expect(await ask('loop.test', 1)).toEqual(['SERVFAIL'])
  let attempts = 0
  for (const admin of Object.values(admins)) {
    const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text()
    for (const [, value] of text.matchAll(/^qalqan_upstream_attempts_total\{.*\} (\d+)$/gm)) attempts += Number(value)
  }
  expect(attempts).toBeLessThan(10)
})
