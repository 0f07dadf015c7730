/** What feeds may not do: block names that everybody needs, change out of all proportion. */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { compileFeed } from '../../../src/feeds/compile.ts'
import { appendDecision, decisionsPath, readDecisions } from '../../../src/feeds/decisions.ts'
import { BELOW, EXACT, type Extent, SUBTREE } from '../../../src/feeds/entry.ts'
import { changeProblem } from '../../../src/feeds/guards/change.ts'
import { type GuardException, nextEndOf } from '../../../src/feeds/guards/exception.ts'
import { NeverBlock, NOTHING_OF_YOUR_OWN } from '../../../src/feeds/guards/never-block.ts'
import { wireName } from '../../support/octets.ts'
import { feedSettings, NOW, RecordingSink } from '../recorder.ts'

const exception = (name: string, until: number | null = null): GuardException => ({
  name,
  by: 'A. Person',
  reason: 'sample',
  until,
})
const NAMES = {
  protected: ['bank.example', 'www.provider.example', '*.state.example', 'a.b.c.d.e.f.g.deep.example'],
  topList: ['search.example'],
  exceptions: [
    exception('blogspot.com'),
    exception('ours.state.example'),
    exception('a.b.c.d.e.f.g.h.i.state.example'),
    exception('held.state.example', NOW),
    exception('spared.state.example', NOW + 1),
    // Twice, in either order: what ends last counts.
    exception('renewed.state.example', NOW + 9),
    exception('renewed.state.example', NOW - 9),
    exception('for-good.state.example', NOW - 9),
    exception('for-good.state.example'),
  ],
  positiveFeeds: ['kids'],
}
const guard = new NeverBlock(NAMES, NOW)

describe('a rule', () => {
  const rows: readonly (readonly [name: string, extent: Extent, reason: string | null])[] = [
    ['.', SUBTREE, 'root'],
    ['com', SUBTREE, 'public-suffix'],
    ['kz', EXACT, 'public-suffix'],
    ['co.uk', SUBTREE, 'public-suffix'],
    ['org.kz', BELOW, 'public-suffix'],
    ['arpa', SUBTREE, 'protected'],
    ['unlisted', SUBTREE, 'public-suffix'],
    ['github.io', SUBTREE, 'shared-host'],
    ['s3.amazonaws.com', SUBTREE, 'shared-host'],
    ['blogspot.com', SUBTREE, null],
    ['somebody.github.io', SUBTREE, null],
    ['root-servers.net', SUBTREE, 'protected'],
    ['a.root-servers.net', EXACT, 'protected'],
    ['gov.kz', SUBTREE, 'protected'],
    ['gov.kz', BELOW, 'protected'],
    ['www.egov.kz', EXACT, 'protected'],
    ['a.b.c.d.e.f.g.h.gov.kz', EXACT, 'protected'],
    ['notgov.kz', SUBTREE, null],
    ['egov.kz', EXACT, 'protected'],
    ['bank.example', SUBTREE, 'protected'],
    ['bank.example', EXACT, 'protected'],
    ['bank.example', BELOW, null],
    ['www.bank.example', EXACT, 'protected'],
    ['www.bank.example', BELOW, null],
    ['www.www.bank.example', EXACT, null],
    ['shared.bank.example', SUBTREE, null],
    ['state.example', EXACT, 'protected'],
    ['state.example', BELOW, 'protected'],
    ['any.thing.at.all.of.the.state.example', EXACT, 'protected'],
    ['ours.state.example', SUBTREE, null],
    ['www.ours.state.example', SUBTREE, 'protected'],
    ['a.b.c.d.e.f.g.h.i.state.example', SUBTREE, null],
    ['held.state.example', SUBTREE, 'protected'],
    ['spared.state.example', SUBTREE, null],
    ['renewed.state.example', SUBTREE, null],
    ['for-good.state.example', SUBTREE, null],
    ['a.b.c.d.e.f.g.deep.example', EXACT, 'protected'],
    ['b.c.d.e.f.g.deep.example', SUBTREE, 'protected'],
    ['provider.example', SUBTREE, 'protected'],
    ['provider.example', BELOW, 'protected'],
    ['provider.example', EXACT, null],
    ['search.example', SUBTREE, 'top-list'],
    ['research.example', SUBTREE, null],
    ['www.search.example', EXACT, 'top-list'],
    ['ordinary.com', SUBTREE, null],
    ['a.b.c.d.e.f.ordinary.com', SUBTREE, null],
  ]
  test.each(rows)('%s, extent %i: %s', (name, extent, reason) => {
    const verdict = guard.verdict(name === '.' ? Uint8Array.of(0) : wireName(name), extent)
    expect(verdict?.holds === true ? verdict.reason : null).toBe(reason)
  })

  test('a top list of a million names is taken', () => {
    const topList = Array.from({ length: 1_000_000 }, (_, i) => `n${i}.example`)
    const own = new NeverBlock({ ...NOTHING_OF_YOUR_OWN, topList }, NOW)
    expect(own.verdict(wireName('n999999.example'), EXACT)?.reason).toBe('top-list')
    expect(own.verdict(wireName('n1000000.example'), EXACT)).toBeNull()
  })
})

describe('an exception of a guard', () => {
  test('ends at its moment: the next one to end is known, those that have none are not waited for', () => {
    expect(nextEndOf([exception('a.example'), exception('b.example', 30), exception('c.example', 20)], 10)).toBe(20)
    expect(nextEndOf([exception('b.example', 30), exception('c.example', 20)], 20)).toBe(30)
    expect(nextEndOf([exception('a.example'), exception('c.example', 20)], 20)).toBeNull()
  })
})

describe('the change of a feed', () => {
  const limits = { shrink: 0.2, grow: 0.5, bad: 0.01 }
  const rows: readonly (readonly [before: number, now: number, problem: string | null])[] = [
    [1000, 0, 'held back: it shrank by 100 %, from 1000 entries to 0'],
    [1000, 400, 'held back: it shrank by 60 %, from 1000 entries to 400'],
    [1000, 799, 'held back: it shrank by 20 %, from 1000 entries to 799'],
    [1000, 800, null],
    [1000, 1500, null],
    [1000, 1600, 'held back: it grew by 60 %, from 1000 entries to 1600'],
    [1000, 100_000, 'held back: it grew by 9900 %, from 1000 entries to 100000'],
    [49, 0, null],
  ]
  test.each(rows)('from %i entries to %i: %s', (before, now, problem) => {
    const version = (sha256: string, entries: number) => ({ sha256, entries, serial: null })
    expect(changeProblem(version('a', before), version('b', now), limits)).toBe(problem)
    expect(changeProblem(version('a', before), version('b', now), null)).toBeNull()
    expect(changeProblem(version('a', before), version('a', now), limits)).toBeNull()
    expect(changeProblem(null, version('b', now), limits)).toBeNull()
  })

  const serials: readonly (readonly [before: number | null, now: number | null, problem: string | null])[] = [
    [41, 42, null],
    [42, 42, null],
    [42, 41, 'held back: its serial went back, from 42 to 41'],
    [null, 1, null],
    [1, null, null],
  ]
  test.each(serials)('from serial %s to %s: %s', (before, now, problem) => {
    const version = (sha256: string, serial: number | null) => ({ sha256, entries: 3, serial })
    expect(changeProblem(version('a', before), version('b', now), limits)).toBe(problem)
  })
})

describe('a feed that is compiled', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'qalqan-guards-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const put = (count: number, prefix = 'n') =>
    writeFileSync(join(folder, 'list.txt'), Array.from({ length: count }, (_, i) => `${prefix}${i}.example\n`).join(''))
  function compile(name = 'list') {
    const sink = new RecordingSink()
    const feed = feedSettings({ name, source: join(folder, 'list.txt'), limits: { shrink: 0.2, grow: 0.5, bad: 0.5 } })
    const decisions = readDecisions(join(folder, 'data'))
    const options = { dataFolder: join(folder, 'data'), now: NOW, neverBlock: guard, decisions, pause: () => {} }
    return { report: compileFeed(feed, options, { sink, undo: () => sink.undo() }), rules: sink.rules }
  }

  test('forty poisonous lines: none counts, each is counted, the rest of the list does', () => {
    const suffixes = ['com', 'net', 'org', 'kz', 'ru', 'co.uk', 'com.au', 'org.kz', 'gov.kz', 'github.io']
    const poison = [...suffixes, 'bank.example', 'search.example', 'provider.example', 'iana.org', 'egov.kz', 'nic.kz']
    const good = Array.from({ length: 150 }, (_, i) => `bad${i}.example`)
    const spelled = poison.flatMap(name => [`*.${name}`, name.toUpperCase()])
    writeFileSync(join(folder, 'list.txt'), `${[...spelled, ...good].join('\n')}\n`)
    const { report, rules } = compile()
    expect(rules).toEqual(good)
    const kept = Object.values(report.quarantined).reduce((sum, count) => sum + count, 0)
    // What is no domain name at all, such as a top-level domain alone, is a bad line before it is a dangerous one.
    expect(kept + report.bad).toBe(spelled.length)
    expect(report.blocked).toBe(150)
  })

  test('a positive list may name what everybody needs: it lets through, and blocks nothing', () => {
    writeFileSync(join(folder, 'list.txt'), 'bank.example\nsearch.example\n')
    expect(compile('kids').rules).toEqual(['bank.example', 'search.example'])
    expect(compile().rules).toEqual([])
  })

  test('that lost most of its entries is held back: the last good one counts, until a person approves of this very version', () => {
    put(200)
    expect(compile().report).toMatchObject({ failure: null, isHeld: false, blocked: 200 })
    put(20)
    const held = compile()
    expect(held.report).toMatchObject({ isHeld: true, cause: 'held', fromLastGood: true, blocked: 200 })
    expect(held.report.failure).toBe('held back: it shrank by 90 %, from 200 entries to 20')
    expect(held.rules).toHaveLength(200)

    const version = compileHeld()
    approve('0'.repeat(64))
    expect(compile().report.isHeld).toBe(true)
    approve(version)
    expect(compile().report).toMatchObject({ failure: null, isHeld: false, blocked: 20 })
  })

  test('grows and shrinks within its limits without anybody', () => {
    for (const count of [200, 290, 240, 200]) {
      put(count)
      expect(compile().report.failure).toBeNull()
    }
  })

  test('is remembered and decided about in files that only their owner may read', () => {
    put(100)
    compile()
    approve('0'.repeat(64))
    for (const name of readdirSync(join(folder, 'data/feeds')))
      expect(statSync(join(folder, 'data/feeds', name)).mode & 0o777).toBe(0o600)
    expect(statSync(decisionsPath(join(folder, 'data'))).mode & 0o777).toBe(0o600)
  })

  test('a decision that a power cut left unfinished is none, and costs the others nothing', () => {
    approve('a'.repeat(64))
    writeFileSync(decisionsPath(join(folder, 'data')), '{"at":"20', { flag: 'a' })
    expect(readDecisions(join(folder, 'data'))).toHaveLength(1)
  })

  test('tells which rules count by somebody’s word, and whose word has ended', () => {
    writeFileSync(join(folder, 'list.txt'), 'held.state.example\nspared.state.example\n*.spared.state.example\n')
    const { report, rules } = compile()
    expect(rules).toEqual(['spared.state.example', 'spared.state.example'])
    expect(report).toMatchObject({ blocked: 2, spared: { 'spared.state.example': 2 }, quarantined: { protected: 1 } })
    expect(report.warnings).toEqual([
      `the exception for held.state.example by A. Person ended on 2026-11-22T00:00:00Z: the guard holds again`,
    ])
  })

  function approve(sha256: string): void {
    const decision = { at: '2026-11-22T00:00:00Z', by: 'A. Person', feed: 'list', act: 'approve' as const, sha256 }
    appendDecision(join(folder, 'data'), decision)
  }

  function compileHeld(): string {
    const feed = feedSettings({ name: 'list', source: join(folder, 'list.txt') })
    return compileFeed(feed, { dataFolder: null, now: NOW }, { sink: new RecordingSink(), undo() {} }).sha256
  }

  test('without anything of the operator’s own the general names are protected all the same', () => {
    expect(new NeverBlock(NOTHING_OF_YOUR_OWN, NOW).verdict(wireName('co.uk'), SUBTREE)?.reason).toBe('public-suffix')
  })
})
