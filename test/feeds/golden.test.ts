/** One list in every format: all that name whole sites agree on what they cover, under `format: auto`. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Recorded, readOctets } from './recorder.ts'

const golden = (file: string, settings = {}) =>
  readOctets(readFileSync(new URL(`golden/${file}`, import.meta.url)), settings)

/** The names asked, and whether the list covers them. */
const asked: readonly (readonly [name: string, covered: boolean])[] = [
  ['bad.example', true],
  ['www.bad.example', true],
  ['worse.example', true],
  ['a.b.worse.example', true],
  ['ads.tracker.test', true],
  ['x.ads.tracker.test', true],
  ['tracker.test', false],
  ['www.tracker.test', false],
  ['notbad.example', false],
  ['router.example', false],
  ['cdn.example', false],
  ['former.example', false],
  ['pages.example', false],
  ['localhost', false],
]

function covers({ rules }: Recorded, name: string): boolean {
  return rules.some(rule => {
    const bare = rule.replace(/ .*$/, '')
    if (bare.startsWith('=')) return bare.slice(1) === name
    if (bare.startsWith('*.')) return name.endsWith(bare.slice(1))
    return !/^(?:@@|page|expired)/.test(bare) && (bare === name || name.endsWith(`.${bare}`))
  })
}

const files: readonly (readonly [file: string, format: string, settings?: object])[] = [
  ['list.domains.txt', 'domains'],
  ['list.wildcards.txt', 'domains'],
  ['list.hosts.txt', 'hosts', { subdomains: true }],
  ['list.adblock.txt', 'adblock'],
  ['list.dnsmasq.conf', 'dnsmasq'],
  ['list.unbound.conf', 'unbound'],
  ['list.rpz.zone', 'rpz'],
  ['list.qalqan.ndjson', 'qalqan'],
]

describe('one list in every format', () => {
  for (const [file, format, settings] of files)
    test(`${file} is seen to be ${format}, and covers what the others do`, () => {
      const recorded = golden(file, settings)
      expect(recorded.report).toMatchObject({ format, failure: null, bad: 0 })
      for (const [name, covered] of asked) expect([name, covers(recorded, name)]).toEqual([name, covered])
    })

  test('as a hosts file means it, each name is covered alone', () => {
    const recorded = golden('list.hosts.txt')
    expect(recorded.rules).toEqual(['=bad.example', '=worse.example', '=ads.tracker.test'])
    expect(recorded.report.skippedBy).toEqual(new Map([['maps to a real address', 1]]))
  })

  test('as URLs it covers pages and blocks nothing, unless its scope is the site', () => {
    expect(golden('list.urls.txt').report).toMatchObject({ format: 'urls', pages: 3, blocked: 0, failure: null })
    expect(golden('list.urls.txt', { scope: 'site' }).rules).toEqual([
      '=bad.example',
      '=worse.example',
      '=ads.tracker.test',
    ])
  })

  test('what cannot be a rule is counted by reason', () => {
    expect(golden('list.adblock.txt').report.skippedBy).toEqual(
      new Map([
        ['hides a part of a page', 1],
        ['holds only for some requests', 1],
      ]),
    )
    expect(golden('list.rpz.zone').report.skippedBy).toEqual(new Map([['a trigger about the servers of a name', 1]]))
    expect(golden('list.qalqan.ndjson').report).toMatchObject({
      expired: 1,
      pages: 1,
      nextExpiry: Date.UTC(2099, 0, 1) / 1000,
    })
  })
})
