import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readOctets, readText } from './recorder.ts'

const good = (n: number) => Array.from({ length: n }, (_, i) => `n${i}.example`)
const bad = (n: number) => Array.from({ length: n }, () => 'bad..example')

const rows: [what: string, lines: string[], failure: string | null][] = [
  ['a few good lines', good(3), null],
  ['only comments', ['# a', '', '# b'], null],
  ['only what is skipped', ['192.0.2.1'], null],
  ['one bad line and no entry', bad(1), 'no valid entry (line 1: an empty label)'],
  ['bad and skipped lines and no entry', ['# x', '192.0.2.1', ...bad(1)], 'no valid entry (line 3: an empty label)'],
  ['a quarter bad', [...good(15), ...bad(5)], null],
  ['more than a quarter bad', [...good(15), ...bad(6)], '6 of 21 entries are bad (line 16: an empty label)'],
  ['mostly bad, but few lines', [...good(1), ...bad(18)], null],
]

describe('a file is judged by its lines', () => {
  for (const [what, lines, failure] of rows)
    test(`${what}: ${failure ?? 'accepted'}`, () =>
      expect(readText('domains', lines.join('\n')).report.failure).toBe(failure))

  test('an empty file is refused', () => expect(readText('domains', '').report.failure).toBe('an empty file'))

  test('a page of a captive portal is refused in whatever format', () => {
    for (const format of ['auto', 'domains', 'qalqan', 'rpz'] as const)
      expect(readText(format, '<!doctype html>\n<html></html>').report).toMatchObject({
        failure: 'an HTML or XML page, not a list',
        format: null,
      })
  })
})

test('a report has everything an operator asks for', () => {
  const text = 'a.example\n192.0.2.1\n192.0.2.2\nb..example\n# c\nd.example'
  expect(readText('auto', text).report).toEqual({
    name: 'test',
    source: 'memory',
    format: 'domains',
    octets: text.length,
    sha256: createHash('sha256').update(text).digest('hex'),
    lines: 6,
    blocked: 2,
    allowed: 0,
    pages: 0,
    expired: 0,
    skipped: 2,
    skippedBy: new Map([['an address, not a name', 2]]),
    bad: 1,
    badLines: [{ line: 4, why: 'an empty label', text: 'b..example' }],
    nextExpiry: null,
    durationMs: 0,
    failure: null,
    cause: null,
    quarantined: { root: 0, 'public-suffix': 0, 'shared-host': 0, protected: 0, 'top-list': 0 },
    spared: {},
    isHeld: false,
    serial: null,
    signedBy: null,
    pinned: null,
    fromLastGood: false,
    warnings: [],
  })
})

test('only the first twenty bad lines are kept, and all are counted', () => {
  const { report } = readText('domains', [...good(200), ...bad(50)].join('\n'))
  expect(report.bad).toBe(50)
  expect(report.badLines.map(({ line }) => line)).toEqual(Array.from({ length: 20 }, (_, i) => 201 + i))
})

test('a line over 4096 octets is bad and costs only itself', () => {
  const text = `a.example\n${'x'.repeat(5000)}\nb.example\n# ${'x'.repeat(5_000_000)}\nc.example`
  const { rules, bads } = readText('domains', text)
  expect(rules).toEqual(['a.example', 'b.example', 'c.example'])
  expect(bads).toEqual(['2: a line over 4096 octets', '4: a line over 4096 octets'])
})

test('where the source`s chunks end makes no difference', () => {
  const text = Buffer.from(['a.example', 'қалқан.example # себебі', 'b..example', '*.c.example'].join('\r\n'))
  const whole = readOctets(text, { format: 'domains' })
  for (let chunk = 1; chunk < 40; chunk++) {
    const { rules, lines, bads } = readOctets(text, { format: 'domains' }, chunk)
    expect({ rules, lines, bads }).toEqual({ rules: whole.rules, lines: whole.lines, bads: whole.bads })
  }
})
