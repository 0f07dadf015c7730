import { describe, expect, test } from 'vitest'
import { readLine, readText } from './recorder.ts'

const rows: [line: string, outcome: string[]][] = [
  ['local-zone: "bad.example." always_null', ['bad.example']],
  ['local-zone: "bad.example" always_nxdomain', ['bad.example nxdomain']],
  ["local-zone: 'bad.example' static", ['bad.example nxdomain']],
  ['local-zone: bad.example static', ['bad.example nxdomain']],
  ['  local-zone:"BAD.example."\tstatic # for a reason', ['bad.example nxdomain']],
  ['local-zone: "bad.example" "static"', ['bad.example nxdomain']],
  ['local-zone: "bad.example" always_nodata', ['bad.example nodata']],
  ['local-zone: "bad.example" refuse', ['bad.example refused']],
  ['local-zone: "bad.example" always_refuse', ['bad.example refused']],
  ['local-zone: "bad.example" deny', ['bad.example drop']],
  ['local-zone: "bad.example" always_deny', ['bad.example drop']],
  ['local-zone: "bad.example" inform_deny', ['bad.example drop']],
  ['local-zone: "bad.example" redirect', ['bad.example nodata']],
  ['local-zone: "good.example" transparent', ['@@good.example']],
  ['local-zone: "good.example" always_transparent', ['@@good.example']],
  ['local-zone: "bad.example" inform', ['skip: a zone type that blocks nothing']],
  ['local-data: "bad.example. A 192.0.2.1"', ['=bad.example c0000201']],
  ["local-data: 'bad.example 3600 IN AAAA 2001:db8::1'", ['=bad.example 20010db8000000000000000000000001']],
  ['local-data: "bad.example A 0.0.0.0"', ['=bad.example']],
  ['local-data: "bad.example TXT text"', ['skip: a record of another type than A and AAAA']],
  ['local-data-ptr: "192.0.2.1 bad.example"', ['skip: another option of Unbound']],
  ['interface: 127.0.0.1', ['skip: another option of Unbound']],
  ['server:', []],
  ['# local-zone: "bad.example" static', []],
  ['local-zone: "bad.example" statik', ['bad: no type of zone that Unbound has']],
  ['local-zone: "bad.example"', ['bad: no type of zone that Unbound has']],
  ['local-zone: "bad.example', ['bad: no type of zone that Unbound has']],
  ['local-zone: "com." static', ['bad: a top-level domain']],
  ['local-zone: "." static', ['bad: the root of all names']],
  ['local-zone: "bad..example" redirect', ['bad: an empty label']],
  ['local-zone: "192.0.2.1" static', ['skip: an address, not a name']],
  ['local-data: "bad.example A 2001:db8::1"', ['bad: not an address of the type']],
  ['local-data: "bad.example"', ['bad: not a record']],
  ['local-data: bad.example A 192.0.2.1', ['bad: not a record in quotes']],
  ['bad.example', ['bad: not an option of Unbound']],
]

describe('a line of Unbound configuration', () => {
  for (const [line, outcome] of rows)
    test(`${line} gives ${outcome.join(' and ') || 'nothing'}`, () =>
      expect(readLine('unbound', line)).toEqual(outcome))
})

const zone = 'local-zone: "bad.example." redirect'
const other = 'local-zone: "other.example." redirect'
const a1 = 'local-data: "bad.example. A 192.0.2.1"'
const a2 = 'local-data: "bad.example. A 192.0.2.2"'
const b1 = 'local-data: "other.example. A 192.0.2.9"'

const files: [what: string, lines: string[], rules: string[]][] = [
  ['data behind its zone is its answer', [zone, a1], ['bad.example c0000201']],
  ['several addresses are one answer', [zone, a1, a2], ['bad.example c0000201,c0000202']],
  ['data before its zone', [a1, zone], ['bad.example c0000201']],
  ['each zone with its own data', [zone, a1, other, b1], ['bad.example c0000201', 'other.example c0000209']],
  ['all zones, then all data', [zone, other, a1, b1], ['bad.example c0000201', 'other.example c0000209']],
  ['a zone whose data never comes has none', [zone, other, b1], ['other.example c0000209', 'bad.example nodata']],
  [
    'data of a name below the zone is for that name',
    [zone, 'local-data: "a.bad.example. A 192.0.2.1"'],
    ['bad.example nodata', '=a.bad.example c0000201'],
  ],
  [
    'data that leads nowhere is answered as configured',
    [zone, 'local-data: "bad.example A 127.0.0.1"'],
    ['bad.example'],
  ],
]

describe('redirect zones', () => {
  for (const [what, lines, rules] of files)
    test(`${what}`, () => expect([...readText('unbound', lines.join('\n')).rules].sort()).toEqual([...rules].sort()))

  test('the rule has the line where it began', () => {
    expect(readText('unbound', ['server:', zone, '', a1, other].join('\n')).lines).toEqual([2, 5])
  })

  test('a name with endless addresses takes no endless memory', () => {
    const many = Array.from({ length: 1000 }, (_, n) => `local-data: "bad.example A 192.0.2.${n % 250}"`)
    const { rules } = readText('unbound', [zone, ...many].join('\n'))
    expect(rules).toHaveLength(1)
    expect(rules[0]!.split(',')).toHaveLength(32)
  })
})
