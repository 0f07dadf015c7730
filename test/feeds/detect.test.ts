import { describe, expect, test } from 'vitest'
import { type Detection, detectFormat, notAList } from '../../src/feeds/detect.ts'

const names = (n: number) => Array.from({ length: n }, (_, i) => `n${i}.example`)
const rows: [what: string, lines: string[], format: string][] = [
  ['bare names', names(3), 'domains'],
  ['wildcards', ['*.a.example', '.b.example'], 'domains'],
  ['names in other scripts', ['қалқан.example', 'пример.example'], 'domains'],
  ['names with comments behind them', ['a.example # x', 'b.example #y'], 'domains'],
  ['names and addresses', [...names(2), '192.0.2.1', '2001:db8::1'], 'domains'],
  ['nothing but comments', ['# a', '! b', '; c', '// d', ''], 'domains'],
  ['hosts lines', ['127.0.0.1 localhost', '0.0.0.0 a.example', '::1 ip6-localhost'], 'hosts'],
  ['Adblock rules', ['! x', '||a.example^', '@@||b.example^', 'c.example##.ad'], 'adblock'],
  ['an Adblock header before bare names', ['[Adblock Plus]', ...names(5)], 'adblock'],
  [
    'one Adblock rule in ten among hosts lines',
    ['||a.example^', ...names(9).map(name => `0.0.0.0 ${name}`)],
    'adblock',
  ],
  ['a stray Adblock rule among many names', ['||a.example^', ...names(50)], 'domains'],
  ['URLs', ['https://a.example/x', 'http://b.example'], 'urls'],
  ['paths without schemes', ['a.example/x', 'b.example/y'], 'urls'],
  ['one path in ten among names', ['a.example/x', ...names(9)], 'urls'],
  ['a stray path among many names', ['a.example/x', ...names(50)], 'domains'],
  ['dnsmasq', ['address=/a.example/#', 'server=/b.example/'], 'dnsmasq'],
  ['Unbound', ['server:', 'local-zone: "a.example" static'], 'unbound'],
  ['Unbound by data alone', ['local-data: "a.example A 0.0.0.0"'], 'unbound'],
  ['a zone', ['$TTL 60', '@ SOA localhost. root.localhost. 1 1 1 1 1', '  NS localhost.', 'a.example CNAME .'], 'rpz'],
  [
    'a zone with a SOA over lines',
    ['@ IN SOA localhost. root. (', '1', '2', '3', '4', '5 )', 'a.example CNAME .'],
    'rpz',
  ],
  ['records alone', ['a.example 60 IN CNAME .', '*.a.example 60 IN CNAME .'], 'rpz'],
  ['our own', ['{"qalqan":1,"feed":"x"}', '{"host":"a.example"}'], 'qalqan'],
  ['equally many of two formats: the first in the order', ['0.0.0.0 a.example', 'address=/b.example/#'], 'dnsmasq'],
]

describe('format: auto', () => {
  for (const [what, lines, format] of rows)
    for (const end of ['\n', '\r\n', '\r'])
      test(`${what}, lines ended by ${JSON.stringify(end)}: ${format}`, () =>
        expect(detectFormat(Buffer.from(lines.join(end) + end))).toEqual({ format }))

  test('prose is no list', () => {
    const found: Detection = detectFormat(Buffer.from('This is\nwhat you get: a text\nin many lines, no list.\n'))
    expect(found).toEqual({ problem: 'no format that is known: a line reads `This is`' })
  })

  test('entries behind a long licence are found', () => {
    const licence = Array.from({ length: 2000 }, () => '# All rights are yours.')
    expect(detectFormat(Buffer.from([...licence, '0.0.0.0 a.example'].join('\n')))).toEqual({ format: 'hosts' })
  })
})

const refused: [what: string, octets: Uint8Array, reason: RegExp | null][] = [
  ['an HTML page', Buffer.from('<!DOCTYPE html>\n<html><body>Sign in</body>'), /HTML/],
  ['an HTML page behind a mark and blanks', Buffer.from('\ufeff \n<html lang="kk">'), /HTML/],
  ['XML', Buffer.from('<?xml version="1.0"?>'), /HTML or XML/],
  ['other JSON', Buffer.from('{"domains":["a.example"]}'), /JSON/],
  ['a JSON array', Buffer.from('[\n"a.example"]'), /JSON/],
  ['gzip', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]), /compressed/],
  ['zip', Buffer.from('PK\x03\x04....'), /compressed/],
  ['octets at random', Buffer.from(Array.from({ length: 256 }, (_, i) => (i * 7) & 0xff)), /binary/],
  ['an Adblock header', Buffer.from('[Adblock Plus 2.0]\n||a.example^'), null],
  ['our own header', Buffer.from('{"feed":"x","qalqan":1}'), null],
  ['a name that begins as bzip2 does', Buffer.from('BZhello.example\n'), null],
  ['a few control characters', Buffer.from('a.example\n\x01\x02\nb.example'), null],
]

describe('what is no list in any format', () => {
  for (const [what, octets, reason] of refused)
    test(`${what}${reason === null ? ' may be one' : ''}`, () => {
      if (reason === null) expect(notAList(octets)).toBeNull()
      else expect(notAList(octets)).toMatch(reason)
    })
})
