import { describe, expect, test } from 'vitest'
import { readLine, readText } from './recorder.ts'

const rows: [line: string, outcome: string[]][] = [
  ['bad.example CNAME .', ['=bad.example nxdomain']],
  ['*.bad.example CNAME .', ['*.bad.example nxdomain']],
  ['BAD.example 300 IN CNAME .', ['=bad.example nxdomain']],
  ['bad.example IN 300 CNAME . ; for a reason', ['=bad.example nxdomain']],
  ['bad.example 1h30m cname .', ['=bad.example nxdomain']],
  ['bad.example CNAME *.', ['=bad.example nodata']],
  ['good.example CNAME rpz-passthru.', ['@@=good.example']],
  ['*.good.example CNAME RPZ-PASSTHRU.', ['@@*.good.example']],
  ['good.example CNAME good.example.', ['@@=good.example']],
  ['bad.example CNAME rpz-drop.', ['=bad.example drop']],
  ['bad.example CNAME rpz-tcp-only.', ['skip: asks for TCP only']],
  ['bad.example CNAME garden.example.', ['=bad.example']],
  ['bad.example CNAME *.garden.example.', ['=bad.example']],
  ['bad.example A 192.0.2.1', ['=bad.example c0000201']],
  ['bad.example AAAA 2001:db8::1', ['=bad.example 20010db8000000000000000000000001']],
  ['bad.example A 0.0.0.0', ['=bad.example']],
  ['_tcp.bad.example CNAME .', ['=_tcp.bad.example nxdomain']],
  ['b\\097d.example CNAME .', ['=bad.example nxdomain']],
  ['bad.example TXT "a text; with (all) sorts"', ['skip: a record of another type than CNAME, A and AAAA']],
  ['bad.example TYPE65280 \\# 1 00', ['skip: a record of another type than CNAME, A and AAAA']],
  ['24.0.2.0.192.rpz-ip CNAME .', ['192.0.2.0/24 nxdomain']],
  ['24.0.2.0.192.rpz-ip 60 IN CNAME *.', ['192.0.2.0/24 nodata']],
  ['32.1.2.0.192.RPZ-IP CNAME rpz-passthru.', ['@@192.0.2.1/32']],
  ['32.1.2.0.192.rpz-ip CNAME rpz-drop.', ['192.0.2.1/32 drop']],
  ['32.1.2.0.192.rpz-ip CNAME garden.example.', ['192.0.2.1/32']],
  ['32.1.2.0.192.rpz-ip A 198.51.100.7', ['192.0.2.1/32 c6336407']],
  ['48.zz.db8.2001.rpz-ip CNAME .', ['20010db8000000000000000000000000/48 nxdomain']],
  ['32.1.2.0.192.rpz-ip CNAME rpz-tcp-only.', ['skip: asks for TCP only']],
  ['24.0.2.0.192.rpz-client-ip CNAME .', ['clients 192.0.2.0/24 nxdomain']],
  ['32.1.2.0.192.rpz-client-ip CNAME rpz-passthru.', ['@@clients 192.0.2.1/32']],
  ['32.1.2.0.192.rpz-client-ip CNAME rpz-drop.', ['clients 192.0.2.1/32 drop']],
  ['48.zz.db8.2001.rpz-client-ip A 198.51.100.7', ['clients 20010db8000000000000000000000000/48 c6336407']],
  ['0.0.0.0.0.rpz-client-ip CNAME .', ['bad: not a network of addresses']],
  ['16.0.0.1.10.rpz-client-ip CNAME .', ['clients 10.1.0.0/16 nxdomain']],
  ['15.0.0.0.10.rpz-client-ip CNAME .', ['bad: a network that covers too much']],
  ['31.zz.db8.2001.rpz-client-ip CNAME .', ['bad: a network that covers too much']],
  ['32.1.2.0.192.rpz-ip TXT x', ['skip: a record of another type than CNAME, A and AAAA']],
  ['7.0.0.0.10.rpz-ip CNAME .', ['bad: a network that covers too much']],
  ['24.1.2.0.192.rpz-ip CNAME .', ['bad: a network with bits behind its length']],
  ['rpz-ip CNAME .', ['bad: not a network of addresses']],
  ['ns.bad.example.rpz-nsdname CNAME .', ['skip: a trigger about the servers of a name']],
  ['128.1.zz.db8.2001.rpz-nsip CNAME .', ['skip: a trigger about the servers of a name']],
  ['bad.example. CNAME .', ['skip: an absolute owner before the name of the zone is known']],
  ['4.3.2.1 CNAME .', ['skip: an address, not a name']],
  ['$INCLUDE other.zone', ['skip: includes another file']],
  ['$GENERATE 1-9 host$ CNAME .', ['skip: generates records']],
  ['$TTL 300', []],
  ['@ SOA localhost. root.localhost. 1 3600 900 604800 300', []],
  ['@ NS localhost.', []],
  ['; bad.example CNAME .', []],
  ['com CNAME .', ['bad: a top-level domain']],
  ['*.com CNAME .', ['bad: a top-level domain']],
  ['* CNAME .', ['bad: a rule for every name']],
  ['bad.example', ['bad: no record type']],
  ['bad.example IN', ['bad: no record type']],
  ['bad.example CNAME', ['bad: a record without data']],
  ['bad.example NONSENSE .', ['bad: no record type']],
  ['bad.example A 2001:db8::1', ['bad: not an address of the type']],
  ['bad..example CNAME .', ['bad: an empty label']],
  ['қалқан.example CNAME .', ['bad: a character that no host name has']],
  [' CNAME .', ['bad: a record without an owner']],
  ['$NONSENSE x', ['bad: not a directive']],
]

describe('a record of a response policy zone', () => {
  for (const [line, outcome] of rows)
    test(`${line} gives ${outcome.join(' and ') || 'nothing'}`, () => expect(readLine('rpz', line)).toEqual(outcome))
})

const soa = 'SOA localhost. root.localhost. 1 3600 900 604800 300'

const zones: [what: string, text: string, rules: string[], skips?: string[]][] = [
  [
    'a zone that does not say its name',
    `$TTL 300\n@ ${soa}\n NS localhost.\nbad.example CNAME .`,
    ['=bad.example nxdomain'],
  ],
  ['$ORIGIN, then relative owners', `$ORIGIN rpz.test.\n@ ${soa}\nbad.example CNAME .`, ['=bad.example nxdomain']],
  [
    'absolute owners under $ORIGIN',
    `$ORIGIN rpz.test.\n@ ${soa}\nbad.example.rpz.test. CNAME .`,
    ['=bad.example nxdomain'],
  ],
  [
    'absolute owners throughout, no $ORIGIN',
    `rpz.test. ${soa}\nrpz.test. NS localhost.\n*.bad.example.RPZ.test. CNAME *.`,
    ['*.bad.example nodata'],
  ],
  [
    'as named writes it: the root, the zone, then origins below it',
    `$ORIGIN .\n$TTL 300\nrpz.test IN ${soa}\n\t\tNS localhost.\n$ORIGIN rpz.test.\na.example CNAME .\n$ORIGIN example.rpz.test.\nbad CNAME .\n*.worse CNAME .\n@ CNAME .\n* A 192.0.2.1`,
    ['=a.example nxdomain', '=bad.example nxdomain', '*.worse.example nxdomain'],
    [],
  ],
  ['a relative $ORIGIN', `$ORIGIN rpz.test.\n@ ${soa}\n$ORIGIN example\nbad CNAME .`, ['=bad.example nxdomain']],
  [
    'outside the zone',
    `rpz.test. ${soa}\nbad.example. CNAME .\nbad.example.xrpz.test. CNAME .`,
    [],
    ['2: outside the zone', '3: outside the zone'],
  ],
  [
    'an origin outside the zone',
    `rpz.test. ${soa}\n$ORIGIN other.test.\nbad.example CNAME .\n@ NS localhost.`,
    [],
    ['3: outside the zone', '4: outside the zone'],
  ],
  [
    'the owner is inherited by a blank',
    `bad.example A 192.0.2.1\n  AAAA 2001:db8::1\n\n\tA 192.0.2.2`,
    ['=bad.example c0000201,c0000202,20010db8000000000000000000000001'],
  ],
  [
    'the owner is repeated',
    `bad.example A 192.0.2.1\nbad.example A 192.0.2.2\n*.bad.example A 192.0.2.1`,
    ['=bad.example c0000201,c0000202', '*.bad.example c0000201'],
  ],
  [
    'parentheses join lines',
    `@ SOA localhost. root.localhost. (\n 1 ; serial\n 3600 900\n 604800 300 )\nbad.example (\n CNAME\n . )\nworse.example CNAME .`,
    ['=bad.example nxdomain', '=worse.example nxdomain'],
  ],
  [
    'parentheses in quotes and comments join nothing',
    `a.example TXT "(" ; (\nbad.example CNAME .`,
    ['=bad.example nxdomain'],
    ['1: a record of another type than CNAME, A and AAAA'],
  ],
]

describe('a response policy zone', () => {
  for (const [what, text, rules, skips = []] of zones)
    test(`${what}`, () => {
      const recorded = readText('rpz', text)
      expect([...recorded.rules].sort()).toEqual([...rules].sort())
      expect(recorded.skips).toEqual(skips)
    })

  test('a parenthesis that is never closed costs its record and no more than the lines one may have', () => {
    const names = Array.from({ length: 200 }, (_, n) => `n${n}.example CNAME .`)
    const { rules, bads } = readText('rpz', ['bad.example ( CNAME .', ...names].join('\n'))
    expect(bads).toEqual(['1: a parenthesis that is never closed'])
    expect(rules).toHaveLength(200 - 64)
    expect(readText('rpz', 'a.example CNAME .\nb.example ( CNAME .').bads).toEqual([
      '2: a parenthesis that is never closed',
    ])
  })

  test('the name of an owner and its zone together may be longer than the rule, but not than a name', () => {
    const label = 'a'.repeat(60)
    const owner = [label, label, label, label].join('.')
    const { bads } = readText(
      'rpz',
      `$ORIGIN rpz.test.\n@ ${soa}\n$ORIGIN ${'b'.repeat(20)}.rpz.test.\n${owner} CNAME .\nok.example CNAME .`,
    )
    expect(bads).toEqual(['4: a name over 255 octets'])
  })

  test('rules have the lines of their records', () => {
    expect(readText('rpz', `@ ${soa}\n\na.example (\nCNAME\n.\n)\nb.example CNAME .`).lines).toEqual([3, 7])
  })
})
