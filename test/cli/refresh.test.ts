/** `qalqan feeds refresh` and `flush`: the running server does it and says what came of it; where none runs, the command says so. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { RefreshOutcome } from '../../src/refresh.ts'
import { PAGE_ADDRESS, Serving } from './serving.ts'

// Where no core is idle each list that is read takes many seconds.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

let serving: Serving
let server: Server
/** What the web server has; null: it does not answer at all. */
let list: string | null = 'one.example\n'
let fetches = 0
const waiting: (() => void)[] = []

beforeEach(async () => {
  list = 'one.example\n'
  fetches = 0
  serving = await Serving.prepare()
  server = createServer((request, response) => {
    fetches++
    if (list === null) return void waiting.push(() => response.destroy())
    const etag = `"${list.length}"`
    if (request.headers['if-none-match'] === etag) response.writeHead(304).end()
    else response.writeHead(200, { etag }).end(list)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  for (const end of waiting.splice(0)) end()
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
  await serving.close()
})

const LOCAL = { name: 'local', source: 'local.txt', format: 'domains', class: 'hotline', category: 'illegal' }
const remote = () => ({
  ...LOCAL,
  name: 'remote',
  source: `http://127.0.0.1:${(server.address() as AddressInfo).port}/list.txt`,
  allow_private: true,
})
const put = (...names: readonly string[]) => serving.folder.write('local.txt', names.map(name => `${name}\n`).join(''))
const both = () => serving.config({ feeds: [{ ...LOCAL, limits: { shrink: '50%', grow: '500%' } }, remote()] })
const refresh = (path: string, ...args: readonly string[]) =>
  serving.folder.run('feeds', 'refresh', ...args, '--config', path)
const answersLeft = () => {
  const folder = serving.folder.file('data/answers')
  return existsSync(folder) ? readdirSync(folder) : []
}

describe('feeds refresh', () => {
  test('waits for what comes of each feed, and it is in force by then', async () => {
    put('a.example', 'b.example')
    const path = both()
    await serving.folder.serve(path)
    expect(await refresh(path)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^local: not modified, 2 blocks, 0 exceptions, in force since 2\S+Z\nremote: not modified, 1 blocks, 0 exceptions, in force since 2\S+Z\n$/,
      ),
      stderr: '',
    })
    put('a.example', 'b.example', 'c.example')
    list = 'one.example\ntwo.example\n'
    const startedAt = new Date().toISOString().slice(0, 19)
    const applied = await refresh(path, '--json')
    expect(applied.code).toBe(0)
    const [local, fetched] = JSON.parse(applied.stdout) as RefreshOutcome[]
    const same = { allow: 0, isInForce: true, problem: null }
    expect(fetched).toMatchObject({ feed: 'remote', outcome: 'applied', block: 2, ...same })
    // The server looks at files by itself, and may have been faster.
    expect(['applied', 'not modified']).toContain(local!.outcome)
    expect(local).toMatchObject({ feed: 'local', block: 3, ...same })
    expect(local!.since! >= startedAt).toBe(true)
    expect((await refresh(path, 'remote')).stdout).toMatch(/^remote: not modified, 2 blocks/)
    expect(await serving.becomes('two.example', PAGE_ADDRESS, 10_000)).toBe(true)
    expect(answersLeft()).toEqual([])
  })

  test('of one feed tells of that one, and leaves the others where they are', async () => {
    put('a.example')
    const path = both()
    await serving.folder.serve(path)
    const before = fetches
    expect((await refresh(path, 'local')).stdout).toEqual(
      expect.stringMatching(/^local: not modified, 1 blocks, .*\n$/),
    )
    expect(fetches).toBe(before)
    expect((await refresh(path, 'remote')).stdout).toEqual(
      expect.stringMatching(/^remote: not modified, 1 blocks, .*\n$/),
    )
    expect(fetches).toBe(before + 1)
    expect(await refresh(path, 'other')).toMatchObject({ code: 1, stderr: 'qalqan: no feed is called "other"\n' })
  })

  test('says what is held back, rolled back and failed, and why; then it exits 1, but for what a person wants', async () => {
    put(...Array.from({ length: 60 }, (_, i) => `n${i}.example`))
    const path = both()
    await serving.folder.serve(path)
    put('a.example')
    const held = await refresh(path, 'local')
    expect([held.code, held.stdout]).toEqual([
      1,
      expect.stringMatching(
        /^local: held back: it shrank by 98 %, .*; what was in force stays, 60 blocks, 0 exceptions\n$/,
      ),
    ])
    expect((await serving.folder.run('feeds', 'approve', 'local', '--by', 'A', '--config', path)).code).toBe(0)
    expect((await refresh(path, 'local')).stdout).toMatch(/^local: (applied|not modified), 1 blocks/)
    expect((await serving.folder.run('feeds', 'rollback', 'local', '--by', 'A', '--config', path)).code).toBe(0)
    expect(await refresh(path, 'local')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^local: rolled back by A on .*, 60 blocks, .*; feeds approve local ends it\n$/),
    })
    list = '<html></html>\n'
    const failed = await refresh(path, 'remote')
    expect([failed.code, failed.stdout]).toEqual([
      1,
      expect.stringMatching(/^remote: failed: .*; what was in force stays, 1 blocks, 0 exceptions\n$/),
    ])
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
    const unfetched = await refresh(path, 'remote')
    expect([unfetched.code, unfetched.stdout]).toEqual([
      1,
      expect.stringMatching(/^remote: failed: it could not be fetched: /),
    ])
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  })

  test('says of a feed that only the configuration has by now that the running server has not', async () => {
    put('a.example')
    await serving.folder.serve(both())
    const path = serving.config({ feeds: [LOCAL, { ...LOCAL, name: 'added' }] })
    expect(await refresh(path, 'added')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        /^added: failed: the running server has no such feed: .*; nothing of it is in force\n$/,
      ),
    })
  })

  test('waits no longer than it may, and the server goes on', async () => {
    put('a.example')
    const path = both()
    const program = await serving.folder.serve(path)
    list = null
    expect(await refresh(path, 'remote', '--timeout', '600ms')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'qalqan: no outcome within 0.6 s; a server that still runs goes on with it\n',
    })
    expect((await refresh(path, 'local')).stdout).toMatch(/not modified/)
    expect(program.isRunning).toBe(true)
    for (const written of ['5', 'soon', '0s', '9999d'])
      expect(await refresh(path, '--timeout', written)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/--timeout is a duration up to 1d/),
      })
  })

  test('can be interrupted: it says that the server goes on', async () => {
    put('a.example')
    const path = both()
    const program = await serving.folder.serve(path)
    list = null
    const before = fetches
    const waiter = serving.folder.start('feeds', 'refresh', 'remote', '--config', path)
    await expect.poll(() => fetches, { timeout: 30_000 }).toBe(before + 1)
    waiter.signal('SIGINT')
    expect(await waiter.ended).toMatchObject({
      code: 130,
      signal: null,
      stdout: expect.stringMatching(/a server that still runs goes on with it/),
    })
    expect(program.isRunning).toBe(true)
  })

  test('only asks with --no-wait', async () => {
    put('a.example')
    const path = both()
    const program = await serving.folder.serve(path)
    list = null
    expect(await refresh(path, 'remote', '--no-wait')).toMatchObject({
      code: 0,
      stdout: 'remote: asked; a running server fetches and reads it\n',
    })
    await program.printed(/feeds are read again/)
  })
})

describe.each([
  ['feeds', 'refresh'],
  ['flush', 'a.example'],
])('%s %s', (...args) => {
  const ask = (path: string) => serving.folder.run(...args, '--config', path)

  test('says in seconds that no server runs, or none with this data folder', async () => {
    put('a.example')
    const path = serving.config({ feeds: [LOCAL] })
    const folder = serving.folder.file('data')
    expect(await ask(path)).toMatchObject({
      code: 1,
      stderr: `qalqan: no server has run with the data folder ${folder}: it is not there\n`,
    })
    expect(existsSync(folder)).toBe(false)
    mkdirSync(folder)
    const startMs = performance.now()
    expect(await ask(path)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `qalqan: no server answers: none runs with the data folder ${folder}, or it is not done starting\n`,
    })
    expect(performance.now() - startMs).toBeLessThan(20_000)
  })
})

test('a line that is none, and a file that was taken away, cost no other request', async () => {
  put('a.example')
  const path = serving.config({ feeds: [LOCAL] })
  const program = await serving.folder.serve(path)
  serving.folder.write('data/flush.ndjson', 'rubbish\n{"name":7}\n{"refresh":null,"id":"../../x"}\n')
  await program.printed(/a request from the command line/)
  expect((await refresh(path)).stdout).toEqual(expect.stringMatching(/^local: not modified, 1 blocks, .*\n$/))
  rmSync(serving.folder.file('data/flush.ndjson'))
  expect((await refresh(path)).stdout).toEqual(expect.stringMatching(/^local: not modified, 1 blocks, .*\n$/))
  expect(program.stdout.match(/a request from the command line/g)).toHaveLength(2)
})
