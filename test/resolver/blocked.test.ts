/** What a client is told of a blocked name: each mode, each type, with EDNS and without. */
import { describe, expect, test } from 'vitest'
import { FilterBuilder } from '../../src/images/filter/builder.ts'
import { ANSWER_DROP, ANSWER_GIVEN, NO_RULE } from '../../src/images/filter/layout.ts'
import { publicNumber } from '../../src/images/filter/public-number.ts'
import { buildPolicies } from '../../src/images/policies.ts'
import { openImages } from '../../src/resolver/assemble.ts'
import { resolveBatch } from '../../src/resolver/batch.ts'
import {
  MODE_NODATA,
  MODE_NXDOMAIN,
  MODE_PAGE,
  MODE_REFUSED,
  MODE_ZERO,
  sameForAll,
} from '../../src/resolver/blocked.ts'
import { QuerySlot } from '../../src/resolver/query.ts'
import { writeSocketAddress } from '../../src/transport/address.ts'
import { images, type RuleText, SEED } from '../support/images.ts'
import { query } from '../support/messages.ts'
import { labels, wireName } from '../support/octets.ts'
import { PAGE, TestPlane, type TestPlaneOptions } from '../support/plane.ts'
import { rawOpt, rawQuery } from '../support/raw.ts'
import { optOf, read } from '../support/reading.ts'

const RULES: readonly RuleText[] = [
  { name: 'bad.test', category: 'illegal', ruleClass: 'hotline', caseNumber: 'HL-2031/7' },
  { name: 'court.test', category: 'court', ruleClass: 'legal', caseNumber: 'KZ-1' },
  { name: 'casino.test', category: 'gambling' },
]
const CATEGORIES = ['illegal', 'court', 'gambling']

const planeWith = (options: TestPlaneOptions = {}, room?: number) =>
  new TestPlane({ rules: RULES, policies: [{ categories: CATEGORIES }], ...options }, room)

const soa = (name: string) => `${name} 60 SOA minimum 60`

describe('each mode answers each type', () => {
  const modes: readonly (readonly [
    mode: string,
    number: number,
    type: string,
    rcode: string,
    answers: readonly string[],
    authorities: readonly string[],
  ])[] = [
    ['page', MODE_PAGE, 'A', 'NOERROR', ['www.bad.test 60 A 192.0.2.80'], []],
    ['page', MODE_PAGE, 'AAAA', 'NOERROR', ['www.bad.test 60 AAAA 2001:db8::80'], []],
    ['page', MODE_PAGE, 'MX', 'NOERROR', [], [soa('www.bad.test')]],
    ['page', MODE_PAGE, 'HTTPS', 'NOERROR', [], [soa('www.bad.test')]],
    ['page', MODE_PAGE, 'ANY', 'NOERROR', [], [soa('www.bad.test')]],
    ['nxdomain', MODE_NXDOMAIN, 'A', 'NXDOMAIN', [], [soa('bad.test')]],
    ['nxdomain', MODE_NXDOMAIN, 'MX', 'NXDOMAIN', [], [soa('bad.test')]],
    ['nxdomain', MODE_NXDOMAIN, 'ANY', 'NXDOMAIN', [], [soa('bad.test')]],
    ['nodata', MODE_NODATA, 'A', 'NOERROR', [], [soa('www.bad.test')]],
    ['nodata', MODE_NODATA, 'HTTPS', 'NOERROR', [], [soa('www.bad.test')]],
    ['zero', MODE_ZERO, 'A', 'NOERROR', ['www.bad.test 60 A 0.0.0.0'], []],
    ['zero', MODE_ZERO, 'AAAA', 'NOERROR', ['www.bad.test 60 AAAA ::'], []],
    ['zero', MODE_ZERO, 'MX', 'NOERROR', [], [soa('www.bad.test')]],
    ['refused', MODE_REFUSED, 'A', 'REFUSED', [], []],
    ['refused', MODE_REFUSED, 'MX', 'REFUSED', [], []],
  ]
  test.each(modes)('%s (%d): %s', (_, mode, type, rcode, answers, authorities) => {
    for (const edns of [false, true]) {
      const plane = planeWith({ blockAnswers: { ...PAGE, classes: sameForAll(mode, 60) } })
      const own = read(plane.ask(typed('www.bad.test', type, edns)))
      expect(own).toMatchObject({ id: 0x1234, rcode, answers, authorities, truncated: false })
      expect(own.error).toEqual(edns ? { code: 15, text: 'HL-2031/7' } : null)
      expect(plane.sent).toEqual([])
    }
  })

  test('an element may ask for another mode than the configuration', () => {
    const rules = RULES.map(rule => ({ ...rule, answer: MODE_NXDOMAIN }))
    expect(read(planeWith({ rules }).ask(query({ name: 'bad.test' }))).rcode).toBe('NXDOMAIN')
  })

  test('without an address of a family there is no data of it', () => {
    const plane = planeWith({ blockAnswers: { ...PAGE, ipv6: new Uint8Array(0) } })
    expect(read(plane.ask(query({ name: 'bad.test', type: 'AAAA' })))).toMatchObject({ rcode: 'NOERROR', answers: [] })
    expect(read(plane.ask(query({ name: 'bad.test' }))).answers).toHaveLength(1)
  })
})

/** A query of any type; dns-packet writes some of them under other names. */
function typed(name: string, type: string, edns: boolean): Uint8Array {
  const numbers: Record<string, number> = { A: 1, AAAA: 28, MX: 15, HTTPS: 65, ANY: 255 }
  return rawQuery({ name: wireName(name), type: numbers[type]!, additionals: edns ? [rawOpt()] : [] })
}

describe('the header of a block answer', () => {
  test('is ours and no authority: QR, RA, the RD and CD of the query; not AA, AD, TC (RFC 1035 §4.1.1)', () => {
    const flagsOf = (flags: number) =>
      Buffer.from(planeWith().ask(rawQuery({ name: wireName('bad.test'), flags }))!).readUInt16BE(2)
    expect(flagsOf(0x0100)).toBe(0x8180)
    expect(flagsOf(0)).toBe(0x8080)
    expect(flagsOf(0x0110)).toBe(0x8190)
    expect(flagsOf(0x07ff & ~0x0110)).toBe(0x8080)
  })

  test('the question comes back as it was spelled (RFC 4343 §4.1)', () => {
    const own = read(planeWith().ask(rawQuery({ name: labels('WwW', 'BAD', 'test') })))
    expect(own.question).toBe('WwW.BAD.test A')
    expect(own.answers).toEqual(['WwW.BAD.test 60 A 192.0.2.80'])
  })
})

describe('the Extended DNS Error (RFC 8914 §4)', () => {
  const rows: readonly (readonly [what: string, name: string, code: number, text: string])[] = [
    ['15, Blocked, of a hotline, with the case', 'bad.test', 15, 'HL-2031/7'],
    ['16, Censored, of the law', 'www.court.test', 16, 'KZ-1'],
    [
      '17, Filtered, of a household; without a case the number of the flagged name',
      'casino.test',
      17,
      publicNumber(wireName('casino.test')),
    ],
    [
      'the number of the flagged name also for what is below it',
      'a.b.casino.test',
      17,
      publicNumber(wireName('casino.test')),
    ],
  ]
  test.each(rows)('%s', (_, name, code, text) => {
    expect(read(planeWith().ask(query({ name, edns: true }))).error).toEqual({ code, text })
  })

  test('says nothing of which rule where a name is on no positive list', () => {
    const plane = new TestPlane({
      rules: [{ name: 'kids.test', category: 'kids' }],
      policies: [{ categories: [], allowOnly: ['kids'] }],
    })
    expect(read(plane.ask(query({ name: 'other.test', edns: true }))).error).toEqual({ code: 17, text: '' })
  })

  test('its text is left out where the answer would pass what the client takes', () => {
    const caseNumber = 'C'.repeat(250)
    const name = `${'x'.repeat(63)}.${'y'.repeat(63)}.${'z'.repeat(63)}.${'w'.repeat(40)}.bad.test`
    const plane = planeWith({ rules: [{ name: 'bad.test', category: 'illegal', ruleClass: 'hotline', caseNumber }] })
    const small = read(plane.ask(query({ name, edns: true, udpPayloadSize: 512 })))
    expect(small).toMatchObject({ truncated: false, error: { code: 15, text: '' } })
    expect(small.answers).toHaveLength(1)
    expect(small.octets).toBeLessThanOrEqual(512)
    expect(read(plane.ask(query({ name, edns: true }))).error?.text).toBe(caseNumber)
  })

  test('no OPT is sent to who sent none (RFC 6891 §6.1.1), and an OPT of ours to who did', () => {
    expect(optOf(planeWith().ask(query({ name: 'bad.test' })))).toBeNull()
    const opt = optOf(planeWith().ask(query({ name: 'bad.test', edns: true, dnssecOk: true })))
    expect(opt).toMatchObject({ udpPayloadSize: 1232, ednsVersion: 0, flag_do: true })
  })

  test('options of the client are not sent back', () => {
    const options = Uint8Array.of(0, 3, 0, 0, 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8)
    const opt = optOf(planeWith().ask(rawQuery({ name: wireName('bad.test'), additionals: [rawOpt({ options })] })))
    const given = (opt?.options ?? []) as unknown as { code: number }[]
    expect(given.map(own => own.code)).toEqual([15])
  })
})

describe('what a zone asks for', () => {
  test('silence is silence', () => {
    const plane = planeWith({ rules: [{ ...RULES[0]!, answer: ANSWER_DROP }] })
    expect(plane.ask(query({ name: 'bad.test' }))).toBeNull()
    expect(plane.counter('droppedByRule')).toBe(1)
  })

  /** A plane whose rule for `bad.test` gives these addresses. */
  function giving(ipv4: readonly Uint8Array[], ipv6: readonly Uint8Array[]): TestPlane {
    const builder = new FilterBuilder(SEED)
    // A set before, so that the number is not 0.
    builder.tables.givenAddresses({ ipv4: [Uint8Array.of(203, 0, 113, 9)], ipv6: [] })
    const number = builder.tables.givenAddresses({ ipv4, ipv6 })
    const element = builder.tables.element({
      feed: 0,
      category: 0,
      basis: 0,
      ruleClass: 0,
      kind: 1,
      answer: ANSWER_GIVEN + number,
    })
    const name = wireName('bad.test')
    builder.add(name, name.length, element, NO_RULE)
    const plane = planeWith()
    const policies = buildPolicies([{ categories: [0], allowOnly: [] }], [], 0, 2)
    plane.plane.images = openImages({
      filter: builder.finish(1),
      overlay: new FilterBuilder(0).finish(0),
      policies,
      notListedCategory: 1,
    })
    return plane
  }
  const v4 = (last: number) => Uint8Array.of(198, 51, 100, last)
  const v6 = Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9)

  test('given addresses are all given', () => {
    const plane = giving([v4(1), v4(2)], [v6])
    expect(read(plane.ask(query({ name: 'bad.test' }))).answers).toEqual([
      'bad.test 60 A 198.51.100.1',
      'bad.test 60 A 198.51.100.2',
    ])
    expect(read(plane.ask(query({ name: 'bad.test', type: 'AAAA' }))).answers).toEqual(['bad.test 60 AAAA 2001:db8::9'])
    expect(read(plane.ask(query({ name: 'bad.test', type: 'MX' })))).toMatchObject({ rcode: 'NOERROR', answers: [] })
  })

  test('of one family only, there is no data of the other', () => {
    expect(read(giving([v4(1)], []).ask(query({ name: 'bad.test', type: 'AAAA' })))).toMatchObject({
      rcode: 'NOERROR',
      answers: [],
    })
  })

  test('sixteen addresses of sixteen octets and a long name are cut, with TC, for who takes 512', () => {
    const many = Array.from({ length: 16 }, (_, i) => Uint8Array.from([...v6.subarray(0, 15), i]))
    const name = `${'x'.repeat(63)}.${'y'.repeat(63)}.${'z'.repeat(63)}.bad.test`
    const small = read(giving([], many).ask(query({ name, type: 'AAAA' })))
    expect(small).toMatchObject({ truncated: true, answers: [], rcode: 'NOERROR' })
    expect(small.octets).toBeLessThanOrEqual(512)
    expect(read(giving([], many).ask(query({ name, type: 'AAAA', edns: true }))).answers).toHaveLength(16)
  })
})

describe('an answer in the memory of its query', () => {
  /** The octets that leave when `out` is the memory in which the query stands. */
  function inPlace(message: Uint8Array): Buffer {
    const { plane } = planeWith()
    const memory = new Uint8Array(2000).fill(0xee)
    const slot = new QuerySlot(memory, memory)
    memory.set(message, 300)
    slot.start = 300
    slot.end = 300 + message.length
    writeSocketAddress('192.0.2.7', 4242, slot.client, slot.clientAt)
    const reserve = () => {
      slot.outAt = 300
      slot.outRoom = 1232
      return true
    }
    resolveBatch([slot], 1, plane, { reserve, send: () => {} })
    expect(memory.subarray(0, 300).every(octet => octet === 0xee)).toBe(true)
    return Buffer.from(memory.subarray(300, 300 + slot.outLength))
  }

  const rows: readonly (readonly [what: string, message: Uint8Array])[] = [
    ['blocked', rawQuery({ name: labels('WWW', 'bad', 'test'), flags: 0x0110 })],
    [
      'blocked, AAAA, EDNS',
      rawQuery({ name: labels('bad', 'test'), type: 28, additionals: [rawOpt({ dnssecOk: true })] }),
    ],
    ['no data', rawQuery({ name: labels('casino', 'TEST'), type: 15, additionals: [rawOpt()] })],
    ['local', rawQuery({ name: labels('localhost') })],
    ['NXDOMAIN', rawQuery({ name: labels('a', 'invalid'), additionals: [rawOpt()] })],
    ['refused', rawQuery({ type: 252 })],
    ['not implemented', rawQuery({ flags: 0x2000, counts: [1, 7, 7, 0] })],
    ['ill-formed', rawQuery({ counts: [1, 0, 0, 9] })],
    ['BADVERS', rawQuery({ additionals: [rawOpt({ version: 1 })] })],
    [
      'with lying counts of answers',
      rawQuery({ name: labels('bad', 'test'), counts: [1, 1, 0, 0], trailing: [0, 0, 16, 0, 1, 0, 0, 0, 0, 0, 0] }),
    ],
  ]
  test.each(rows)('is the same as in memory of its own: %s', (_, message) => {
    expect(inPlace(message).toString('hex')).toBe(Buffer.from(planeWith().ask(message)!).toString('hex'))
  })
})

describe('identify', () => {
  const rules: readonly RuleText[] = [{ name: 'casino.test', category: 'gambling' }]
  const policies = [
    { categories: [] },
    { categories: ['gambling'], clients: ['10.20.0.0/16', '2001:db8:20::/48'] },
    { categories: [], clients: ['10.20.30.0/24'] },
  ]
  const blocks = (client: string, listenerPolicies = [-1]) => {
    const plane = new TestPlane({ rules, policies, listenerPolicies })
    return plane.ask(query({ name: 'casino.test' }), client) !== null
  }
  const rows: readonly (readonly [client: string, blocked: boolean])[] = [
    ['10.20.1.1', true],
    ['10.20.30.1', false],
    ['10.21.1.1', false],
    ['2001:db8:20::1', true],
    ['2001:db8:21::1', false],
    ['::ffff:10.20.1.1', true],
    ['::ffff:10.20.30.1', false],
    ['::10.20.1.1', false],
    ['64:ff9b::10.20.1.1', false],
  ]
  test.each(rows)('%s', (client, blocked) => expect(blocks(client)).toBe(blocked))

  test('the address that was asked goes before the client', () => {
    expect(blocks('192.0.2.1', [1])).toBe(true)
    expect(blocks('10.20.1.1', [0])).toBe(false)
  })
})

describe('counting', () => {
  test('a block is counted by class and category, an answer by source and RCODE', () => {
    const plane = planeWith()
    plane.ask(query({ name: 'court.test' }))
    plane.ask(query({ name: 'court.test', type: 'AAAA' }))
    const { layout } = plane
    const categories = images(RULES, [{ categories: CATEGORIES }]).categories
    const at = layout.blocks + 1 * categories.length + categories.indexOf('court')
    expect(plane.plane.counters[at]).toBe(2)
    expect(plane.counter('datagrams')).toBe(2)
  })
})
