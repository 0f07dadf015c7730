/** Rules to block and exceptions in proofs: what overruled what on a day, and where the history is not enough to tell. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { NOTHING_OF_YOUR_OWN } from '../../src/feeds/guards/never-block.ts'
import { archivedPath } from '../../src/feeds/history/archive.ts'
import { appendHistory, historyPath, readHistory } from '../../src/feeds/history/chain.ts'
import { type Proof, proveListing } from '../../src/feeds/history/proof.ts'
import type { Standing } from '../../src/feeds/history/standing.ts'
import { wideOctets } from '../../src/feeds/network.ts'
import { appendUrgent } from '../../src/feeds/urgent.ts'
import { proofText } from '../../src/proof-command.ts'
import type { FeedSettings } from '../../src/settings/settings.ts'
import { weigherFor } from '../../src/weigh-rules.ts'
import { compileAndRecord } from '../support/compile-and-record.ts'
import { wireName } from '../support/octets.ts'
import { feedSettings } from './recorder.ts'

let folder = ''
let data = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qalqan-excepted-'))
  data = join(folder, 'data')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

type Feed = Partial<FeedSettings> & { readonly text: string }
const DAY = '2026-01-02'

/** Puts lists in force at a time, as the server does: in the format of Adblock and one class and category, unless they say otherwise. */
async function inForce(feeds: Readonly<Record<string, Feed>>, time = '2026-01-01T00:00:00Z'): Promise<void> {
  const settings = Object.entries(feeds).map(([name, { text, ...own }]) => {
    const source = join(folder, name)
    writeFileSync(source, text)
    return feedSettings({ name, source, limits: null, format: 'adblock', class: 'hotline', category: 'c', ...own })
  })
  const orders = {
    feeds: settings,
    dataFolder: data,
    now: Date.parse(time) / 1000,
    seed: 1,
    categories: [...new Set(settings.map(own => own.category))],
    generation: 1,
    neverBlock: NOTHING_OF_YOUR_OWN,
    keeping: { keepMs: 1e12, octetsMax: 2 ** 30 },
  }
  expect(compileAndRecord(orders)).toEqual([])
}

function prove(shown: string, on = DAY, of: 'answer' | 'client' | null = null): Proof {
  const subject = of === null ? { name: wireName(shown) } : { [of]: wideOctets(shown) }
  return proveListing(data, { subject, shown, on, weigh: weigherFor(shown) })
}

const BLOCK: Feed = { text: '||bad.example^\n' }
const EXACT: Feed = { text: '0.0.0.0 bad.example\n', format: 'hosts' }
const ALLOW: Feed = { text: '@@||bad.example^\n' }

describe('an exception', () => {
  const rows: readonly (readonly [what: string, feeds: Record<string, Feed>, name: string, standing: Standing])[] = [
    ['of the same list', { a: { text: BLOCK.text + ALLOW.text } }, 'bad.example', 'excepted'],
    ['of another list', { a: BLOCK, b: ALLOW }, 'www.bad.example', 'excepted'],
    ['for a name below', { a: BLOCK, b: { text: '@@||good.bad.example^\n' } }, 'good.bad.example', 'excepted'],
    [
      'for a name below, of its sibling',
      { a: BLOCK, b: { text: '@@||good.bad.example^\n' } },
      'bad.example',
      'in force',
    ],
    ['for a name above', { a: { text: '||www.bad.example^\n' }, b: ALLOW }, 'www.bad.example', 'in force'],
    ['for all below, against the name alone', { a: EXACT, b: ALLOW }, 'bad.example', 'in force'],
    ['of one of two rules', { a: BLOCK, b: EXACT, c: ALLOW }, 'bad.example', 'in force'],
    ['that is only monitored', { a: BLOCK, b: { ...ALLOW, mode: 'monitor' } }, 'bad.example', 'in force'],
    ['against what is only monitored', { a: { ...BLOCK, mode: 'monitor' }, b: ALLOW }, 'bad.example', 'monitored'],
    ['of another class', { a: BLOCK, b: { ...ALLOW, class: 'legal' } }, 'bad.example', 'in force'],
    [
      'of the household, against the hotline',
      { a: BLOCK, b: { ...ALLOW, class: 'household' } },
      'bad.example',
      'in force',
    ],
    [
      'of the hotline, against the household',
      { a: { ...BLOCK, class: 'household' }, b: ALLOW },
      'bad.example',
      'excepted',
    ],
    ['of another category', { a: BLOCK, b: { ...ALLOW, category: 'd' } }, 'bad.example', 'configuration not recorded'],
    [
      'of another category, for a name above',
      { a: { text: '||www.bad.example^\n' }, b: { ...ALLOW, category: 'd' } },
      'www.bad.example',
      'in force',
    ],
  ]
  test.each(rows)('%s', async (_, feeds, name, standing) => {
    await inForce(feeds)
    expect(prove(name)).toMatchObject({ isListed: true, standing })
  })

  test('is named where it overruled, and where it may have', async () => {
    await inForce({ a: { text: BLOCK.text + ALLOW.text } })
    const sure = proofText(prove('bad.example'))
    expect(sure).toMatch(/^bad\.example on 2026-01-02: was listed, but an exception overruled it: it was not blocked$/m)
    expect(sure).toMatch(/^ {4}blocks bad\.example \(it and all below\), line 1, overruled by an exception$/m)
    expect(sure).toMatch(/^ {4}allows bad\.example \(it and all below\), line 2$/m)
    expect(prove('bad.example').versions[0]!.entries).toMatchObject([{ standing: 'excepted' }, { standing: null }])
    await inForce({ a: BLOCK, b: { ...ALLOW, category: 'd' } }, '2026-01-03T00:00:00Z')
    const unsure = proofText(prove('bad.example', '2026-01-04'))
    expect(unsure).toMatch(
      /there were exceptions: whether they overruled it depends on the configuration of then, which/,
    )
    expect(unsure).toMatch(/line 1, perhaps overruled by an exception$/m)
  })

  const hotline = (...entries: readonly object[]): Feed => ({
    text: [{ qalqan: 1, feed: 'x', serial: 1, issued: '2026-01-01' }, ...entries]
      .map(entry => `${JSON.stringify(entry)}\n`)
      .join(''),
    format: 'qalqan',
  })

  test('of a category that no feed has is of one category with its like, and perhaps with no other', async () => {
    const own = (category: string) => ({ host: 'bad.example', scope: 'domain', category })
    await inForce({ a: hotline({ ...own('x'), case: 'K-1' }, { ...own('x'), action: 'allow' }) })
    expect(prove('bad.example').standing).toBe('excepted')
    await inForce(
      { a: hotline({ ...own('x'), case: 'K-1' }, { ...own('y'), action: 'allow' }) },
      '2026-01-03T00:00:00Z',
    )
    expect(prove('bad.example', '2026-01-04').standing).toBe('configuration not recorded')
    const feeds = { a: hotline({ ...own('d'), case: 'K-1' }), b: { ...ALLOW, category: 'd' } }
    await inForce(feeds, '2026-01-05T00:00:00Z')
    expect(prove('bad.example', '2026-01-06').standing).toBe('excepted')
  })
})

describe('on a day on which something changes, a rule is in force if it was at any time', () => {
  const standings = (name: string, ...days: readonly string[]) => days.map(day => prove(name, day).standing)

  test('where the exception comes or goes', async () => {
    await inForce({ a: BLOCK })
    await inForce({ a: BLOCK, b: ALLOW }, '2026-01-02T12:00:00Z')
    await inForce({ a: BLOCK }, '2026-01-04T12:00:00Z')
    const days = ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04', '2026-01-05']
    expect(standings('bad.example', ...days)).toEqual(['in force', 'in force', 'excepted', 'in force', 'in force'])
  })

  test('where the exception, or the rule, expires', async () => {
    const head = '{"qalqan":1,"feed":"x","serial":1,"issued":"2026-01-01"}\n'
    const entries = [
      { host: 'a.example', scope: 'domain', case: 'K-1' },
      { host: 'a.example', scope: 'domain', action: 'allow', expires: '2026-01-03T12:00:00Z' },
      { host: 'b.example', scope: 'domain', case: 'K-2', expires: '2026-01-03T12:00:00Z' },
    ]
    const text = head + entries.map(entry => `${JSON.stringify(entry)}\n`).join('')
    await inForce({ a: { text, format: 'qalqan' } })
    const days = ['2026-01-02', '2026-01-03', '2026-01-04']
    expect(standings('a.example', ...days)).toEqual(['excepted', 'in force', 'in force'])
    expect(standings('b.example', ...days)).toEqual(['in force', 'in force', 'not listed'])
  })

  test('where it is lifted for a part of the day and excepted for the rest, it never was', async () => {
    await inForce({ a: BLOCK })
    appendUrgent(data, { at: '2026-01-01T12:00:00Z', action: 'withdraw', name: 'bad.example' })
    await inForce({ a: BLOCK, b: ALLOW }, '2026-01-02T10:00:00Z')
    appendUrgent(data, { at: '2026-01-02T11:00:00Z', action: 'unblock', name: 'bad.example' })
    expect(standings('bad.example', '2026-01-01', '2026-01-02', '2026-01-03')).toEqual([
      'in force',
      'excepted',
      'excepted',
    ])
  })
})

test('an urgent block is stronger than an exception for its name, and weaker than one for a name below', async () => {
  await inForce({ a: { text: '@@||bad.example^\n@@||good.bad.example^\n' } })
  const block = { action: 'block', class: 'hotline', category: 'c', case: 'K-1' } as const
  appendUrgent(data, { at: '2026-01-02T10:00:00Z', name: 'bad.example', ...block })
  appendUrgent(data, { at: '2026-01-03T10:00:00Z', name: 'bad.example', ...block, exact: true })
  appendUrgent(data, { at: '2026-01-05T10:00:00Z', action: 'unblock', name: 'bad.example' })
  const told = (name: string) =>
    ['01', '02', '03', '04', '05', '06'].map(day => {
      const { isListed, standing } = prove(name, `2026-01-${day}`)
      return isListed ? standing : `- ${standing}`
    })
  expect(told('bad.example')).toEqual(['- not listed', ...Array(4).fill('in force'), '- not listed'])
  // The block for the name alone has taken the place of that for all below.
  const ended = Array(3).fill('- not listed')
  expect(told('www.bad.example')).toEqual(['- not listed', 'in force', 'in force', ...ended])
  expect(told('good.bad.example')).toEqual(['- not listed', 'excepted', 'excepted', ...ended])
})

describe('a version that is not kept any more', () => {
  const lose = (feed: string) =>
    rmSync(archivedPath(data, feed, readHistory(data).lines.find(line => line.feed === feed)!.sha256))

  test('may have had an exception, where it had any at all', async () => {
    await inForce({ a: BLOCK, b: { text: '@@||other.example^\n' }, c: { text: '||other.example^\n' } })
    expect(prove('bad.example').standing).toBe('in force')
    lose('c')
    expect(prove('bad.example').standing).toBe('in force')
    lose('b')
    expect(prove('bad.example')).toMatchObject({ isListed: true, standing: 'unknown' })
  })

  test('changes nothing for a rule that another exception overruled, but may itself have had a rule', async () => {
    await inForce({ a: BLOCK, b: ALLOW, c: { text: '@@||other.example^\n' } })
    lose('c')
    const proof = prove('bad.example')
    expect(proof.versions[0]!.entries).toMatchObject([{ standing: 'excepted' }])
    expect(proof.standing).toBe('unknown')
  })

  test('is no riddle where its feed was only monitored', async () => {
    await inForce({ a: BLOCK, b: { ...ALLOW, mode: 'monitor' } })
    lose('b')
    expect(prove('bad.example').standing).toBe('in force')
  })
})

test('what guards did is not asked where an exception overruled the rule in any case', async () => {
  await inForce({ a: { text: BLOCK.text + ALLOW.text } })
  const { v: _v, seq: _seq, before: _before, guards: _guards, ...old } = readHistory(data).lines[0]!
  rmSync(historyPath(data))
  appendHistory(data, [old])
  expect(prove('bad.example').standing).toBe('excepted')
})

describe('rules about addresses', () => {
  const zone = (...rules: readonly string[]): Feed => ({
    text: `@ SOA ns. root. 1 3600 600 86400 60\n${rules.map(rule => `${rule}\n`).join('')}`,
    format: 'rpz',
  })
  const NETWORK = '24.0.2.0.192.rpz-ip CNAME .'
  const HOST_EXCEPTED = '32.1.2.0.192.rpz-ip CNAME rpz-passthru.'
  const NETWORK_EXCEPTED = '24.0.2.0.192.rpz-ip CNAME rpz-passthru.'
  const rows: readonly (readonly [what: string, feeds: Record<string, Feed>, Standing])[] = [
    ['a longer prefix overrules', { a: zone(NETWORK, HOST_EXCEPTED) }, 'excepted'],
    ['a shorter one does not', { a: zone('32.1.2.0.192.rpz-ip CNAME .'), b: zone(NETWORK_EXCEPTED) }, 'in force'],
    ['of two feeds the first speaks', { a: zone(NETWORK), b: zone(NETWORK_EXCEPTED) }, 'configuration not recorded'],
    ['another class does not', { a: zone(NETWORK), b: { ...zone(HOST_EXCEPTED), class: 'legal' } }, 'in force'],
    [
      'another category may',
      { a: zone(NETWORK), b: { ...zone(HOST_EXCEPTED), category: 'd' } },
      'configuration not recorded',
    ],
  ]
  test.each(rows)('%s', async (_, feeds, standing) => {
    await inForce(feeds)
    expect(prove('192.0.2.1', DAY, 'answer')).toMatchObject({ isListed: true, standing })
    const ofClients = Object.entries(feeds).map(([name, own]): [string, Feed] => [
      name,
      { ...own, text: own.text.replaceAll('rpz-ip', 'rpz-client-ip') },
    ])
    await inForce(Object.fromEntries(ofClients), '2026-01-03T00:00:00Z')
    expect(prove('192.0.2.1', '2026-01-04', 'client')).toMatchObject({ isListed: true, standing })
    expect(prove('192.0.2.1', '2026-01-04', 'answer')).toMatchObject({ isListed: false, standing: 'not listed' })
  })

  test('an exception for whoever asks says nothing of answers', async () => {
    await inForce({ a: zone(NETWORK, '32.1.2.0.192.rpz-client-ip CNAME rpz-passthru.') })
    const shown = '192.0.2.1'
    const octets = wideOctets(shown)
    const subject = { answer: octets, client: octets }
    expect(proveListing(data, { subject, shown, on: DAY, weigh: weigherFor(shown) }).standing).toBe('in force')
  })
})
