/** `qalqan feeds`: going back, what changed, what was listed when; and a start whose sources are all gone. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { signatureOf, testKey } from '../support/minisign.ts'
import { freePort } from './program.ts'
import { PAGE_ADDRESS, Serving } from './serving.ts'

// Where no core is idle each list that is read takes many seconds.
vi.setConfig({ testTimeout: 150_000, hookTimeout: 60_000 })

let serving: Serving
beforeEach(async () => {
  serving = await Serving.prepare()
})
afterEach(() => serving.close())

const FEED = { name: 'list', source: 'list.txt', format: 'domains', class: 'hotline', category: 'illegal' }
const put = (...names: readonly string[]) => serving.folder.write('list.txt', names.map(name => `${name}\n`).join(''))
const config = (own: Record<string, unknown> = {}) => serving.config({ feeds: [FEED], ...own })

describe('versions of a list', () => {
  test('are on record, can be compared, gone back to while the server runs, and proved', async () => {
    put('one.example', 'two.example')
    const path = config({ guards: { protected: ['bank.example'] } })
    const feeds = (...args: readonly string[]) => serving.folder.run('feeds', ...args, '--config', path)
    await serving.folder.serve(path)
    expect(await serving.ask('one.example')).toBe(PAGE_ADDRESS)

    put('two.example', 'login.bank.example')
    const diff = await feeds('diff', 'list')
    expect(diff.stdout).toMatch(/1 added, 1 withdrawn, 1 near/)
    expect(diff.stdout).toMatch(/^! login\.bank\.example: below bank\.example, protected$/m)
    expect(diff.stdout).toMatch(/^- one\.example$/m)
    await expect.poll(() => serving.ask('login.bank.example'), { timeout: 30_000 }).toBe(PAGE_ADDRESS)
    await expect
      .poll(async () => (await feeds('history', 'list')).stdout.trim().split('\n').length, { timeout: 30_000 })
      .toBe(2)

    const back = await feeds('rollback', 'list', '--by', 'A. Person', '--reason', 'a mistake')
    expect([back.code, back.stdout]).toEqual([
      0,
      expect.stringMatching(/^list: back to version 1 of .*, 2 blocks, until feeds approve list/),
    ])
    expect(await serving.becomes('one.example', PAGE_ADDRESS)).toBe(true)
    expect((await feeds('status')).stdout).toMatch(/^list {2}rolled back, 2 blocks.*\n {2}by A\. Person on /)
    expect((await feeds('approve', 'list', '--by', 'A. Person')).stdout).toMatch(/its source counts again/)
    expect(await serving.becomes('login.bank.example', PAGE_ADDRESS)).toBe(true)

    const today = new Date().toISOString().slice(0, 10)
    const proof = await feeds('proof', 'www.one.example', '--on', today)
    expect(proof.stdout).toMatch(/^www\.one\.example on .*: was listed and in force$/m)
    expect(proof.stdout).toMatch(/blocks one\.example \(it and all below\), line 1/)
    expect((await feeds('proof', 'three.example', '--on', today)).stdout).toMatch(/was not listed/)
    expect(await feeds('verify')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/the chain is whole; head [0-9a-f]{64}/),
    })
    const line = (await feeds('history', '--json')).stdout
    expect(JSON.parse(line).map((own: { seq: number }) => own.seq)).toEqual([1, 2, 3, 4])
    const history = serving.folder.file('data/history.ndjson')
    writeFileSync(history, readFileSync(history, 'utf8').replace('"block":2', '"block":3'))
    expect((await feeds('verify')).code).toBe(1)
  })

  const misuse: readonly (readonly [args: readonly string[], why: RegExp])[] = [
    [['frobnicate'], /feeds takes one of status, refresh/],
    [['rollback', 'list'], /--by is missing/],
    [['rollback', 'list', '--by', 'A', '--on', '2026-01-01'], /--on does not belong to feeds rollback/],
    [['proof', 'a.example'], /--on is missing/],
    [['status', 'list'], /see qalqan feeds --help/],
    [['diff'], /see qalqan feeds --help/],
    [['refresh', '--no-wait', '--json'], /do not go with --no-wait/],
    [['refresh', '--no-wait', '--timeout', '5s'], /do not go with --no-wait/],
    [['status', '--timeout', '5s'], /--timeout does not belong to feeds status/],
  ]
  test.each(misuse)('feeds %j is wrong usage', async (args, why) => {
    const { code, stderr } = await serving.folder.run('feeds', ...args, '--config', config())
    expect([code, stderr]).toEqual([2, expect.stringMatching(why)])
  })

  const refusals: readonly (readonly [args: readonly string[], why: RegExp])[] = [
    [['rollback', 'list', '--by', 'A'], /has had no other version/],
    [['rollback', 'list', '--by', 'A', '--to', '99'], /has had no version "99"/],
    [['rollback', 'list', '--by', ' '], /needs the name of a person/],
    [['diff', 'list', '--from', 'zz'], /has had no version "zz"/],
    [['proof', 'a..b', '--on', '2026-01-01'], /not a domain name/],
    [['proof', 'a.example', '--on', 'today'], /expected a day/],
  ]
  test.each(refusals)('feeds %j is refused in one line', async (args, why) => {
    put('one.example')
    const { code, stderr } = await serving.folder.run('feeds', ...args, '--config', config())
    expect([code, stderr.trim().split('\n').length, stderr]).toEqual([1, 1, expect.stringMatching(why)])
  })
})

test('entries whose date for a re-check has come are listed, the longest overdue first', async () => {
  const header = '{"qalqan":1,"feed":"x","serial":1,"issued":"2026-01-01"}\n'
  const entry = (host: string, recheck?: string) =>
    `${JSON.stringify({ host, case: `K-${host[0]}`, ...(recheck === undefined ? {} : { recheck }) })}\n`
  serving.folder.write(
    'list.txt',
    header +
      entry('b.example', '2026-02-01') +
      entry('a.example', '2026-01-01') +
      entry('never.example') +
      entry('later.example', '2999-01-01'),
  )
  const path = config({ feeds: [{ ...FEED, format: 'qalqan' }] })
  const { stdout } = await serving.folder.run('feeds', 'due', '--config', path)
  expect(stdout).toBe('2026-01-01  list, line 3  a.example  case K-a\n2026-02-01  list, line 2  b.example  case K-b\n')
})

describe('a start', () => {
  test('whose sources are all gone has in force what was in force', async () => {
    put('one.example')
    const path = config()
    const first = await serving.folder.serve(path)
    await expect
      .poll(async () => (await serving.folder.run('feeds', 'verify', '--config', path)).stdout, { timeout: 30_000 })
      .toMatch(/^1 lines, 1 kept/)
    first.signal('SIGTERM')
    await first.ended
    rmSync(serving.folder.file('list.txt'))
    const second = await serving.folder.serve(path)
    expect(second.stdout).toMatch(/its last good copy counts/)
    expect(await serving.ask('one.example')).toBe(PAGE_ADDRESS)
    await second.printed(/feed failed; its last good copy is in force/)
    expect(await serving.ask('one.example')).toBe(PAGE_ADDRESS)
  })

  test('with signed lists takes only what is signed', async () => {
    const key = testKey(1)
    const list = 'one.example\n'
    put('one.example')
    serving.folder.write('list.txt.minisig', signatureOf(list, key, 'serial:1'))
    const admin = await freePort()
    const path = config({
      feeds: [{ ...FEED, signature: { keys: [key.text] } }],
      http: { admin: `127.0.0.1:${admin}` },
    })
    const isValid = async () =>
      /qalqan_feed_signature_valid\{feed="list"\} (\d)/.exec(
        await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text(),
      )?.[1]
    const server = await serving.folder.serve(path)
    expect(await serving.ask('one.example')).toBe(PAGE_ADDRESS)
    expect(await isValid()).toBe('1')
    put('two.example')
    await server.printed(/is not of this list/)
    expect(await isValid()).toBe('0')
    expect(await serving.ask('one.example')).toBe(PAGE_ADDRESS)
    serving.folder.write('list.txt.minisig', signatureOf('two.example\n', key, 'serial:2'))
    expect(await serving.becomes('two.example', PAGE_ADDRESS)).toBe(true)
    expect(await isValid()).toBe('1')
  })
})
