/**
 * Real lists, where there are any: QALQAN_FEEDS_DIR names a folder with `formats/` (one list in six formats) and `ut1/` (lists of names and of
 * URLs). They are not part of this repository.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Recorded, readOctets } from './recorder.ts'

const folder = process.env.QALQAN_FEEDS_DIR ?? ''
const skip = folder === ''
const because = skip ? ' (skipped: QALQAN_FEEDS_DIR names no folder with real lists)' : ''

const read = (path: string, settings = {}) => readOctets(readFileSync(join(folder, path)), settings)

const formats: readonly (readonly [file: string, format: string, rules: number, whole: boolean])[] = [
  ['domains.txt', 'domains', 12_305, true],
  ['hosts.txt', 'hosts', 12_305, true],
  ['adblock.txt', 'adblock', 9671, false],
  ['dnsmasq.conf', 'dnsmasq', 9671, false],
  ['unbound.conf', 'unbound', 9671, false],
  ['wildcard.txt', 'domains', 9671, false],
]

const namesOf = ({ rules }: Recorded) => rules.map(rule => rule.replace(/^=| .*$/g, ''))

/** Names that no other name of the list covers. */
function topmost(names: readonly string[]): string[] {
  const all = new Set(names)
  const above = (name: string) => name.split('.').map((_, i, labels) => labels.slice(i + 1).join('.'))
  return [...all].filter(name => !above(name).some(parent => all.has(parent))).sort()
}

describe.skipIf(skip)(`one real list in six formats${because}`, () => {
  for (const [file, format, rules] of formats)
    test(`${file} is seen to be ${format} and has ${rules} rules, none skipped, none bad`, () =>
      expect(read(`formats/${file}`).report).toMatchObject({
        format,
        blocked: rules,
        skipped: 0,
        bad: 0,
        failure: null,
      }))

  test('the four without redundant names are the same', () => {
    const reduced = formats.filter(([, , , whole]) => !whole).map(([file]) => namesOf(read(`formats/${file}`)).sort())
    for (const names of reduced) expect(names).toEqual(reduced[0])
    expect(topmost(reduced[0]!)).toEqual(reduced[0])
  })

  test('they cover what the whole lists do, but for 18 names with `www.` that their publisher left out', () => {
    const whole = topmost(namesOf(read('formats/domains.txt')))
    const reduced = new Set(namesOf(read('formats/adblock.txt')))
    const missing = whole.filter(name => !reduced.has(name))
    expect(missing).toHaveLength(18)
    expect(missing.filter(name => !name.startsWith('www.'))).toEqual([])
    expect(whole.length - missing.length).toBe(reduced.size)
  })

  test('the lists that hold every name hold the same ones', () => {
    const whole = formats.filter(([, , , whole]) => whole).map(([file]) => namesOf(read(`formats/${file}`)).sort())
    expect(whole[0]).toEqual(whole[1])
  })
})

describe.skipIf(skip)(`real lists by category${because}`, () => {
  const files = skip ? [] : readdirSync(join(folder, 'ut1'))
  for (const file of files)
    test(`${file}: every line is a rule or an address, and URLs block nothing`, () => {
      const { report } = read(`ut1/${file}`)
      const isUrls = file.endsWith('.urls.txt')
      expect(report).toMatchObject({ format: isUrls ? 'urls' : 'domains', bad: 0, failure: null })
      expect(isUrls ? report.blocked : report.pages).toBe(0)
      expect(report.blocked + report.pages + report.skipped).toBe(report.lines)
    })
})
