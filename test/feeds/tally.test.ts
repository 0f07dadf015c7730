/** What came, was withdrawn and expired, by month: exactly, across restarts and damage, and without a name on the disk. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { NOTHING_OF_YOUR_OWN } from '../../src/feeds/guards/never-block.ts'
import { compareVersions } from '../../src/feeds/tally/compare.ts'
import { type CellChange, tallyHeads, tallyPath } from '../../src/feeds/tally/tally-file.ts'
import type { FeedSettings } from '../../src/settings/settings.ts'
import { compileAndRecord } from '../support/compile-and-record.ts'
import { feedSettings } from './recorder.ts'

let folder = ''
let data = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qalqan-tally-'))
  data = join(folder, 'data')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

type Entry = Readonly<Record<string, string>>
const list = (...entries: readonly Entry[]) =>
  [{ qalqan: 1, feed: 'x', serial: 1, issued: '2026-01-01' }, ...entries]
    .map(own => `${JSON.stringify(own)}\n`)
    .join('')

/** Puts lists in force on a day, as the server does; returns what went wrong. */
async function on(day: string, lists: Readonly<Record<string, string>>, own: Partial<FeedSettings> = {}) {
  for (const [name, text] of Object.entries(lists)) writeFileSync(join(folder, name), text)
  const feeds = Object.keys(lists).map(name => feedSettings({ name, source: join(folder, name), limits: null, ...own }))
  const orders = {
    feeds,
    dataFolder: data,
    now: Date.parse(day) / 1000,
    seed: 1,
    categories: ['ads', 'illegal'],
    generation: 1,
    neverBlock: NOTHING_OF_YOUR_OWN,
    keeping: { keepMs: 0, octetsMax: 0 },
  }
  return compileAndRecord(orders)
}

/** Months in words: `added/withdrawn/expired category basis`. */
function months(feed = 'a'): Record<string, string[]> {
  const told = ({ added, withdrawn, expired, category, basis }: CellChange) =>
    `${added}/${withdrawn}/${expired} ${category}${basis === null ? '' : ` ${basis}`}`
  const head = tallyHeads(data).find(own => own.feed === feed)
  return Object.fromEntries(Object.entries(head?.months ?? {}).map(([month, cells]) => [month, cells.map(told)]))
}

describe('of a list are counted', () => {
  test('what came and what went, also within one version, in the month it did', async () => {
    await on('2026-09-30T23:59:59Z', { a: 'one.example\ntwo.example\nthree.example\n' })
    await on('2026-10-01T00:00:00Z', { a: 'one.example\nfour.example\nfive.example\n' })
    await on('2026-10-02T00:00:00Z', { a: 'one.example\nfour.example\nfive.example\n' })
    await on('2026-11-02T00:00:00Z', { a: 'one.example\nsix.example\n' })
    expect(months()).toEqual({
      '2026-09': ['3/0/0 illegal'],
      '2026-10': ['2/2/0 illegal'],
      '2026-11': ['1/2/0 illegal'],
    })
  })

  test('what expired, apart from what was withdrawn, though the list is the same', async () => {
    const text = list(
      { host: 'stays.example' },
      { host: 'ends.example', expires: '2026-10-15' },
      { host: 'ended.example', expires: '2026-09-01' },
      { host: 'host.example', scope: 'host', expires: '2026-10-15' },
    )
    await on('2026-10-01', { a: text })
    await on('2026-10-15', { a: text })
    await on('2026-10-16', { a: text })
    // A publisher who takes out what has expired withdraws nothing.
    await on('2026-11-01', { a: list({ host: 'stays.example' }) })
    expect(months()).toEqual({ '2026-10': ['3/0/2 illegal'] })
  })

  test('an entry that is extended comes again, and one that is withdrawn on its last day is withdrawn', async () => {
    await on('2026-10-01', {
      a: list({ host: 'x.example', expires: '2026-10-15' }, { host: 'y.example', expires: '2026-12-01' }),
    })
    await on('2026-10-20', {
      a: list({ host: 'x.example', expires: '2026-10-15' }, { host: 'y.example', expires: '2026-12-01' }),
    })
    await on('2026-11-01', { a: list({ host: 'x.example', expires: '2027-10-15' }) })
    expect(months()).toEqual({ '2026-10': ['2/0/1 illegal'], '2026-11': ['1/1/0 illegal'] })
  })

  test('cells: a changed category or basis is one that went and one that came; a changed case or answer is nothing', async () => {
    await on('2026-10-01', {
      a: list({ host: 'x.example', basis: 'Act', case: 'K-1', reviewed_by: 'Board' }, { host: 'y.example' }),
    })
    await on('2026-11-01', {
      a: list(
        { host: 'x.example', basis: 'Act', case: 'K-2', reviewed_by: 'Another board' },
        { host: 'y.example', category: 'ads' },
      ),
    })
    expect(months()).toEqual({
      '2026-10': ['1/0/0 illegal Act', '1/0/0 illegal'],
      '2026-11': ['0/1/0 illegal', '1/0/0 ads'],
    })
  })

  test('a name alone and the name with all below it as two', async () => {
    await on('2026-10-01', { a: list({ host: 'x.example' }) })
    await on('2026-11-01', { a: list({ host: 'x.example', scope: 'host' }) })
    expect(months()['2026-11']).toEqual(['1/1/0 illegal'])
  })

  test('addresses of answers and of clients', async () => {
    const zone = (...rules: readonly string[]) => ['$TTL 60', ...rules, ''].join('\n')
    await on('2026-10-01', {
      a: zone('24.0.2.0.192.rpz-ip CNAME .', '24.0.2.0.192.rpz-client-ip CNAME .', 'a.example CNAME .'),
    })
    await on('2026-11-01', {
      a: zone('24.0.2.0.192.rpz-ip CNAME .', '25.0.2.0.192.rpz-client-ip CNAME .', 'b.example CNAME .'),
    })
    expect(months()).toEqual({ '2026-10': ['3/0/0 illegal'], '2026-11': ['2/2/0 illegal'] })
  })

  test('not exceptions, nor what is only monitored, until it is enforced', async () => {
    const lists = { a: '||x.example^\n@@||y.example^\n' }
    await on('2026-10-01', lists, { mode: 'monitor' })
    expect(months()).toEqual({})
    await on('2026-11-01', lists)
    expect(months()).toEqual({ '2026-11': ['1/0/0 illegal'] })
  })
})

test('a list that is gone, from the disk or from the configuration, was withdrawn', async () => {
  await on('2026-10-01', { a: 'one.example\n', b: 'two.example\n' })
  await on('2026-11-01', { a: 'one.example\n' })
  expect([months('a'), months('b')]).toEqual([
    { '2026-10': ['1/0/0 illegal'] },
    { '2026-10': ['1/0/0 illegal'], '2026-11': ['0/1/0 illegal'] },
  ])
  await on('2026-12-01', { a: 'one.example\n' })
  expect(months('b')['2026-12']).toBe(undefined)
})

test('many names at random, against sets', async () => {
  let state = 7
  const random = () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return state / 0x80000000
  }
  let before = new Set<string>()
  for (let month = 1; month <= 6; month++) {
    const now = new Set(Array.from({ length: 3000 }, () => `n${Math.floor(random() * 5000)}.example`))
    await on(`2026-0${month}-15`, { a: [...now].join('\n') })
    const added = [...now].filter(name => !before.has(name)).length
    const withdrawn = [...before].filter(name => !now.has(name)).length
    expect(months()[`2026-0${month}`]).toEqual([`${added}/${withdrawn}/0 illegal`])
    before = now
  }
})

describe('the file', () => {
  test('has no name in it, and nobody else may read it', async () => {
    await on('2026-10-01', {
      a: list({ host: 'secret.example', case: 'K-1' }, { host: 'old.example', expires: '2026-01-01' }),
    })
    const path = tallyPath(data, 'a')
    expect(readFileSync(path, 'latin1')).not.toMatch(/secret|old|K-1/)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(data, 'tallies'))).toEqual(['a.tally'])
  })

  test('is not written again while nothing has changed', async () => {
    await on('2026-10-01', { a: 'one.example\n' })
    const before = statSync(tallyPath(data, 'a')).ino
    await on('2026-10-02', { a: 'one.example\n' })
    expect(statSync(tallyPath(data, 'a')).ino).toBe(before)
  })

  const damages: readonly (readonly [what: string, damage: (octets: Buffer) => Buffer])[] = [
    ['cut', octets => octets.subarray(0, -1)],
    ['empty', () => Buffer.alloc(0)],
    ['another file', () => Buffer.from('not a tally at all, but long enough to be taken for one')],
    [
      'changed by one bit',
      octets => octets.map((octet, i) => (i === octets.length - 40 ? octet ^ 1 : octet)) as Buffer,
    ],
  ]
  test.each(damages)(
    'that is %s is said to be so, and counting begins anew with what the history tells',
    async (_, damage) => {
      await on('2026-10-01', { a: 'one.example\ntwo.example\n' })
      const path = tallyPath(data, 'a')
      writeFileSync(path, damage(readFileSync(path)))
      expect(await on('2026-11-01', { a: 'one.example\nx.example\ny.example\n' })).toEqual([
        expect.stringContaining('is damaged'),
      ])
      // One came more than went: as differences between versions have it.
      expect(months()).toEqual({ '2026-10': ['2/0/0 illegal'], '2026-11': ['1/0/0 illegal'] })
      expect(tallyHeads(data)[0]?.differencesUntil).toBe('2026-11-01T00:00:00.000Z')
      expect(await on('2026-12-01', { a: 'one.example\nx.example\nz.example\n' })).toEqual([])
      expect(months()['2026-12']).toEqual(['1/1/0 illegal'])
    },
  )

  test('begins with the differences between versions where lists were in force before anybody counted', async () => {
    await on('2026-09-01', { a: 'one.example\ntwo.example\n' })
    await on('2026-10-01', { a: 'one.example\n' })
    rmSync(join(data, 'tallies'), { recursive: true })
    await on('2026-11-01', { a: 'one.example\n' })
    expect(months()).toEqual({ '2026-09': ['2/0/0 illegal'], '2026-10': ['0/1/0 illegal'] })
    await on('2026-11-02', { a: 'two.example\n' })
    expect(months()['2026-11']).toEqual(['1/1/0 illegal'])
  })

  test('that cannot be written is said to be so, and the next count has all', async () => {
    await on('2026-10-01', { a: 'one.example\n' })
    rmSync(`${tallyPath(data, 'a')}.new`, { force: true })
    writeFileSync(join(folder, 'a'), 'one.example\n')
    const path = tallyPath(data, 'a')
    const { mkdirSync } = await import('node:fs')
    mkdirSync(`${path}.new`)
    expect(await on('2026-11-01', { a: 'two.example\n' })).toEqual([
      expect.stringMatching(/changes of a are not counted/),
    ])
    rmSync(`${path}.new`, { recursive: true })
    expect(await on('2026-12-01', { a: 'two.example\nthree.example\n' })).toEqual([])
    expect(months()).toEqual({ '2026-10': ['1/0/0 illegal'], '2026-12': ['2/1/0 illegal'] })
  })

  test('does not grow without bound where every entry has a basis of its own', async () => {
    const entries = Array.from({ length: 900 }, (_, i) => ({ host: `n${i}.example`, basis: `Decision ${i}` }))
    await on('2026-10-01', { a: list(...entries) })
    const cells = tallyHeads(data)[0]!.months['2026-10']!
    expect(cells).toHaveLength(501)
    expect(cells.reduce((sum, { added }) => sum + added, 0)).toBe(900)
  })
})

describe('two versions', () => {
  const of = (...own: readonly number[]) => BigUint64Array.from(own, BigInt)
  const rows: readonly (readonly [before: number[], after: number[], ended: number[], counted: string])[] = [
    [[], [], [], '0/0/0'],
    [[], [1, 2], [1], '2/0/0'],
    [[1, 2], [], [2, 3], '0/1/1'],
    [[1, 2, 2, 3], [2, 3, 4], [], '1/2/0'],
    [[1, 5, 9], [0, 5, 10], [9], '2/1/1'],
  ]
  test.each(rows)('%j and %j with %j ended: %s', (before, after, ended, counted) => {
    const { added, withdrawn, expired } = compareVersions(of(...before), of(...after), of(...ended))
    expect(`${added}/${withdrawn}/${expired}`).toBe(counted)
  })
})
