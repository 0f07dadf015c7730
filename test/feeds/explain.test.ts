import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { explainSubject } from '../../src/feeds/explain.ts'
import type { FeedSettings } from '../../src/settings/settings.ts'
import { nameFromText } from '../../src/wire/name.ts'
import { wireName } from '../support/octets.ts'
import { feedSettings, NOW } from './recorder.ts'

let folder = ''
let feeds: FeedSettings[] = []

const texts: Readonly<Record<string, string>> = {
  domains: '# x\nbad.example\nother.example\na.bad.example\n*.worse.example\n',
  hosts: '0.0.0.0 x.example bad.example\n',
  adblock: '||example.test^\n@@||good.bad.example^\n',
  zone: 'a.example CNAME .\n*.bad.example CNAME *.\n',
  urls: 'https://bad.example/page\nhttps://notbad.example/\n',
  hotline:
    '{"qalqan":1,"feed":"x","serial":1,"issued":"2026-01-01"}\n' +
    '{"host":"bad.example","case":"2026/1","category":"worse","expires":"2026-11-01"}\n' +
    '{"host":"bad.example","scope":"host","case":"2026/2"}\n',
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qalqan-explain-'))
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text)
  feeds = [...Object.keys(texts), 'missing'].map(name => feedSettings({ name, source: join(folder, name) }))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function explain(name: string): string[] {
  const wire = new Uint8Array(256)
  const { entries } = explainSubject({ name: wire.slice(0, nameFromText(name, wire)) }, feeds, {
    dataFolder: folder,
    now: NOW,
  })
  return entries.map(
    ({ feed, line, status, name, extent }) => `${feed}:${line} ${status} ${['=', '', '*.'][extent]}${name}`,
  )
}

const rows: [name: string, entries: string[]][] = [
  [
    'bad.example',
    [
      'domains:2 blocks bad.example',
      'hosts:1 blocks =bad.example',
      'urls:1 page scope =bad.example',
      'hotline:2 expired bad.example',
      'hotline:3 blocks =bad.example',
    ],
  ],
  [
    'a.bad.example',
    [
      'domains:2 blocks bad.example',
      'domains:4 blocks a.bad.example',
      'zone:2 blocks *.bad.example',
      'hotline:2 expired bad.example',
    ],
  ],
  [
    'www.good.bad.example',
    [
      'domains:2 blocks bad.example',
      'adblock:2 allows good.bad.example',
      'zone:2 blocks *.bad.example',
      'hotline:2 expired bad.example',
    ],
  ],
  ['worse.example', ['domains:5 blocks worse.example']],
  ['notbad.example', ['urls:2 page scope =notbad.example']],
  ['example', []],
  ['nothing.test', []],
]

describe('what feeds say about a name', () => {
  for (const [name, entries] of rows)
    test(`${name}: ${entries.length} entries`, () => expect(explain(name)).toEqual(entries))

  test('an entry comes with what it says, a page with its URL, and a feed that failed with its reason', () => {
    const wire = new Uint8Array(256)
    const { entries, reports } = explainSubject({ name: wire.slice(0, nameFromText('bad.example', wire)) }, feeds, {
      dataFolder: null,
      now: NOW,
    })
    const of = (feed: string) => entries.filter(entry => entry.feed === feed)
    expect(of('hotline')[0]).toMatchObject({ category: 'worse', ruleClass: 'legal', detail: { caseNumber: '2026/1' } })
    expect(of('hotline')[1]).toMatchObject({ category: 'illegal', detail: { caseNumber: '2026/2' } })
    expect(of('urls')[0]).toMatchObject({ detail: { url: 'https://bad.example/page' } })
    expect(reports.at(-1)).toMatchObject({ name: 'missing', failure: expect.stringMatching(/no such file/) })
  })

  test('an exception stays one, whether it counts, is only monitored or has expired', () => {
    const path = join(folder, 'mixed')
    writeFileSync(
      path,
      '{"qalqan":1,"feed":"x","serial":1,"issued":"2026-01-01"}\n' +
        '{"host":"good.example","action":"allow","scope":"domain"}\n' +
        '{"host":"good.example","action":"allow","expires":"2026-11-01"}\n' +
        '{"host":"www.good.example","scope":"host"}\n' +
        '{"host":"www.good.example","scope":"host","expires":"2026-11-01"}\n',
    )
    const statuses = (mode: FeedSettings['mode']) =>
      explainSubject(
        { name: wireName('www.good.example') },
        [feedSettings({ name: 'x', source: path, format: 'qalqan', mode })],
        { dataFolder: null, now: NOW },
      ).entries.map(({ line, status, isAllow }) => [line, status, isAllow])
    const expired = [
      [3, 'expired', true],
      [5, 'expired', false],
    ]
    const told = (allow: string, block: string) => [[2, allow, true], expired[0], [4, block, false], expired[1]]
    expect(statuses('enforce')).toEqual(told('allows', 'blocks'))
    expect(statuses('monitor')).toEqual(told('monitored', 'monitored'))
    rmSync(path)
  })

  test('nothing is written', () => {
    explain('bad.example')
    expect(readdirSync(folder).sort()).toEqual(Object.keys(texts).sort())
  })
})
