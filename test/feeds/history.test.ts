/** The record of versions: a chain that shows what was changed, an archive that is bounded, and proofs from both. */
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { compile, newAside, writeDown } from '../../src/feeds/compilation.ts'
import { appendDecision } from '../../src/feeds/decisions.ts'
import { NOTHING_OF_YOUR_OWN } from '../../src/feeds/guards/never-block.ts'
import {
  archive,
  archivedPath,
  chunksOf,
  type Keeping,
  memorySource,
  openArchived,
  prune,
} from '../../src/feeds/history/archive.ts'
import { historyPath, readHistory } from '../../src/feeds/history/chain.ts'
import { proveListing } from '../../src/feeds/history/proof.ts'
import { wideOctets } from '../../src/feeds/network.ts'
import { appendUrgent } from '../../src/feeds/urgent.ts'
import { FilterReader } from '../../src/images/filter/reader.ts'
import { weigherFor } from '../../src/weigh-rules.ts'
import { wireName } from '../support/octets.ts'
import { feedSettings } from './recorder.ts'

const DAY_MS = 86_400_000
const START_MS = Date.UTC(2026, 0, 1)

let folder = ''
let data = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qalqan-history-'))
  data = join(folder, 'data')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const source = (name: string) => join(folder, `${name}.txt`)

/** Puts a list in force on a day, as the server does; null: its source is gone, and so is its copy. */
async function inForce(
  day: number,
  lists: Readonly<Record<string, string | null>>,
  keeping: Keeping = { keepMs: 3650 * DAY_MS, octetsMax: 2 ** 30 },
) {
  for (const [name, text] of Object.entries(lists)) {
    if (text !== null) writeFileSync(source(name), text)
    else for (const path of [source(name), join(data, 'feeds', `${name}.last-good`)]) rmSync(path, { force: true })
  }
  const orders = {
    feeds: Object.keys(lists).map(name => feedSettings({ name, source: source(name) })),
    dataFolder: data,
    now: (START_MS + day * DAY_MS) / 1000,
    seed: 1,
    categories: ['illegal'],
    generation: 1,
    neverBlock: NOTHING_OF_YOUR_OWN,
    keeping,
  }
  const aside = newAside(orders)
  const compiled = compile(orders, aside)
  expect(writeDown(orders, compiled, aside)).toEqual([])
  return compiled
}

const prove = (name: string, on: string) =>
  proveListing(data, { subject: { name: wireName(name) }, shown: name, on, weigh: weigherFor(name) })
const proveAddress = (address: string, on: string, of: 'answer' | 'client') =>
  proveListing(data, { subject: { [of]: wideOctets(address) }, shown: address, on, weigh: weigherFor(address) })

describe('the history', () => {
  test('has a line for each version that comes or goes, none for one that stays', async () => {
    await inForce(0, { a: 'one.example\n', b: 'x.example\n' })
    await inForce(1, { a: 'one.example\n', b: 'x.example\n' })
    await inForce(2, { a: 'one.example\ntwo.example\n', b: null })
    await inForce(3, { a: 'one.example\n' })
    const { lines, problems } = readHistory(data)
    expect(lines.map(({ seq, at, feed, act, block }) => [seq, at.slice(0, 10), feed, act, block])).toEqual([
      [1, '2026-01-01', 'a', 'in force', 1],
      [2, '2026-01-01', 'b', 'in force', 1],
      [3, '2026-01-03', 'a', 'in force', 2],
      [4, '2026-01-03', 'b', 'out of force', 1],
      [5, '2026-01-04', 'a', 'in force', 1],
    ])
    expect(problems).toEqual([])
    expect(statSync(historyPath(data)).mode & 0o777).toBe(0o600)
  })

  const tamperings: readonly (readonly [what: string, tamper: (text: string) => string])[] = [
    ['a line was changed', text => text.replace('"block":2', '"block":1')],
    [
      'a line was taken out',
      text =>
        text
          .split('\n')
          .filter((_, i) => i !== 1)
          .join('\n'),
    ],
    ['the first line was taken out', text => text.split('\n').slice(1).join('\n')],
    [
      'lines were swapped',
      text =>
        text
          .split('\n')
          .map((_, i, all) => all[i === 0 ? 1 : i === 1 ? 0 : i])
          .join('\n'),
    ],
    ['a line was doubled', text => text.replace(/\n/, `\n${text.split('\n')[0]}\n`)],
  ]
  test.each(tamperings)('shows it when %s', async (_, tamper) => {
    for (const [day, list] of ['a.example\n', 'a.example\nb.example\n', 'c.example\n'].entries())
      await inForce(day, { a: list })
    expect(readHistory(data).problems).toEqual([])
    writeFileSync(historyPath(data), tamper(readFileSync(historyPath(data), 'utf8')))
    expect(readHistory(data).problems).not.toEqual([])
  })

  test('the newest line changed is shown by its head alone: who has written that down can tell', async () => {
    await inForce(0, { a: 'a.example\n' })
    const { head } = readHistory(data)
    writeFileSync(historyPath(data), readFileSync(historyPath(data), 'utf8').replace('"block":1', '"block":9'))
    expect(readHistory(data)).toMatchObject({ problems: [] })
    expect(readHistory(data).head).not.toBe(head)
  })

  test('a line that a power cut left unfinished breaks nothing', async () => {
    await inForce(0, { a: 'a.example\n' })
    appendFileSync(historyPath(data), '{"v":1,"seq":2,"at":"2026-')
    await inForce(1, { a: 'b.example\n' })
    const { lines, problems } = readHistory(data)
    expect(problems).toEqual([])
    expect(lines.map(line => line.seq)).toEqual([1, 2])
  })
})

describe('the archive', () => {
  const kept = () => (existsSync(join(data, 'archive', 'a')) ? readdirSync(join(data, 'archive', 'a')).length : 0)

  test('keeps each version packed, for its owner alone', async () => {
    const { reports } = await inForce(0, { a: 'a.example\n'.repeat(1000) })
    const { size, mode } = statSync(archivedPath(data, 'a', reports[0]!.sha256))
    expect(size).toBeLessThan(200)
    expect(mode & 0o777).toBe(0o600)
  })

  test('lets go of what was out of force for longer than is kept, never of what is in force', async () => {
    const keeping = { keepMs: 10 * DAY_MS, octetsMax: 2 ** 30 }
    await inForce(0, { a: 'one.example\n' }, keeping)
    await inForce(50, { a: 'two.example\n' }, keeping)
    expect(kept()).toBe(2)
    await inForce(59, { a: 'three.example\n' }, keeping)
    expect(kept()).toBe(3)
    await inForce(61, { a: 'three.example\n' }, keeping)
    expect(kept()).toBe(2)
    await inForce(1000, { a: 'three.example\n' }, keeping)
    expect(kept()).toBe(1)
  })

  test('lets go of the oldest when it grows too large', async () => {
    const size = { keepMs: 1000 * DAY_MS, octetsMax: 300 }
    const list = (day: number) =>
      Array.from({ length: 5 }, (_, i) => `n${day}x${i}x${(day * 7919 + i * 104729) % 99991}.example\n`).join('')
    for (let day = 0; day < 12; day++) await inForce(day, { a: list(day) }, size)
    const total = readdirSync(join(data, 'archive', 'a')).reduce(
      (sum, name) => sum + statSync(join(data, 'archive', 'a', name)).size,
      0,
    )
    expect(total).toBeLessThanOrEqual(300)
    const newest = readHistory(data).lines.at(-1)!
    expect(existsSync(archivedPath(data, 'a', newest.sha256))).toBe(true)
  })

  test('keeps what somebody went back to, however old', async () => {
    const keeping = { keepMs: DAY_MS, octetsMax: 2 ** 30 }
    const { reports } = await inForce(0, { a: 'one.example\n' }, keeping)
    appendDecision(data, {
      at: '2026-01-01T00:00:00Z',
      by: 'A. Person',
      feed: 'a',
      act: 'rollback',
      sha256: reports[0]!.sha256,
    })
    for (const day of [1, 20, 40]) {
      const { image, reports: now } = await inForce(day, { a: `n${day}.example\n` }, keeping)
      expect(now[0]).toMatchObject({ pinned: { by: 'A. Person' }, sha256: reports[0]!.sha256 })
      expect(new FilterReader(image).names).toBe(1)
    }
    expect(kept()).toBe(1)
  })

  test('nothing there is no trouble', () => {
    prune(data, [], { keepMs: 0, octetsMax: 0 }, 0)
    expect(existsSync(data)).toBe(false)
  })

  test.each([0, 1, 1024 ** 2, 2.5 * 1024 ** 2])('%d octets come back as they were', size => {
    const octets = Uint8Array.from({ length: size }, (_, i) => (i * 7919) >> 8)
    const sha256 = createHash('sha256').update(octets).digest('hex')
    archive(data, 'list', sha256, memorySource('it', octets))
    const back = Buffer.concat([...chunksOf(openArchived(data, 'list', sha256))])
    expect(back.equals(octets)).toBe(true)
    // As an earlier Qalqan wrote it: one frame, whatever its size.
    writeFileSync(archivedPath(data, 'list', sha256), zstdCompressSync(octets))
    expect(Buffer.concat([...chunksOf(openArchived(data, 'list', sha256))]).equals(octets)).toBe(true)
  })

  test('one that was cut off, be it between two frames, is not taken for what it was', () => {
    const octets = new Uint8Array(2.5 * 1024 ** 2).fill(7)
    const sha256 = createHash('sha256').update(octets).digest('hex')
    archive(data, 'list', sha256, memorySource('it', octets))
    const path = archivedPath(data, 'list', sha256)
    const firstFrame = zstdCompressSync(octets.subarray(0, 1024 ** 2)).length
    expect(readFileSync(path).length).toBeGreaterThan(2 * firstFrame)
    for (const left of [0, firstFrame - 1, firstFrame, firstFrame + 1]) {
      truncateSync(path, left)
      expect(() => openArchived(data, 'list', sha256), `${left} octets`).toThrow(/is damaged|is not what history says/)
      rmSync(path)
      archive(data, 'list', sha256, memorySource('it', octets))
    }
  })
})

describe('a proof', () => {
  test('tells for each day from the versions that were in force on it', async () => {
    await inForce(0, { a: 'bad.example\n' })
    await inForce(10, { a: 'other.example\n' })
    await inForce(20, { a: 'bad.example\nother.example\n' })
    const days: readonly (readonly [name: string, on: string, isListed: boolean])[] = [
      ['bad.example', '2025-12-31', false],
      ['bad.example', '2026-01-01', true],
      ['www.bad.example', '2026-01-05', true],
      ['bad.example', '2026-01-12', false],
      ['other.example', '2026-01-12', true],
      ['bad.example', '2026-01-25', true],
      ['example', '2026-01-25', false],
    ]
    for (const [name, on, isListed] of days) expect([name, on, prove(name, on).isListed]).toEqual([name, on, isListed])
    expect(prove('bad.example', '2026-01-25')).toMatchObject({
      versions: [{ feed: 'a', seq: 3, until: null, entries: [{ status: 'blocks', name: 'bad.example', line: 1 }] }],
      history: { lines: 3, problems: [] },
    })
  })

  test('a day on which versions changed has both', async () => {
    await inForce(0, { a: 'bad.example\n' })
    await inForce(10.5, { a: 'other.example\n' })
    expect(prove('bad.example', '2026-01-11').versions).toHaveLength(2)
    expect(prove('bad.example', '2026-01-11').isListed).toBe(true)
    expect(prove('bad.example', '2026-01-12').isListed).toBe(false)
  })

  test('a version that is gone or was changed proves nothing, and says so', async () => {
    const { reports } = await inForce(0, { a: 'bad.example\n' })
    const path = archivedPath(data, 'a', reports[0]!.sha256)
    const { reports: others } = await inForce(5, { a: 'good.example\n' })
    writeFileSync(path, readFileSync(archivedPath(data, 'a', others[0]!.sha256)))
    expect(prove('bad.example', '2026-01-02').versions).toMatchObject([
      { entries: null, problem: expect.stringMatching(/not what history says/) },
    ])
    writeFileSync(path, 'rubbish')
    expect(prove('bad.example', '2026-01-02').versions[0]!.problem).toMatch(/is damaged/)
    rmSync(path)
    expect(prove('bad.example', '2026-01-02').versions[0]!.problem).toMatch(/is not kept any more/)
  })

  test('tells of addresses in answers and of clients, each by its own rules', async () => {
    const zone = (...rules: readonly string[]) =>
      `@ SOA ns. root. 1 3600 600 86400 60\n${rules.map(rule => `${rule}\n`).join('')}`
    await inForce(0, { a: zone('24.0.2.0.192.rpz-ip CNAME .', '48.zz.db8.2001.rpz-client-ip CNAME .') })
    await inForce(5, { a: zone('32.1.2.0.192.rpz-ip CNAME .') })
    const rows: readonly (readonly [string, string, 'answer' | 'client', boolean])[] = [
      ['192.0.2.9', '2026-01-02', 'answer', true],
      ['192.0.2.9', '2026-01-02', 'client', false],
      ['192.0.2.9', '2026-01-08', 'answer', false],
      ['192.0.2.1', '2026-01-08', 'answer', true],
      ['2001:db8::7', '2026-01-02', 'client', true],
      ['2001:db8::7', '2026-01-02', 'answer', false],
      ['2001:db8:1::7', '2026-01-02', 'client', false],
    ]
    for (const [address, on, of, isListed] of rows)
      expect([address, on, of, proveAddress(address, on, of).isListed]).toEqual([address, on, of, isListed])
    expect(proveAddress('192.0.2.9', '2026-01-02', 'answer').versions[0]!.entries).toMatchObject([
      { status: 'blocks', name: '192.0.2.0/24', addresses: 'answers', line: 2 },
    ])
  })

  test('an urgent block counts from its day to the day it ended', () => {
    const change = (at: string, action: 'block' | 'unblock') =>
      appendUrgent(
        data,
        action === 'block'
          ? { at, action, name: 'bad.example', class: 'hotline', category: 'illegal', case: 'K-1' }
          : { at, action, name: 'bad.example' },
      )
    change('2026-01-03T10:00:00Z', 'block')
    change('2026-01-05T10:00:00Z', 'unblock')
    const listed = ['2026-01-02', '2026-01-03', '2026-01-04', '2026-01-05', '2026-01-06'].map(
      on => prove('www.bad.example', on).isListed,
    )
    expect(listed).toEqual([false, true, true, true, false])
  })

  test.each(['yesterday', '2026-13-01', '2026-01-01T00:00:00Z', ''])('%j is no day', on => {
    expect(() => prove('bad.example', on)).toThrow(/expected a day/)
  })
})
