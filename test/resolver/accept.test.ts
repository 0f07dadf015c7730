/** The accept stage: whose answer it is, what of it is kept, and for how long. */
import { describe, expect, test } from 'vitest'
import { ACCEPTED, CUT_SHORT, ILL_FORMED, NOT_OURS, UNHELPFUL } from '../../src/resolver/accept.ts'
import { type Accepted, accept, answersOf, expected, LIMITS } from '../support/accepting.ts'
import { hex, join, labels } from '../support/octets.ts'
import { POINTER_TO_QNAME, pointer, type RawRecord, rawMessage, rawOpt, soaRdata, TYPES } from '../support/raw.ts'

const a = (last: number, more: Partial<RawRecord> = {}): RawRecord => ({
  type: TYPES.A,
  rdata: [192, 0, 2, last],
  ...more,
})
const cname = (target: Uint8Array | readonly number[], more: Partial<RawRecord> = {}): RawRecord => ({
  type: TYPES.CNAME,
  rdata: target,
  ...more,
})
const soa = (ttl: number, minimum: number, more: Partial<RawRecord> = {}): RawRecord => ({
  owner: labels('test'),
  type: TYPES.SOA,
  ttl,
  rdata: soaRdata(minimum),
  ...more,
})
const rrsig = (covered: number, more: Partial<RawRecord> = {}): RawRecord => ({
  type: TYPES.RRSIG,
  rdata: join([covered >>> 8, covered], new Uint8Array(16), labels('test'), new Uint8Array(8)),
  ...more,
})

describe('whose answer it is (RFC 5452 §9.1)', () => {
  const rows: readonly (readonly [what: string, message: Uint8Array, verdict: number])[] = [
    ['the right one', rawMessage({ answers: [a(1)] }), ACCEPTED],
    ['another id', rawMessage({ id: 0x1235, answers: [a(1)] }), NOT_OURS],
    ['a query', rawMessage({ flags: 0x0100, answers: [a(1)] }), NOT_OURS],
    ['another opcode', rawMessage({ flags: 0xa180, answers: [a(1)] }), NOT_OURS],
    ['another name', rawMessage({ name: labels('example', 'best'), answers: [a(1)] }), NOT_OURS],
    ['a longer name', rawMessage({ name: labels('www', 'example', 'test'), answers: [a(1)] }), NOT_OURS],
    ['a shorter name', rawMessage({ name: labels('example'), answers: [a(1)] }), NOT_OURS],
    ['another spelling (RFC 4343 §3)', rawMessage({ name: labels('EXAMPLE', 'tesT'), answers: [a(1)] }), ACCEPTED],
    ['another type', rawMessage({ type: 28, answers: [a(1)] }), NOT_OURS],
    ['another class', rawMessage({ qclass: 3, answers: [a(1)] }), NOT_OURS],
    ['no question', rawMessage({ counts: [0], answers: [a(1)] }), NOT_OURS],
    ['two questions (RFC 9619 §4)', rawMessage({ counts: [2], answers: [a(1)] }), NOT_OURS],
    ['a question cut short', rawMessage().subarray(0, 12 + 14 + 3), NOT_OURS],
    ['a header alone, NOERROR', rawMessage({ counts: [0] }).subarray(0, 12), NOT_OURS],
    ['a header alone, SERVFAIL', rawMessage({ flags: 0x8182, counts: [0] }).subarray(0, 12), UNHELPFUL],
    ['a header alone, FORMERR', rawMessage({ flags: 0x8181, counts: [0] }).subarray(0, 12), UNHELPFUL],
    ['a header alone, NXDOMAIN', rawMessage({ flags: 0x8183, counts: [0] }).subarray(0, 12), NOT_OURS],
    ['eleven octets', rawMessage().subarray(0, 11), ILL_FORMED],
    ['nothing', new Uint8Array(0), ILL_FORMED],
    ['TC (RFC 2181 §9)', rawMessage({ flags: 0x8380, answers: [a(1)] }), CUT_SHORT],
    ['TC in a forged answer', rawMessage({ flags: 0x8380, id: 1 }), NOT_OURS],
    ['SERVFAIL', rawMessage({ flags: 0x8182 }), UNHELPFUL],
    ['REFUSED', rawMessage({ flags: 0x8185 }), UNHELPFUL],
    ['NXDOMAIN', rawMessage({ flags: 0x8183, authorities: [soa(60, 60)] }), ACCEPTED],
    ['an extended RCODE (RFC 6891 §6.1.3)', rawMessage({ additionals: [rawOpt({ extendedRcode: 1 })] }), UNHELPFUL],
    ['Z set: not looked at (RFC 1035 §4.1.1)', rawMessage({ flags: 0x81c0, answers: [a(1)] }), ACCEPTED],
  ]
  test.each(rows)('%s', (_, message, verdict) => expect(accept(message).verdict).toBe(verdict))
})

describe('what is ill-formed', () => {
  const rows: readonly (readonly [what: string, message: Uint8Array])[] = [
    ['a record more than there is', rawMessage({ answers: [a(1)], counts: [1, 2] })],
    ['65,535 records of none (count lies)', rawMessage({ counts: [1, 65_535, 65_535, 65_535] })],
    ['an authority record more than there is', rawMessage({ answers: [a(1)], counts: [1, 1, 1] })],
    ['an additional record more than there is', rawMessage({ answers: [a(1)], counts: [1, 1, 0, 1] })],
    ['RDATA past the end', rawMessage({ answers: [a(1, { rdlength: 5 })] })],
    ['an A of three octets (RFC 1035 §3.4.1)', rawMessage({ answers: [a(1, { rdata: [1, 2, 3] })] })],
    ['an A of five octets', rawMessage({ answers: [a(1, { rdata: [1, 2, 3, 4, 5] })] })],
    ['an AAAA of four octets', rawMessage({ answers: [{ type: TYPES.AAAA, rdata: [1, 2, 3, 4] }] })],
    ['an additional A of three octets', rawMessage({ answers: [a(1)], additionals: [a(1, { rdata: [1, 2, 3] })] })],
    ['a CNAME whose name ends before its RDATA', rawMessage({ answers: [cname([0, 0])] })],
    ['a CNAME whose name runs past its RDATA', rawMessage({ answers: [cname([1, 0x61], { rdlength: 2 }), a(1)] })],
    ['a CNAME that points forward', rawMessage({ answers: [cname([0xc0, 0xff])] })],
    ['a CNAME that points at itself', rawMessage({ answers: [cname(pointer(12 + 14 + 4 + 12))] })],
    ['an owner that points at itself', rawMessage({ answers: [a(1, { owner: pointer(12 + 14 + 4) })] })],
    ['half an owner', rawMessage({ counts: [1, 1], trailing: [0xc0] })],
    ['a SOA without its numbers', rawMessage({ authorities: [soa(1, 1, { rdata: join(labels(), labels()) })] })],
    ['a SOA with an octet too many', rawMessage({ authorities: [soa(1, 1, { rdata: join(soaRdata(1), [0]) })] })],
    ['two SOAs', rawMessage({ authorities: [soa(60, 60), soa(60, 60)] })],
  ]
  test.each(rows)('%s', (_, message) => expect(accept(message).verdict).toBe(ILL_FORMED))

  test('an answer cut anywhere is never taken for a whole one', () => {
    const whole = rawMessage({
      answers: [cname(labels('b', 'test')), a(1, { owner: labels('b', 'test') })],
      authorities: [],
    })
    for (let length = 0; length < whole.length; length++) {
      expect(accept(whole.subarray(0, length)).verdict, `${length} octets`).not.toBe(ACCEPTED)
    }
    expect(accept(whole).verdict).toBe(ACCEPTED)
  })

  test('octets behind the last record are not looked at', () => {
    expect(answersOf(accept(rawMessage({ answers: [a(1)], trailing: [1, 2, 3] })))).toEqual([
      'example.test A 192.0.2.1',
    ])
  })
})

describe('the chain of aliases', () => {
  const [b, c, d] = [labels('b', 'test'), labels('c', 'test'), labels('d', 'test')]
  const rows: readonly (readonly [what: string, answers: readonly RawRecord[], kept: readonly string[]])[] = [
    ['the type that was asked for', [a(1), a(2)], ['example.test A 192.0.2.1', 'example.test A 192.0.2.2']],
    ['an alias and its end', [cname(b), a(1, { owner: b })], ['example.test CNAME b.test', 'b.test A 192.0.2.1']],
    [
      'aliases in any order',
      [a(1, { owner: c }), cname(c, { owner: b }), cname(b)],
      ['c.test A 192.0.2.1', 'b.test CNAME c.test', 'example.test CNAME b.test'],
    ],
    ['an alias that leads to nothing here', [cname(b)], ['example.test CNAME b.test']],
    ['a record of another name (RFC 2181 §5.4.1)', [a(1), a(2, { owner: b })], ['example.test A 192.0.2.1']],
    ['a record of another type', [a(1), { type: TYPES.TXT, rdata: [0] }], ['example.test A 192.0.2.1']],
    ['a record of another class', [a(1), a(2, { qclass: 3 })], ['example.test A 192.0.2.1']],
    [
      'an address beside an alias',
      [cname(b), a(1), a(2, { owner: b })],
      ['example.test CNAME b.test', 'b.test A 192.0.2.2'],
    ],
    ['an alias of another name', [a(1), cname(c, { owner: b }), a(2, { owner: c })], ['example.test A 192.0.2.1']],
    ['nothing of an alias to itself', [cname(POINTER_TO_QNAME)], []],
    [
      'an owner in another spelling, compressed to what is there (RFC 4343 §4.1)',
      [cname(labels('B', 'TEST')), a(1, { owner: labels('b', 'Test') })],
      ['example.test CNAME B.test', 'B.test A 192.0.2.1'],
    ],
    ['an OPT where none belongs', [rawOpt(), a(1)], ['example.test A 192.0.2.1']],
    [
      'a DNAME above, and the alias that it made (RFC 6672 §3.1)',
      [
        { owner: labels('test'), type: TYPES.DNAME, rdata: labels('invalid') },
        cname(labels('example', 'invalid')),
        a(1, { owner: labels('example', 'invalid') }),
      ],
      ['test DNAME invalid', 'example.test CNAME example.invalid', 'example.invalid A 192.0.2.1'],
    ],
    [
      'a DNAME of another tree',
      [{ owner: labels('bank', 'example'), type: TYPES.DNAME, rdata: labels('evil', 'example') }, a(1)],
      ['example.test A 192.0.2.1'],
    ],
    [
      'a DNAME of the name itself, which says nothing of it',
      [{ owner: labels('example', 'test'), type: TYPES.DNAME, rdata: labels('evil', 'example') }, a(1)],
      ['example.test A 192.0.2.1'],
    ],
    [
      'a loop up to the alias that closes it',
      [cname(b), cname(c, { owner: b }), cname(b, { owner: c }), a(9, { owner: d })],
      ['example.test CNAME b.test', 'b.test CNAME c.test'],
    ],
  ]
  test.each(rows)('keeps %s', (_, answers, kept) => {
    const own = accept(rawMessage({ answers }))
    expect(own.verdict).toBe(ACCEPTED)
    const normal = (lines: readonly string[]) =>
      lines.map(line => line.replace(/ DNAME .*/, match => match.replaceAll('"', '')))
    expect(normal(answersOf(own))).toEqual(kept)
  })

  test('an alias of another class leads nowhere', () => {
    const own = accept(rawMessage({ answers: [cname(b, { qclass: 3 }), a(1, { owner: b })] }))
    expect(answersOf(own)).toEqual([])
  })

  const chainOf = (length: number) => {
    const names = Array.from({ length }, (_, i) => (i === 0 ? labels('example', 'test') : labels(`n${i}`, 'test')))
    const aliases = names.slice(1).map((name, i) => cname(name, { owner: names[i]! }))
    return rawMessage({ answers: [...aliases, a(1, { owner: names.at(-1)! })] })
  }

  test('of 16 names is followed to its end', () => {
    const own = accept(chainOf(16))
    expect(answersOf(own)).toHaveLength(16)
    expect(own.acceptor.ttlSeconds).toBe(300)
  })

  test('of 17 names ends before it does, and is not kept', () => {
    const own = accept(chainOf(17))
    expect(own.verdict).toBe(ACCEPTED)
    expect(answersOf(own).some(line => line.includes(' A '))).toBe(false)
    expect(own.acceptor.ttlSeconds).toBe(0)
  })

  test('a question for CNAME or ANY follows none', () => {
    const answers = [cname(b), a(1, { owner: b })]
    expect(answersOf(accept(rawMessage({ type: 5, answers }), expected('example.test', 5)))).toEqual([
      'example.test CNAME b.test',
    ])
    expect(answersOf(accept(rawMessage({ type: 255, answers }), expected('example.test', 255)))).toEqual([
      'example.test CNAME b.test',
    ])
  })
})

describe('DNSSEC', () => {
  const signed = rawMessage({ answers: [a(1), rrsig(1)], authorities: [] })
  const proof: RawRecord = { owner: labels('test'), type: TYPES.NSEC, rdata: join(labels('z', 'test'), [0, 1, 0x40]) }

  test('signatures are for who asked for them (RFC 4035 §3.2.1)', () => {
    expect(accept(signed).acceptor.answers).toBe(1)
    expect(accept(signed, expected('example.test', 1, true)).acceptor.answers).toBe(2)
  })

  test('a signature over another type is left out', () => {
    const message = rawMessage({ answers: [a(1), rrsig(28)] })
    expect(accept(message, expected('example.test', 1, true)).acceptor.answers).toBe(1)
  })

  test('a question for signatures gets them without DO', () => {
    const message = rawMessage({ type: 46, answers: [rrsig(1)] })
    expect(accept(message, expected('example.test', 46)).acceptor.answers).toBe(1)
  })

  test('proofs are kept for who asked for them, with their signatures', () => {
    const message = rawMessage({
      flags: 0x8183,
      authorities: [soa(60, 60), rrsig(6, { owner: labels('test') }), proof, rrsig(47, { owner: labels('test') })],
    })
    expect(accept(message).acceptor.authorities).toBe(1)
    expect(accept(message, expected('example.test', 1, true)).acceptor.authorities).toBe(4)
  })

  test('AD is what the upstream says (RFC 6840 §5.8)', () => {
    expect(accept(rawMessage({ answers: [a(1)] })).acceptor.authenticData).toBe(false)
    expect(accept(rawMessage({ flags: 0x81a0, answers: [a(1)] })).acceptor.authenticData).toBe(true)
  })
})

describe('what does not belong is dropped', () => {
  test('authority records of a positive answer', () => {
    const ns: RawRecord = { owner: labels('test'), type: TYPES.NS, rdata: labels('ns', 'evil', 'example') }
    const own = accept(rawMessage({ answers: [a(1)], authorities: [ns, soa(60, 60)] }))
    expect(own.acceptor.authorities).toBe(0)
  })

  test('everything additional, the OPT too', () => {
    const own = accept(rawMessage({ answers: [a(1)], additionals: [a(2), rawOpt({ options: hex('0003 0002 abcd') })] }))
    expect(own.message?.additionals).toEqual([])
    expect(answersOf(own)).toEqual(['example.test A 192.0.2.1'])
  })

  const outside: readonly (readonly [what: string, owner: Uint8Array])[] = [
    ['another tree', labels('bank', 'example')],
    ['a name below', labels('a', 'example', 'test')],
    ['a name that only ends alike', labels('xtest')],
    ['a sibling', labels('other', 'test')],
  ]
  test.each(outside)('a SOA of %s', (_, owner) => {
    const own = accept(rawMessage({ flags: 0x8183, authorities: [soa(60, 60, { owner })] }))
    expect(own.acceptor.authorities).toBe(0)
    expect(own.acceptor.ttlSeconds).toBe(0)
  })

  test('but a SOA above the end of the chain is kept', () => {
    const target = labels('www', 'other', 'example')
    const message = rawMessage({
      flags: 0x8183,
      answers: [cname(target)],
      authorities: [soa(60, 60, { owner: labels('other', 'example') })],
    })
    const own = accept(message)
    expect([own.acceptor.authorities, own.acceptor.ttlSeconds]).toEqual([1, 60])
  })
})

describe('how long it may be kept', () => {
  const rows: readonly (readonly [what: string, message: Uint8Array, seconds: number])[] = [
    ['the least TTL of all', rawMessage({ answers: [a(1, { ttl: 300 }), a(2, { ttl: 20 })] }), 20],
    [
      'the least TTL of the chain',
      rawMessage({ answers: [cname(labels('b'), { ttl: 7 }), a(2, { owner: labels('b') })] }),
      7,
    ],
    ['no longer than a day', rawMessage({ answers: [a(1, { ttl: 1_000_000 })] }), 86_400],
    ['not at all with the top bit set (RFC 2181 §8)', rawMessage({ answers: [a(1, { ttl: 0x80000001 })] }), 0],
    ['not at all with TTL 0', rawMessage({ answers: [a(1, { ttl: 0 })] }), 0],
    ['NXDOMAIN: the MINIMUM of the SOA (RFC 2308 §5)', rawMessage({ flags: 0x8183, authorities: [soa(600, 30)] }), 30],
    ['NXDOMAIN: the TTL of the SOA where less', rawMessage({ flags: 0x8183, authorities: [soa(20, 30)] }), 20],
    ['NODATA: the same', rawMessage({ authorities: [soa(600, 40)] }), 40],
    ['NODATA: no longer than an hour', rawMessage({ authorities: [soa(90_000, 90_000)] }), 3600],
    ['NXDOMAIN without a SOA: not at all', rawMessage({ flags: 0x8183 }), 0],
    ['NODATA without a SOA: not at all', rawMessage(), 0],
    [
      'a referral: not at all',
      rawMessage({ authorities: [{ owner: labels('test'), type: 2, rdata: labels('ns') }] }),
      0,
    ],
    [
      'NXDOMAIN behind an alias: also by the alias',
      rawMessage({ flags: 0x8183, answers: [cname(labels('b', 'test'), { ttl: 5 })], authorities: [soa(60, 60)] }),
      5,
    ],
    [
      'NXDOMAIN: a MINIMUM with the top bit is 0',
      rawMessage({ flags: 0x8183, authorities: [soa(600, 0x80000000)] }),
      0,
    ],
  ]
  test.each(rows)('%s', (_, message, seconds) => {
    const own = accept(message)
    expect(own.verdict).toBe(ACCEPTED)
    expect(own.acceptor.ttlSeconds).toBe(seconds)
  })

  test('TTLs are raised to the least and lowered to the most that is set', () => {
    const limits = { ...LIMITS, ttlSecondsMin: 30, ttlSecondsMax: 100 }
    const own = accept(
      rawMessage({ answers: [a(1, { ttl: 0 }), a(2, { ttl: 50 }), a(3, { ttl: 500 })] }),
      expected(),
      limits,
    )
    expect(own.message?.answers?.map(record => 'ttl' in record && record.ttl)).toEqual([30, 50, 100])
    expect(own.acceptor.ttlSeconds).toBe(30)
  })

  test('every TTL is where the offsets say', () => {
    const own = accept(rawMessage({ answers: [cname(labels('b'), { ttl: 7 }), a(2, { owner: labels('b'), ttl: 9 })] }))
    const { acceptor } = own
    const at = (i: number) => Buffer.from(acceptor.bytes).readUInt32BE(acceptor.at + acceptor.ttlOffsets[i]!)
    expect(acceptor.ttlCount).toBe(2)
    expect([at(0), at(1)]).toEqual([7, 9])
  })
})

describe('compression', () => {
  const target = labels('mail', 'example', 'test')
  /** RDATA before and behind the names of each type that may hold them, all names compressed in what comes. */
  const types: readonly (readonly [type: string, number: number, before: string, names: number, behind: string])[] = [
    ['NS', 2, '', 1, ''],
    ['MD', 3, '', 1, ''],
    ['MF', 4, '', 1, ''],
    ['CNAME', 5, '', 1, ''],
    ['MB', 7, '', 1, ''],
    ['MG', 8, '', 1, ''],
    ['MR', 9, '', 1, ''],
    ['PTR', 12, '', 1, ''],
    ['MINFO', 14, '', 2, ''],
    ['MX', 15, '000a', 1, ''],
    ['RP', 17, '', 2, ''],
    ['AFSDB', 18, '0001', 1, ''],
    ['RT', 21, '0001', 1, ''],
    ['SIG', 24, '0001 0800 00000000 00000000 00000000 0000', 1, 'abcdef'],
    ['PX', 26, '0001', 2, ''],
    ['NXT', 30, '', 1, '40'],
    ['SRV', 33, '0001 0002 0050', 1, ''],
    ['NAPTR', 35, '0001 0002 0161 026262 00', 1, ''],
    ['KX', 36, '0001', 1, ''],
    ['DNAME', 39, '', 1, ''],
  ]
  const compressed = join([4], Buffer.from('mail'), POINTER_TO_QNAME)

  test.each(types)('%s: names are written anew (RFC 3597 §4)', (_, number, before, names, behind) => {
    const rdataOf = (name: Uint8Array) => join(hex(before), ...Array.from({ length: names }, () => name), hex(behind))
    const message = rawMessage({ type: number, answers: [{ type: number, rdata: rdataOf(compressed) }] })
    const own = accept(message, expected('example.test', number))
    expect(own.verdict).toBe(ACCEPTED)
    expect(expandedRdata(own, number)).toEqual(rdataOf(target))
  })

  /** The first answer's RDATA, its names expanded by what the test knows of the message: pointers only to the question. */
  function expandedRdata(own: Accepted, number: number): Uint8Array {
    const start = own.acceptor.at + 12
    const rdata = own.octets.subarray(start, own.acceptor.at + own.acceptor.octets)
    expect(own.octets.readUInt16BE(start - 2)).toBe(rdata.length)
    const text = rdata.toString('latin1')
    const mayCompress = [2, 3, 4, 5, 7, 8, 9, 12, 14, 15].includes(number)
    if (!mayCompress) return Uint8Array.from(rdata)
    return Uint8Array.from(Buffer.from(text.replaceAll('\xc0\x0c', '\x07example\x04test\0'), 'latin1'))
  }

  test('RDATA of an unknown type is carried octet by octet, whatever looks like a pointer in it', () => {
    const rdata = hex('c00c 00 ff c000 3f')
    const own = accept(
      rawMessage({ type: 65_280, answers: [{ type: 65_280, rdata }] }),
      expected('example.test', 65_280),
    )
    expect(own.octets.subarray(-rdata.length)).toEqual(Buffer.from(rdata))
  })

  test('an unknown type may be empty', () => {
    const own = accept(
      rawMessage({ type: 65_280, answers: [{ type: 65_280, rdata: [] }] }),
      expected('example.test', 65_280),
    )
    expect(own.acceptor.answers).toBe(1)
  })

  test('owners are compressed to the question and to the aliases before them', () => {
    const long = labels('a-rather-long-label', 'of-an-alias', 'test')
    const own = accept(rawMessage({ answers: [cname(long), a(1, { owner: long }), a(2, { owner: long })] }))
    expect(answersOf(own)).toEqual([
      'example.test CNAME a-rather-long-label.of-an-alias.test',
      'a-rather-long-label.of-an-alias.test A 192.0.2.1',
      'a-rather-long-label.of-an-alias.test A 192.0.2.2',
    ])
    // Two owners as pointers, and the alias once, its last label pointing into the question.
    expect(own.acceptor.octets).toBe(12 + (long.length - 6 + 2) + 2 * 16)
  })

  test('an answer whose expansion is longer than a message is refused', () => {
    const name = labels('x'.repeat(63), 'x'.repeat(63), 'x'.repeat(63), 'x'.repeat(61))
    const nameAt = 12 + 14 + 4 + 12
    const first: RawRecord = { type: 2, rdata: name }
    const rest = Array.from({ length: 4000 }, (): RawRecord => ({ type: 2, rdata: pointer(nameAt) }))
    const message = rawMessage({ type: 2, answers: [first, ...rest] })
    expect(accept(message, expected('example.test', 2)).verdict).toBe(ILL_FORMED)
  })
})
