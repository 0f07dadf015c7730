import { appendFileSync, renameSync, rmSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { childrenOf } from '../support/processes.ts'
import { delay, until } from '../transport/clients.ts'
import { addressFor } from '../transport/scripted-upstream.ts'
import { ndjson } from './program.ts'
import { PAGE_ADDRESS, Serving } from './serving.ts'

const LIST = { name: 'list', source: 'list.txt', class: 'hotline', category: 'illegal', format: 'domains' }
const FEEDS = { feeds: [LIST] }

/** A compilation goes behind everything else: where no core is idle it takes many seconds. */
const COMPILED_MS = 30_000
vi.setConfig({ testTimeout: 150_000, hookTimeout: 60_000 })

let own: Serving
beforeEach(async () => {
  own = await Serving.prepare()
  own.folder.write('list.txt', 'first.example\n')
})
afterEach(() => own.close())

const isBlocked = (name: string) => own.becomes(name, PAGE_ADDRESS)
const resolves = (name: string) => own.becomes(name, addressFor(name))

/** Waits until a server has compiled all that it was asked for: between two compilations it pauses for less than that. */
function compiledAll(pid: number): Promise<boolean> {
  if (process.platform !== 'linux') return delay(1500).then(() => true)
  let busyMs = performance.now()
  const isQuiet = () => {
    if (childrenOf(pid).length > 0) busyMs = performance.now()
    return performance.now() - busyMs > 500
  }
  return until(isQuiet, 2 * COMPILED_MS)
}

describe('a feed that changes is in force soon, without a query lost', () => {
  test('a line that is appended', async () => {
    await own.serve(FEEDS)
    expect(await own.ask('second.example')).toBe(addressFor('second.example'))
    appendFileSync(own.folder.file('list.txt'), 'second.example\n')
    expect(await isBlocked('second.example')).toBe(true)
    expect(await own.ask('first.example')).toBe(PAGE_ADDRESS)
  })

  test('a file that is renamed over it, twice', async () => {
    await own.serve(FEEDS)
    for (const name of ['second.example', 'third.example']) {
      renameSync(own.folder.write('list.new', `${name}\n`), own.folder.file('list.txt'))
      expect(await isBlocked(name)).toBe(true)
    }
    expect(await resolves('second.example')).toBe(true)
    expect(await resolves('first.example')).toBe(true)
  })

  test('SIGHUP: the feeds are read again, and it goes on', async () => {
    const program = await own.serve(FEEDS)
    const loads = () => program.logged().filter(({ msg }) => msg === 'feed loaded').length
    expect(await until(() => loads() >= 1, COMPILED_MS)).toBe(true)
    program.signal('SIGHUP')
    expect(await until(() => loads() >= 2, COMPILED_MS)).toBe(true)
    expect(program.isRunning).toBe(true)
    expect(await own.ask('first.example')).toBe(PAGE_ADDRESS)
  })

  test('SIGHUP many times at once: compiled once more, not many times more', async () => {
    const program = await own.serve(FEEDS)
    for (let i = 0; i < 30; i++) {
      program.signal('SIGHUP')
      await delay(5)
    }
    const loads = () => program.logged().filter(({ msg }) => msg === 'feed loaded').length
    expect(await until(() => loads() >= 2, COMPILED_MS)).toBe(true)
    expect(await compiledAll(program.process.pid!)).toBe(true)
    expect(loads()).toBeLessThan(12)
    expect(await own.ask('first.example')).toBe(PAGE_ADDRESS)
  })

  test('no query is lost or answered wrongly while it is loaded again and again', async () => {
    const program = await own.serve(FEEDS)
    let wrong = 0
    let asked = 0
    const startMs = performance.now()
    const loads = () => program.logged().filter(({ msg }) => msg === 'filter image in force').length
    const flip = setInterval(() => own.folder.write('list.txt', `first.example\nother${asked}.example\n`), 350)
    const isEnough = () => loads() > 2 && asked > 200
    while (performance.now() < startMs + 3000 || (!isEnough() && performance.now() < startMs + 2 * COMPILED_MS)) {
      if ((await own.ask('first.example')) !== PAGE_ADDRESS) wrong++
      if ((await own.ask('never.example')) !== addressFor('never.example')) wrong++
      asked += 2
    }
    clearInterval(flip)
    expect(loads()).toBeGreaterThan(2)
    expect({ wrong }).toEqual({ wrong: 0 })
    expect(asked).toBeGreaterThan(200)
  })

  test('an entry that expires while it is served', async () => {
    const listed = (...entries: readonly Record<string, unknown>[]) =>
      own.folder.write('list.ndjson', ndjson(...entries, { host: 'stays.example' }))
    listed()
    await own.serve({ feeds: [{ ...LIST, source: 'list.ndjson', format: 'qalqan' }] })
    let name = ''
    let expiresMs = 0
    // As soon as can be, and later where the machine did not have the list in force before that.
    for (const aheadMs of [3000, 12_000, 40_000]) {
      name = `soon${aheadMs}.example`
      expiresMs = Math.floor(Date.now() / 1000) * 1000 + aheadMs
      listed({ host: name, expires: new Date(expiresMs).toISOString() })
      if ((await own.becomes(name, PAGE_ADDRESS, expiresMs - Date.now())) && Date.now() < expiresMs) break
    }
    expect(Date.now()).toBeLessThan(expiresMs)
    expect(await own.becomes(name, addressFor(name), expiresMs - Date.now() + COMPILED_MS)).toBe(true)
    expect(Date.now()).toBeGreaterThanOrEqual(expiresMs)
    expect(await own.ask('stays.example')).toBe(PAGE_ADDRESS)
  })
})

describe('a feed that cannot be used leaves the last good one in force', () => {
  const spoilt: readonly (readonly [string, () => void])[] = [
    ['an empty file', () => void own.folder.write('list.txt', '')],
    ['a page of HTML', () => void own.folder.write('list.txt', '<!DOCTYPE html>\n<html><body>502</body></html>\n')],
    ['no file', () => rmSync(own.folder.file('list.txt'))],
  ]
  test.each(spoilt)('%s: while it serves', async (_, spoil) => {
    const program = await own.serve(FEEDS)
    spoil()
    const failures = () => program.logged().filter(({ level, feed }) => level === 'error' && feed === 'list')
    expect(await until(() => failures().length > 0, COMPILED_MS)).toBe(true)
    expect(failures()[0]).toMatchObject({ msg: 'feed failed; its last good copy is in force' })
    expect(await own.ask('first.example')).toBe(PAGE_ADDRESS)
    own.folder.write('list.txt', 'again.example\n')
    expect(await isBlocked('again.example')).toBe(true)
  })

  test('over a restart, and the banner says so', async () => {
    const first = await own.serve(FEEDS)
    first.signal('SIGTERM')
    await first.ended
    // With it the new run would say what it has in force before it has read the list.
    rmSync(own.folder.file('data/image'), { recursive: true, force: true })
    own.folder.write('list.txt', '<html>maintenance</html>\n')
    const second = await own.serve(FEEDS)
    expect(second.stdout).toContain('from its last good copy')
    expect(await own.ask('first.example')).toBe(PAGE_ADDRESS)
  })

  test('where there never was a good one, it serves without, says so, and is not ready', async () => {
    own.folder.write('list.txt', '')
    own.folder.write('good.txt', 'good-list.example\n')
    const feeds = [LIST, { ...LIST, name: 'good', source: 'good.txt' }]
    const program = await own.serve({ feeds })
    expect(program.stdout).toContain('feed     list: NOT IN FORCE')
    expect(await own.ask('good-list.example')).toBe(PAGE_ADDRESS)
    expect(await own.ask('first.example')).toBe(addressFor('first.example'))
  })
})
