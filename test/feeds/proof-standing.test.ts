/** Whether what was listed on a day was in force: from what the history has of guards, not from what guards would say today. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { GuardException } from '../../src/feeds/guards/exception.ts'
import { type NeverBlockNames, NOTHING_OF_YOUR_OWN } from '../../src/feeds/guards/never-block.ts'
import { archivedPath } from '../../src/feeds/history/archive.ts'
import { appendHistory, historyPath, readHistory } from '../../src/feeds/history/chain.ts'
import { proveListing } from '../../src/feeds/history/proof.ts'
import type { Standing } from '../../src/feeds/history/standing.ts'
import { appendUrgent } from '../../src/feeds/urgent.ts'
import { verifyHistory } from '../../src/history-command.ts'
import { proofText } from '../../src/proof-command.ts'
import type { FeedSettings } from '../../src/settings/settings.ts'
import { weigherFor } from '../../src/weigh-rules.ts'
import { compileAndRecord } from '../support/compile-and-record.ts'
import { wireName } from '../support/octets.ts'
import { feedSettings } from './recorder.ts'

let folder = ''
let data = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qalqan-standing-'))
  data = join(folder, 'data')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

interface State {
  readonly list: string
  readonly guards?: Partial<NeverBlockNames>
  readonly feed?: Partial<FeedSettings>
  readonly keepMs?: number
}

/** Puts a list in force at a time, as the server does. */
async function at(time: string, { list, guards = {}, feed = {}, keepMs = 1e12 }: State): Promise<void> {
  const source = join(folder, 'list.txt')
  writeFileSync(source, list)
  const orders = {
    feeds: [feedSettings({ name: 'list', source, limits: null, ...feed })],
    dataFolder: data,
    now: Date.parse(time) / 1000,
    seed: 1,
    categories: ['illegal'],
    generation: 1,
    neverBlock: { ...NOTHING_OF_YOUR_OWN, ...guards },
    keeping: { keepMs, octetsMax: 2 ** 30 },
  }
  expect(compileAndRecord(orders)).toEqual([])
}

const prove = (name: string, on: string) =>
  proveListing(data, { subject: { name: wireName(name) }, shown: name, on, weigh: weigherFor(name) })
const standings = (name: string, ...days: readonly string[]): Standing[] => days.map(day => prove(name, day).standing)

const LIST = 'bad.example\nbank.example\n'
const BANK = { protected: ['bank.example'] }
const word = (until: string | null): GuardException => ({
  name: 'bank.example',
  by: 'A. Person',
  reason: 'a court says so',
  until: until === null ? null : Date.parse(until) / 1000,
})

describe('a rule that was listed', () => {
  test('is in force where no guard has kept it back, and quarantined where one has', async () => {
    await at('2026-01-01T00:00:00Z', { list: LIST, guards: BANK })
    expect(prove('www.bad.example', '2026-01-02')).toMatchObject({ isListed: true, standing: 'in force' })
    const kept = prove('bank.example', '2026-01-02')
    expect(kept).toMatchObject({
      isListed: true,
      standing: 'quarantined',
      versions: [{ guards: 'recorded', entries: [{ status: 'quarantined', guard: 'protected', line: 2 }] }],
    })
    expect(proofText(kept)).toMatch(/: was listed, but kept back by guards: protected \(feed list\)$/m)
    expect(proofText(kept)).toMatch(/^ {4}quarantined \(protected\) bank\.example .*, line 2$/m)
    expect(standings('other.example', '2026-01-02')).toEqual(['not listed'])
  })

  test('counts from the day on which guards change, though the list does not', async () => {
    await at('2026-01-01T00:00:00Z', { list: LIST, guards: BANK })
    await at('2026-01-03T00:00:00Z', { list: LIST, guards: BANK })
    await at('2026-01-05T00:00:00Z', { list: LIST })
    await at('2026-01-07T12:00:00Z', { list: LIST, guards: BANK })
    expect(readHistory(data).lines.map(({ at: when, block }) => [when.slice(0, 10), block])).toEqual([
      ['2026-01-01', 1],
      ['2026-01-05', 2],
      ['2026-01-07', 1],
    ])
    const days = ['2026-01-04', '2026-01-05', '2026-01-07', '2026-01-08']
    expect(standings('bank.example', ...days)).toEqual(['quarantined', 'in force', 'in force', 'quarantined'])
  })

  test('is in force by an exception until that ends, and the proof names who gave it', async () => {
    const guards = { ...BANK, exceptions: [word('2026-01-04T00:00:00Z')] }
    await at('2026-01-01T00:00:00Z', { list: LIST, guards })
    await at('2026-01-04T00:00:00Z', { list: LIST, guards })
    expect(standings('bank.example', '2026-01-03', '2026-01-04')).toEqual(['in force', 'quarantined'])
    const proof = prove('bank.example', '2026-01-03')
    expect(proof.versions[0]!.exceptions).toEqual([{ ...word('2026-01-04T00:00:00Z'), rules: 1 }])
    expect(proofText(proof)).toMatch(
      /exception of guards for bank\.example by A\. Person, until 2026-01-04T00:00:00Z: 1 rules counted by it/,
    )
    expect(prove('bad.example', '2026-01-03').versions[0]!.exceptions).toEqual([])
  })

  test('is only monitored while its feed is, also where the list stays the same', async () => {
    await at('2026-01-01T00:00:00Z', { list: LIST, guards: BANK, feed: { mode: 'monitor' } })
    await at('2026-01-05T00:00:00Z', { list: LIST, guards: BANK })
    expect(standings('bad.example', '2026-01-04', '2026-01-06')).toEqual(['monitored', 'in force'])
    expect(standings('bank.example', '2026-01-04')).toEqual(['quarantined'])
    expect(prove('bad.example', '2026-01-04').isListed).toBe(true)
  })

  test('is none where it is an exception, also of a feed that is only monitored', async () => {
    const list = '||bank.example^\n@@||bank.example^\n@@||good.example^\n'
    await at('2026-01-01T00:00:00Z', { list, guards: BANK, feed: { format: 'adblock', mode: 'monitor' } })
    const proof = prove('good.example', '2026-01-02')
    expect(proof).toMatchObject({
      isListed: false,
      standing: 'not listed',
      versions: [{ entries: [{ status: 'monitored', isAllow: true }] }],
    })
    expect(proofText(proof)).toMatch(/^ {4}monitored exception for good\.example \(it and all below\), line 3$/m)
    expect(prove('bank.example', '2026-01-02').versions[0]!.entries).toMatchObject([
      { status: 'quarantined', isAllow: false },
      { status: 'monitored', isAllow: true },
    ])
  })

  test('is lifted while an urgent change lifts that very name, and in force on a day that has a part without', async () => {
    await at('2026-01-01T00:00:00Z', { list: LIST })
    appendUrgent(data, { at: '2026-01-03T10:00:00Z', action: 'withdraw', name: 'bad.example' })
    appendUrgent(data, { at: '2026-01-04T11:00:00Z', action: 'withdraw', name: 'bad.example', reason: 'again' })
    appendUrgent(data, { at: '2026-01-06T10:00:00Z', action: 'unblock', name: 'bad.example' })
    appendUrgent(data, { at: '2026-01-06T11:00:00Z', action: 'withdraw', name: 'bad.example' })
    const days = ['2026-01-02', '2026-01-03', '2026-01-04', '2026-01-05', '2026-01-06', '2026-01-07']
    const told = ['in force', 'in force', 'lifted', 'lifted', 'in force', 'lifted']
    expect(standings('www.bad.example', ...days)).toEqual(told)
    expect(standings('bank.example', '2026-01-04')).toEqual(['in force'])
  })

  test('is so on the day on which it came, also where the clock was set back before it went', async () => {
    await at('2026-01-05T00:10:00Z', { list: LIST })
    await at('2026-01-04T23:50:00Z', { list: 'other.example\n' })
    expect(standings('bad.example', '2026-01-04', '2026-01-05')).toEqual(['not listed', 'in force'])
  })

  test('twice on one line is told by each of its names', async () => {
    await at('2026-01-01T00:00:00Z', {
      list: '0.0.0.0 bank.example bad.example\n'.repeat(2),
      guards: BANK,
      feed: { format: 'hosts' },
    })
    expect(standings('bad.example', '2026-01-02')).toEqual(['in force'])
    expect(prove('bank.example', '2026-01-02').versions[0]!.entries).toMatchObject([
      { status: 'quarantined', line: 1 },
      { status: 'quarantined', line: 2 },
    ])
  })
})

describe('what was kept back', () => {
  const list = () => archivedPath(data, 'list', readHistory(data).lines.at(-1)!.guards!.list!)

  test('cannot be told from lines of before it was recorded, and the proof says so', async () => {
    await at('2026-01-01T00:00:00Z', { list: LIST, guards: BANK })
    const { v: _v, seq: _seq, before: _before, guards: _guards, ...old } = readHistory(data).lines[0]!
    rmSync(historyPath(data))
    appendHistory(data, [old])
    await at('2026-01-05T00:00:00Z', { list: LIST, guards: BANK })
    expect(readHistory(data)).toMatchObject({ problems: [], lines: [{ seq: 1 }, { seq: 2, sha256: old.sha256 }] })
    expect(standings('bank.example', '2026-01-04', '2026-01-06')).toEqual(['guards not recorded', 'quarantined'])
    const told = proofText(prove('bad.example', '2026-01-04'))
    expect(told).toMatch(/was listed; whether guards kept it back was not recorded then/)
    expect(told).toMatch(/^ {4}what guards kept back was not recorded then$/m)
  })

  test('is told by nobody where its list is gone or was changed', async () => {
    await at('2026-01-01T00:00:00Z', { list: LIST, guards: BANK })
    const path = list()
    const others = readdirSync(join(data, 'archive', 'list')).filter(name => !path.endsWith(name))
    writeFileSync(path, readFileSync(join(data, 'archive', 'list', others[0]!)))
    expect(prove('bank.example', '2026-01-02')).toMatchObject({
      isListed: true,
      standing: 'unknown',
      versions: [{ guards: 'lost', problem: expect.stringMatching(/is not what history says of it/) }],
    })
    expect(verifyHistory({ data })).toMatchObject({ copies: 1, problems: [`${path} is not what history says of it`] })
    rmSync(path)
    expect(verifyHistory({ data })).toMatchObject({ copies: 1, problems: [] })
    const proof = prove('bank.example', '2026-01-02')
    expect(proof.versions[0]!.problem).toMatch(/is not kept any more/)
    expect(proofText(proof)).toMatch(/was listed; whether it was in force cannot be told/)
  })

  test('is kept as long as its version, and goes with it', async () => {
    const kept = () => readdirSync(join(data, 'archive', 'list')).length
    const keepMs = 10 * 86_400_000
    await at('2026-01-01T00:00:00Z', { list: LIST, guards: BANK, keepMs })
    await at('2026-02-01T00:00:00Z', { list: LIST, guards: BANK, keepMs })
    expect(kept()).toBe(2)
    await at('2026-03-01T00:00:00Z', { list: 'bad.example\n', guards: BANK, keepMs })
    expect(kept()).toBe(3)
    await at('2026-03-20T00:00:00Z', { list: 'bad.example\n', guards: BANK, keepMs })
    expect(kept()).toBe(1)
  })

  test('of a list that failed does not stay with the copy that counts instead', async () => {
    await at('2026-01-01T00:00:00Z', { list: 'bad.example\n', guards: BANK })
    await at('2026-01-02T00:00:00Z', { list: `bank.example\n${'?? ??\n'.repeat(50)}`, guards: BANK })
    expect(readHistory(data).lines).toMatchObject([{ guards: { list: null, quarantined: {} } }])
    expect(standings('bank.example', '2026-01-03')).toEqual(['not listed'])
  })
})
