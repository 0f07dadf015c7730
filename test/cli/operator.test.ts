/** Commands as operators use them: on the wrong folder, without a server, for feeds that are gone, for days that have not come. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { dataFolderProblem, sentenceOf } from '../../src/data-folder.ts'
import { addressFor } from '../transport/scripted-upstream.ts'
import { PAGE_ADDRESS, Serving } from './serving.ts'

/** What a change that is in force may need to reach every worker. */
const WORKERS_MS = 10_000
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

let serving: Serving
beforeEach(async () => {
  serving = await Serving.prepare()
  serving.folder.write('list.txt', 'bad.example\n')
})
afterEach(() => serving.close())

const FEED = { name: 'list', source: 'list.txt', format: 'domains', class: 'hotline', category: 'illegal' }
const config = (own: Record<string, unknown> = {}) => serving.config({ feeds: [FEED], ...own })
const qalqan = (...args: readonly string[]) => serving.folder.run(...args)
/** Another configuration beside that of the server. */
const beside = (own: Record<string, unknown>) =>
  serving.folder.config({ listen: ['127.0.0.1:5300'], upstreams: ['192.0.2.53'], ...own }, 'beside.yaml')

describe('block and unblock', () => {
  test('are in force when they end, where the server runs', async () => {
    const path = config()
    await serving.folder.serve(path)
    const blocked = await qalqan('block', 'new.example', '--case', 'K-1', '--config', path)
    expect(blocked).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^new\.example: blocked, /) })
    expect(await serving.becomes('new.example', PAGE_ADDRESS, WORKERS_MS)).toBe(true)
    expect((await qalqan('unblock', 'new.example', '--config', path)).stderr).toBe('')
    expect(await serving.becomes('new.example', addressFor('new.example'), WORKERS_MS)).toBe(true)
  })

  test('say that they are only on record where no server runs with this data folder, or one runs with another', async () => {
    await serving.folder.serve(config())
    const other = beside({ data: 'elsewhere', feeds: [FEED] })
    const folder = serving.folder.file('elsewhere')
    const why = `qalqan: on record, but no server says that it is in force: no server answers: none runs with the data folder ${folder}, or it is not done starting\n`
    expect(await qalqan('block', 'new.example', '--case', 'K-1', '--config', other)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^new\.example: blocked, /),
      stderr: why,
    })
    expect(await qalqan('unblock', 'new.example', '--config', other)).toMatchObject({ code: 0, stderr: why })
    expect(await serving.ask('new.example')).not.toBe(PAGE_ADDRESS)
  })

  test('fail where the server cannot put the change in force, since it runs with another configuration', async () => {
    await serving.folder.serve(config())
    const own = { feeds: [FEED, { ...FEED, name: 'new', category: 'new' }], data: 'data' }
    const path = beside({ ...own, policies: [{ name: 'default', categories: ['illegal', 'new'] }] })
    expect(await qalqan('block', 'new.example', '--case', 'K-1', '--category', 'new', '--config', path)).toMatchObject({
      code: 1,
      stderr: 'qalqan: on record, but not in force: the configuration that the server runs with has no such category\n',
    })
    expect(await serving.ask('new.example')).not.toBe(PAGE_ADDRESS)
    // That one change is left out keeps no other from being in force.
    const other = await qalqan('block', 'other.example', '--case', 'K-2', '--config', path)
    expect(other).toMatchObject({ code: 0, stderr: '' })
    expect(await serving.becomes('other.example', PAGE_ADDRESS, WORKERS_MS)).toBe(true)
  })
})

test.each([
  ['https://bad.example/', 'not a domain name: https://bad.example/ is a URL or a part of one: ask for its host'],
  ['192.0.2.1', '192.0.2.1 is an address: what is forgotten is the answers for a name'],
  ['bad.example:53', 'not a domain name: bad.example:53 has a port: ask for the name alone'],
])('flush %s forgets nothing, and says so', async (written, why) => {
  const { code, stdout, stderr } = await qalqan('flush', written, '--config', config())
  expect([code, stdout, stderr]).toEqual([1, '', `qalqan: ${why}\n`])
})

describe('a data folder', () => {
  const commands: readonly (readonly string[])[] = [
    ['explain', 'bad.example'],
    ['feeds', 'status'],
    ['feeds', 'due'],
    ['feeds', 'history'],
    ['feeds', 'diff', 'list'],
    ['feeds', 'refresh'],
    ['block', 'a.example', '--case', 'K-1'],
    ['unblock', 'a.example'],
    ['flush', 'a.example'],
  ]
  test.each(commands)('that is a file is said so by %s %s', async (...args) => {
    const path = config({ data: 'list.txt' })
    const { code, stdout, stderr } = await qalqan(...args, '--config', path)
    const folder = serving.folder.file('list.txt')
    expect([code, stdout, stderr]).toEqual([1, '', `qalqan: the data folder ${folder} is no folder\n`])
  })

  test('that is closed is no folder that is not there; one that is not there is no problem', () => {
    const folder = serving.folder.path
    const closed = (code: string) => () => {
      throw Object.assign(new Error(), { code })
    }
    expect(dataFolderProblem(folder)).toBeNull()
    expect(dataFolderProblem(join(folder, 'none'))).toBeNull()
    expect(dataFolderProblem(folder, closed('EACCES'))).toMatch(/is closed to .*: run this as the user whom the server/)
    expect(dataFolderProblem(folder, closed('EIO'))).toMatch(/cannot be read \(EIO\)/)
    expect(dataFolderProblem(join(serving.folder.file('list.txt'), 'data'))).toMatch(/a part of its path is no folder$/)
  })

  const writers = [['serve'], ['block', 'a.example', '--case', 'K-1'], ['unblock', 'a.example']]
  test.runIf(process.platform === 'linux').each(writers)(
    'that can never be there ends %s with one line',
    async (...args) => {
      const path = config({ data: '/proc/self/qalqan', feeds: [FEED] })
      const { code, stderr } = await qalqan(...args, '--config', path)
      expect(code).toBe(1)
      expect(stderr).toMatch(
        /^qalqan: (the data folder )?\/proc\/self\/qalqan cannot be made: \/proc\/self takes no folder\n$/,
      )
    },
  )

  test('whose files cannot be used is told in one line, with the file first', async () => {
    const path = config()
    mkdirSync(serving.folder.file('data/history.ndjson'), { recursive: true })
    const { code, stderr } = await qalqan('feeds', 'history', '--config', path)
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^qalqan: .*illegal operation on a directory.*\n$/)])
    const error = Object.assign(new Error("EACCES: permission denied, open '/x/y'"), { path: '/x/y', syscall: 'open' })
    expect(sentenceOf(error)).toBe('/x/y: permission denied')
    expect(sentenceOf(new TypeError('no feed'))).toBe('no feed')
    expect(sentenceOf(null)).toBe('null')
  })
})

describe('feeds', () => {
  test('that are gone from the configuration keep their history; nobody has that of one that never was', async () => {
    const path = config()
    await serving.folder.serve(path)
    await expect
      .poll(async () => (await qalqan('feeds', 'history', 'list', '--config', path)).stdout, { timeout: 30_000 })
      .toMatch(/list {2}in force/)
    const without = beside({ data: 'data', feeds: [] })
    expect(await qalqan('feeds', 'history', 'list', '--config', without)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/list {2}in force/),
    })
    expect(await qalqan('feeds', 'history', 'other', '--config', without)).toMatchObject({
      code: 1,
      stderr: 'qalqan: no feed is called "other"\n',
    })
    expect((await qalqan('feeds', 'status', '--config', without)).stdout).toBe('the configuration has no feeds\n')
  })

  test('have no difference before anything was in force, and no proof of a day to come', async () => {
    const path = config()
    expect(await qalqan('feeds', 'diff', 'list', '--config', path)).toMatchObject({
      code: 1,
      stderr: 'qalqan: no version of list has been in force yet: there is nothing to compare with\n',
    })
    expect(await qalqan('feeds', 'proof', 'bad.example', '--on', '2999-01-01', '--config', path)).toMatchObject({
      code: 1,
      stderr: 'qalqan: nobody can tell yet what is listed on 2999-01-01\n',
    })
    expect(await qalqan('feeds', 'proof', 'bad.example', '--on', '2999', '--config', path)).toMatchObject({
      code: 1,
      stderr: 'qalqan: expected a day such as 2026-11-20, got "2999"\n',
    })
    expect(
      await qalqan('feeds', 'proof', 'https://bad.example/', '--on', '2026-01-01', '--config', path),
    ).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is a URL or a part of one/),
    })
  })
})
