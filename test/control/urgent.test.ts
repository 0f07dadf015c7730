import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { appendUrgent, compileOverlay, readUrgent, type UrgentChange, urgentPath } from '../../src/feeds/urgent.ts'
import { UrgentKeeper } from '../../src/feeds/urgent-keeper.ts'
import { FilterReader } from '../../src/images/filter/reader.ts'
import { Judge } from '../../src/policy/judge.ts'
import type { Settings } from '../../src/settings/settings.ts'
import { recordUrgent } from '../../src/urgent-command.ts'
import { images, SEED } from '../support/images.ts'
import { until } from '../transport/clients.ts'

/** What is promised of a change. */
const IN_FORCE_MS = 1000
const AT = '2026-11-22T10:00:00.000Z'
const block = (name: string, more: Partial<UrgentChange> = {}): UrgentChange =>
  ({ action: 'block', name, class: 'hotline', category: 'illegal', case: 'KZ-1', at: AT, ...more }) as UrgentChange
const release = (name: string): UrgentChange => ({ action: 'withdraw', name, at: AT })
const end = (name: string): UrgentChange => ({ action: 'unblock', name, at: AT })

/** What is said of a name with these changes in front of a base that flags `bad.example` and `deep.below.other.example`. */
function judged(name: string, changes: readonly UrgentChange[]) {
  const { categories, ...base } = images(
    [
      { name: 'bad.example', category: 'illegal', ruleClass: 'legal', caseNumber: 'L-1' },
      { name: 'deep.below.other.example', category: 'illegal' },
      { name: 'fine.bad.example', category: 'illegal', ruleClass: 'legal', allow: true },
    ],
    [{ categories: ['illegal'] }],
  )
  const { image } = compileOverlay(changes, { seed: SEED, categories, generation: 1 })
  const own = { ...base, overlay: new FilterReader(image) }
  const judgement = new Judge(categories).judge(name, 0, own)
  return judgement === null ? null : `${judgement.ruleClass} ${judgement.caseNumber} ${judgement.rule}`
}

describe('urgent changes in front of the base image', () => {
  const rows: readonly (readonly [string, string, readonly UrgentChange[], string | null])[] = [
    ['without changes the base decides', 'www.bad.example', [], 'legal L-1 bad.example'],
    ['a block of a name that no feed has', 'new.example', [block('new.example')], 'hotline KZ-1 new.example'],
    ['covers what is below it', 'a.b.new.example', [block('new.example')], 'hotline KZ-1 new.example'],
    ['unless it is exact', 'a.new.example', [block('new.example', { exact: true })], null],
    [
      'an exact one covers the name',
      'new.example',
      [block('new.example', { exact: true })],
      'hotline KZ-1 new.example',
    ],
    [
      'a block goes before exceptions for the same name',
      'fine.bad.example',
      [block('fine.bad.example')],
      'hotline KZ-1 fine.bad.example',
    ],
    [
      'a household’s as well',
      'fine.bad.example',
      [block('fine.bad.example', { class: 'household' })],
      'household KZ-1 fine.bad.example',
    ],
    ['a block leaves other names alone', 'newer.example', [block('new.example')], null],
    ['a release lifts the base rule of that very name', 'bad.example', [release('bad.example')], null],
    ['and so what that rule covered below it', 'www.bad.example', [release('bad.example')], null],
    [
      'a release below a flagged name lifts nothing',
      'www.bad.example',
      [release('www.bad.example')],
      'legal L-1 bad.example',
    ],
    [
      'a release above a flagged name lifts nothing',
      'deep.below.other.example',
      [release('other.example')],
      'household Q-',
    ],
    ['the base’s exceptions hold against the base', 'fine.bad.example', [block('new.example')], null],
    [
      'a hotline’s urgent block is not lifted by another class’s exception',
      'fine.bad.example',
      [block('bad.example')],
      'hotline KZ-1 bad.example',
    ],
  ]
  test.each(rows)('%s', (_, name, changes, expected) => {
    const said = judged(name, changes)
    if (expected === null || !expected.endsWith('Q-')) expect(said).toBe(expected)
    else expect(said).toContain(expected)
  })
})

describe('the file of urgent changes', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'qalqan-urgent-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  test('no file is no changes', () => expect(readUrgent(folder)).toEqual({ changes: [], problems: [] }))

  test('the last change for a name holds, and every one stays on record', () => {
    appendUrgent(folder, block('a.example'))
    appendUrgent(folder, block('b.example'))
    appendUrgent(folder, release('a.example'))
    appendUrgent(folder, block('c.example'))
    appendUrgent(folder, end('c.example'))
    expect(readUrgent(folder).changes.map(({ action, name }) => `${action} ${name}`)).toEqual([
      'withdraw a.example',
      'block b.example',
    ])
    expect(readFileSync(urgentPath(folder), 'utf8').trim().split(/\n+/)).toHaveLength(5)
  })

  test('a line that a power cut left unfinished costs only itself', () => {
    appendUrgent(folder, block('a.example'))
    writeFileSync(urgentPath(folder), `${readFileSync(urgentPath(folder), 'utf8')}{"at":"2026-11-22T10:0`)
    appendUrgent(folder, block('b.example'))
    const { changes, problems } = readUrgent(folder)
    expect(changes.map(({ name }) => name)).toEqual(['a.example', 'b.example'])
    expect(problems).toEqual(['line 3: not JSON'])
  })

  const bad: readonly (readonly [string, unknown])[] = [
    ['"name" is no domain name', { ...block('a..example') }],
    ['"name" is no domain name', { ...block('.') }],
    ['"action" is neither', { ...block('a.example'), action: 'ban' }],
    ['"class" is none of', { ...block('a.example'), class: 'police' }],
    ['"case" is not', { ...block('a.example'), case: 'line\nbreak' }],
    ['"at" is no date', { ...block('a.example'), at: 'today' }],
    ['not an object', 7],
  ]
  test.each(bad)('%s: the line is named and passed over', (why, line) => {
    writeFileSync(urgentPath(folder), `${JSON.stringify(line)}\n`)
    const { changes, problems } = readUrgent(folder)
    expect(changes).toEqual([])
    expect(problems[0]).toContain(why)
  })

  test('a change is in force within a second of the command', { timeout: 90_000 }, async () => {
    const settings = {
      data: folder,
      feeds: [{ class: 'hotline', category: 'illegal' }],
      policies: [{ name: 'default', categories: ['illegal'], allowOnly: [] }],
      records: [],
    } as unknown as Settings
    const seen: number[] = []
    const keeper = new UrgentKeeper({
      dataFolder: folder,
      seed: SEED,
      categories: ['illegal', 'not-listed'],
      onOverlay: overlay => seen.push(new FilterReader(overlay).names),
      onProblem: problem => {
        throw new Error(problem)
      },
    })
    keeper.start()
    try {
      expect(seen).toEqual([0])
      let bestMs = Number.POSITIVE_INFINITY
      // A machine that is held up is not so each time.
      for (let tries = 1; tries <= 5 && bestMs >= IN_FORCE_MS; tries++) {
        const request = {
          name: `Bad${tries}.Example.`,
          ruleClass: undefined,
          category: undefined,
          reason: 'seen by two',
          exact: false,
          at: AT,
        }
        const started = performance.now()
        expect(recordUrgent(settings, { ...request, action: 'block', caseNumber: 'KZ-2' }).text).toContain(
          `bad${tries}.example: blocked, hotline`,
        )
        expect(await until(() => seen.at(-1) === tries)).toBe(true)
        bestMs = Math.min(bestMs, performance.now() - started)
      }
      expect(bestMs).toBeLessThan(IN_FORCE_MS)
    } finally {
      keeper.close()
    }
  })

  const refused: readonly (readonly [string, object])[] = [
    ['needs its case', { caseNumber: undefined }],
    ['printable ASCII', { caseNumber: 'дело 1' }],
    ['--class is one of', { caseNumber: '1', ruleClass: 'police' }],
    ['no policy blocks the category', { caseNumber: '1', category: 'politics' }],
    ['no policy blocks the category', { caseNumber: '1', category: 'kids' }],
    ['no feed of class household', { caseNumber: '1', ruleClass: 'household' }],
    ['own records', { caseNumber: '1', name: 'router.example' }],
    ['no name that can be blocked', { caseNumber: '1', name: 'https://bad.example/' }],
    ['no name that can be blocked', { caseNumber: '1', name: '*.bad.example' }],
    ['no name that can be blocked', { caseNumber: '1', name: 'bad.example:443' }],
    ['no name that can be blocked', { caseNumber: '1', name: '192.0.2.7' }],
    ['no name that can be blocked', { caseNumber: '1', name: 'test' }],
    ['no feed of class legal', { caseNumber: '1', ruleClass: 'legal' }],
    ['no name that can be blocked', { caseNumber: '1', name: 'a b..c' }],
  ]
  test.each(refused)('the command refuses a block that %s, and writes nothing', (why, more) => {
    const settings = {
      data: folder,
      feeds: [
        { class: 'hotline', category: 'illegal' },
        { class: 'household', category: 'kids' },
      ],
      policies: [
        { name: 'default', categories: ['illegal'], allowOnly: [] },
        { name: 'kids', categories: ['illegal'], allowOnly: ['kids'] },
      ],
      records: [{ name: 'router.example' }],
    } as unknown as Settings
    const request = {
      action: 'block',
      name: 'a.example',
      ruleClass: undefined,
      category: undefined,
      reason: undefined,
      exact: false,
      at: AT,
    }
    expect(() => recordUrgent(settings, { ...request, ...more } as Parameters<typeof recordUrgent>[1])).toThrow(why)
    expect(readUrgent(folder).changes).toEqual([])
  })
})
