/** Appeals on disk: what is kept, what is not, and for how long. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DailyLimit } from '../../src/appeals/daily-limit.ts'
import { readForm, wrongField } from '../../src/appeals/form.ts'
import { FormTokens } from '../../src/appeals/form-token.ts'
import { siteName } from '../../src/appeals/site-name.ts'
import { AppealStore, appealsPath } from '../../src/appeals/store.ts'

const NOW = 1_790_000_000
const DAY = 86_400
const APPEAL = { subject: 'site.example', reason: 'It is a library, nothing else.', contact: 'me@person.example' }

let folder = ''
let store: AppealStore
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qalqan-appeals-'))
  store = new AppealStore(folder)
})
afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('the store of appeals', () => {
  test('keeps what was written, for its owner alone, under a ticket that cannot be guessed', () => {
    const tickets = Array.from({ length: 50 }, (_, i) => store.add({ ...APPEAL, subject: `s${i}.example` }, NOW))
    expect(new Set(tickets).size).toBe(50)
    for (const ticket of tickets) expect(ticket).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/)
    expect(store.find(tickets[7]!.toLowerCase())).toMatchObject({
      subject: 's7.example',
      state: 'open',
      receivedAt: NOW,
      hasContact: true,
    })
    expect(store.find('0000-0000-0000-0000')).toBeNull()
    for (const name of readdirSync(folder)) expect([name, statSync(join(folder, name)).mode & 0o077]).toEqual([name, 0])
  })

  test('has the contact nowhere on disk that its key does not open', () => {
    const ticket = store.add(APPEAL, NOW)
    store.close()
    for (const name of readdirSync(folder))
      expect([name, readFileSync(join(folder, name)).includes('person.example')]).toEqual([name, false])
    store = new AppealStore(folder)
    expect(store.contactOf(ticket)).toBe('me@person.example')
    store.close()
    writeFileSync(join(folder, 'appeals.key'), Buffer.alloc(32).toString('base64'))
    store = new AppealStore(folder)
    expect(() => store.contactOf(ticket)).toThrow()
  })

  test('a contact cannot be moved to another ticket', () => {
    const [one, two] = [store.add(APPEAL, NOW), store.add({ ...APPEAL, subject: 'b.example' }, NOW)]
    const database = new DatabaseSync(appealsPath(folder))
    database
      .prepare('UPDATE appeals SET contact = (SELECT contact FROM appeals WHERE ticket = ?) WHERE ticket = ?')
      .run(one, two)
    database.close()
    expect(() => store.contactOf(two)).toThrow()
  })

  test('decides each once, and deletes the contact some time after that', () => {
    const [one, two] = [store.add(APPEAL, NOW), store.add({ ...APPEAL, subject: 'b.example' }, NOW)]
    expect(store.decide(one, { state: 'upheld', by: 'A. Person', answer: 'You are right.' }, NOW + DAY)).toBe(true)
    expect(store.decide(one, { state: 'rejected', by: 'B. Person', answer: 'No.' }, NOW + DAY)).toBe(false)
    expect(store.find(one)).toMatchObject({ state: 'upheld', decidedBy: 'A. Person', answer: 'You are right.' })
    expect(store.deleteContacts(NOW + DAY)).toBe(0)
    expect(store.deleteContacts(NOW + DAY + 1)).toBe(1)
    expect([store.contactOf(one), store.contactOf(two)]).toEqual([null, 'me@person.example'])
  })

  test('counts what is open, overdue, and by month', () => {
    const old = store.add(APPEAL, NOW - 40 * DAY)
    store.add({ ...APPEAL, subject: 'b.example' }, NOW)
    store.decide(old, { state: 'rejected', by: 'A', answer: 'x' }, NOW)
    const older = store.add({ ...APPEAL, subject: 'c.example' }, NOW - 40 * DAY)
    expect([store.count('open'), store.count('rejected'), store.overdue(NOW - 3 * DAY)]).toEqual([2, 1, 1])
    expect(store.list(true).map(({ ticket }) => ticket)[0]).toBe(older)
    expect(store.byMonth()).toEqual({
      '2026-08': { received: 2, upheld: 0, rejected: 0 },
      '2026-09': { received: 1, upheld: 0, rejected: 1 },
    })
  })

  test('knows what was written before', () => {
    store.add(APPEAL, NOW)
    expect(store.hasSame({ ...APPEAL, contact: null })).toBe(true)
    expect(store.hasSame({ ...APPEAL, reason: 'Something else entirely.' })).toBe(false)
  })

  test('two at once do not get in each other’s way', () => {
    const other = new AppealStore(folder)
    const ticket = other.add(APPEAL, NOW)
    expect(store.find(ticket)?.subject).toBe('site.example')
    other.close()
  })

  test('of a newer Qalqan, or damaged, is not touched', () => {
    store.close()
    execFileSync(process.execPath, [
      '-e',
      `new (require('node:sqlite').DatabaseSync)(process.argv[1]).exec('PRAGMA user_version = 9')`,
      appealsPath(folder),
    ])
    expect(() => new AppealStore(folder)).toThrow(/newer Qalqan/)
    rmSync(folder, { recursive: true })
    folder = mkdtempSync(join(tmpdir(), 'qalqan-appeals-'))
    writeFileSync(appealsPath(folder), 'rubbish '.repeat(1000))
    expect(() => new AppealStore(folder)).toThrow(/not a database/)
    rmSync(appealsPath(folder))
    store = new AppealStore(folder)
  })
})

describe('what one network may do in a day', () => {
  test('is so much, whoever of it asks, and again tomorrow', () => {
    const limit = new DailyLimit(2)
    const asked = [
      '192.0.2.1',
      '192.0.2.200',
      '192.0.2.3',
      '198.51.100.1',
      '2001:db8:0:1::1',
      '2001:db8:0:2::1',
      '2001:db8:0:ff::1',
      '2001:db8:0:100::1',
    ]
    expect(asked.map(address => limit.admits(address, NOW))).toEqual([true, true, false, true, true, true, false, true])
    expect(limit.admits('192.0.2.1', NOW + DAY)).toBe(true)
  })

  test('takes bounded memory', () => {
    const limit = new DailyLimit(1)
    for (let i = 0; i < 120_000; i++) limit.admits(`${10 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.1`, NOW)
    expect((limit as unknown as { counts: Map<string, number> }).counts.size).toBeLessThanOrEqual(100_000)
  })
})

describe('the token of a form', () => {
  const tokens = new FormTokens(3)
  const token = tokens.issue(NOW)
  test.each([
    [token, NOW + 3, null],
    [token, NOW + 2, 'early'],
    [token, NOW + 7200, null],
    [token, NOW + 7201, 'late'],
    ['', NOW + 5, 'forged'],
    ['x', NOW + 5, 'forged'],
    [`${token}x`, NOW + 5, 'forged'],
    [token.replace(/^./, 'z'), NOW + 5, 'forged'],
    [new FormTokens(3).issue(NOW), NOW + 5, 'forged'],
  ])('%s at %i: %s', (own, now, problem) => expect(tokens.problem(own, now)).toBe(problem))
})

describe('a form', () => {
  const good = { token: 't', subject: 'site.example', reason: 'It is a library.', contact: '', website: '' }
  const body = (fields: Record<string, string>) => Buffer.from(new URLSearchParams(fields).toString())
  test('is read as it was written', () => {
    const reason = 'Это библиотека — 100 % & "так" <b>\nвторая строка'
    expect(readForm(body({ ...good, reason: reason.replace('\n', '\r\n') }))).toEqual({ ...good, reason })
  })
  test.each([
    ['a field twice', 'subject=a&subject=b'],
    ['an unknown field', 'subject=a&admin=1'],
    ['no value', 'subject'],
    ['bad UTF-8', 'subject=%ff%fe'],
    ['half an escape', 'subject=%4'],
    ['a NUL', 'subject=a%00b'],
    ['another control', 'subject=a%1bb'],
    ['__proto__', '__proto__=x'],
  ])('with %s is none', (_, text) => expect(readForm(Buffer.from(text))).toBeNull())
  test.each([
    [{ ...good }, null],
    [{ ...good, subject: '' }, 'subject'],
    [{ ...good, subject: 'a\nX-Header: b' }, 'subject'],
    [{ ...good, subject: 'x'.repeat(301) }, 'subject'],
    [{ ...good, reason: 'short' }, 'reason'],
    [{ ...good, reason: 'x'.repeat(4001) }, 'reason'],
    [{ ...good, contact: 'x'.repeat(201) }, 'contact'],
    [{ ...good, contact: 'a\nb' }, 'contact'],
  ])('%#: %s', (fields, wrong) => expect(wrongField(fields)).toBe(wrong))
})

test.each([
  ['site.example', 'site.example'],
  [' HTTPS://Site.Example:8443/path?q=1#x ', 'site.example'],
  ['сайт.example', 'xn--80aswg.example'],
  ['KZ-2026-000123', null],
  ['Q-ABCD-EFGH-JKMN', null],
  ['', null],
  ['a..example', null],
  ['<script>.example', null],
  ['localhost', null],
])('%j is the name %s', (subject, name) => expect(siteName(subject)).toBe(name))
