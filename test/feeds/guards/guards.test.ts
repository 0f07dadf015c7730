/** What feeds may not do: block names that everybody needs, change out of all proportion. */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { compileFeed } from '../../../src/feeds/compile.ts'
import { appendDecision, decisionsPath, readDecisions } from '../../../src/feeds/decisions.ts'
import { BELOW, EXACT, type Extent, SUBTREE } from '../../../src/feeds/entry.ts'
import { changeProblem } from '../../../src/feeds/guards/change.ts'
import { NeverBlock, NOTHING_OF_YOUR_OWN } from '../../../src/feeds/guards/never-block.ts'
import { wireName } from '../../support/octets.ts'
import { feedSettings, NOW, RecordingSink } from '../recorder.ts'

const guard = new NeverBlock({
  protected: ['bank.example', 'www.provider.example'],
  topList: ['search.example'],
  exceptions: ['shared.bank.example', 'example.co.uk', 'blogspot.com'],
  positiveFeeds: ['kids'],
})

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
    ['a.root-servers.net', EXACT, null],
    ['gov.kz', SUBTREE, 'protected'],
    ['egov.kz', EXACT, 'protected'],
    ['bank.example', SUBTREE, 'protected'],
    ['bank.example', EXACT, 'protected'],
    ['bank.example', BELOW, null],
    ['www.bank.example', SUBTREE, null],
    ['shared.bank.example', SUBTREE, null],
    ['provider.example', SUBTREE, 'protected'],
    ['provider.example', BELOW, 'protected'],
    ['provider.example', EXACT, null],
    ['search.example', SUBTREE, 'top-list'],
    ['research.example', SUBTREE, null],
    ['www.search.example', EXACT, null],
    ['ordinary.com', SUBTREE, null],
    ['a.b.c.d.e.f.ordinary.com', SUBTREE, null],
  ]
  test.each(rows)('%s, extent %i: %s', (name, extent, reason) => {
    expect(guard.reason(name === '.' ? Uint8Array.of(0) : wireName(name), extent)).toBe(reason)
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
    expect(held.report).toMatchObject({ isHeld: true, fromLastGood: true, blocked: 200 })
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

  function approve(sha256: string): void {
    const decision = { at: '2026-11-22T00:00:00Z', by: 'A. Person', feed: 'list', act: 'approve' as const, sha256 }
    appendDecision(join(folder, 'data'), decision)
  }

  function compileHeld(): string {
    const feed = feedSettings({ name: 'list', source: join(folder, 'list.txt') })
    return compileFeed(feed, { dataFolder: null, now: NOW }, { sink: new RecordingSink(), undo() {} }).sha256
  }

  test('without anything of the operator’s own the general names are protected all the same', () => {
    expect(new NeverBlock(NOTHING_OF_YOUR_OWN).reason(wireName('co.uk'), SUBTREE)).toBe('public-suffix')
  })
})
