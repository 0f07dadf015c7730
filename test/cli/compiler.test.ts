/** The process that compiles for a server: neither outlives the other's death in a way that anybody would notice. */
import { appendFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { childrenOf, isThere } from '../support/processes.ts'
import { until } from '../transport/clients.ts'
import { PAGE_ADDRESS, Serving } from './serving.ts'

const FEEDS = {
  feeds: [{ name: 'list', source: 'list.txt', class: 'hotline', category: 'illegal', format: 'domains' }],
}
/** Many enough for a compilation to be met under way. */
const NAMES = 100_000

/** What a busy machine may need for anything here: a compilation goes behind everything else. */
const PATIENCE_MS = 30_000
vi.setConfig({ testTimeout: 150_000, hookTimeout: 60_000 })

let own: Serving
beforeEach(async () => {
  own = await Serving.prepare()
  own.folder.write('list.txt', Array.from({ length: NAMES }, (_, i) => `n${i}.example\n`).join(''))
})
afterEach(() => own.close())

const childOf = (pid: number): number | null => childrenOf(pid)[0] ?? null

/** The compiling process of a server whose list has just changed. */
async function compilerOf(pid: number): Promise<number> {
  // Otherwise the one before would be taken for it.
  expect(await until(() => childOf(pid) === null, PATIENCE_MS)).toBe(true)
  appendFileSync(own.folder.file('list.txt'), 'added.example\n')
  expect(await until(() => childOf(pid) !== null, PATIENCE_MS)).toBe(true)
  return childOf(pid)!
}

describe.skipIf(process.platform !== 'linux')('on Linux', () => {
  test('a server that is killed takes its compiler with it, and the next one has all lists', async () => {
    const server = await own.serve(FEEDS)
    const compiler = await compilerOf(server.process.pid!)
    server.signal('SIGKILL')
    await server.ended
    expect(await until(() => !isThere(compiler), PATIENCE_MS)).toBe(true)
    await own.serve(FEEDS)
    expect(await own.ask('n99999.example')).toBe(PAGE_ADDRESS)
    expect(await own.becomes('added.example', PAGE_ADDRESS)).toBe(true)
  })

  test('a compiler that is killed is an error in the log, what is in force stays, and the next one is as good as ever', async () => {
    const server = await own.serve(FEEDS)
    process.kill(await compilerOf(server.process.pid!), 'SIGKILL')
    const isLogged = () => server.logged().some(({ problem }) => problem === 'the compiling process ended by SIGKILL')
    expect(await until(isLogged, PATIENCE_MS)).toBe(true)
    expect(await own.ask('n5.example')).toBe(PAGE_ADDRESS)
    expect(await own.ask('added.example')).not.toBe(PAGE_ADDRESS)
    server.signal('SIGHUP')
    expect(await own.becomes('added.example', PAGE_ADDRESS)).toBe(true)
  })

  test('a server that is told to stop does not wait for its compiler', async () => {
    const server = await own.serve(FEEDS)
    const compiler = await compilerOf(server.process.pid!)
    server.signal('SIGTERM')
    expect((await server.ended).code).toBe(0)
    expect(await until(() => !isThere(compiler), PATIENCE_MS)).toBe(true)
    expect(server.logged().filter(({ level }) => level === 'error')).toEqual([])
  })
})
