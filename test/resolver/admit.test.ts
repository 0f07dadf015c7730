/** The admit stage: what is a query, what is refused and how, and what is read of it. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TCP, UDP } from '../../src/images/counters.ts'
import { admit } from '../../src/resolver/admit.ts'
import { DROPPED, PASS, QuerySlot, REFUSE } from '../../src/resolver/query.ts'
import { endingAt, endingHash, nameAt, nameHash, roomOctets } from '../../src/wire/name-room.ts'
import { BADVERS, FORMERR, NOTIMP, REFUSED } from '../../src/wire/types.ts'
import { guarded, hex, join, labels, seeded } from '../support/octets.ts'
import { type RawRecord, rawMessage, rawOpt, rawQuery } from '../support/raw.ts'

const SEED = 0x5eed

/** A slot after `admit` has seen the octets, which stand in the middle of other memory. */
function admitted(message: Uint8Array, transport = UDP): { slot: QuerySlot; verdict: number } {
  const before = 7
  const memory = join(new Uint8Array(before).fill(0xc0), message, new Uint8Array(9).fill(0xc0))
  const slot = new QuerySlot(guarded(memory, before, before + message.length), new Uint8Array(0))
  slot.start = before
  slot.end = before + message.length
  slot.transport = transport
  return { slot, verdict: admit(slot, SEED) }
}

const name = labels('example', 'test')
const tsig: RawRecord = { owner: labels('key'), type: 250, qclass: 255, ttl: 0, rdata: new Uint8Array(40) }
const empty = hex('0064 0000')
const options = (count: number) => join(...Array.from({ length: count }, () => empty))

describe('is passed on', () => {
  const rows: readonly (readonly [what: string, message: Uint8Array])[] = [
    ['a plain question', rawQuery()],
    ['one with an OPT (RFC 6891 §6.1.1)', rawQuery({ additionals: [rawOpt()] })],
    ['one with an OPT and a TSIG behind it (RFC 8945 §5.1)', rawQuery({ additionals: [rawOpt(), tsig] })],
    ['one with a TSIG alone', rawQuery({ additionals: [tsig] })],
    [
      'an OPT with options',
      rawQuery({ additionals: [rawOpt({ options: hex('0003 0000 000a 0008 0102030405060708') })] }),
    ],
    ['octets behind it', rawQuery({ trailing: [1, 2, 3] })],
    ['the root', rawQuery({ name: labels() })],
    ['the longest name', rawQuery({ name: labels('x'.repeat(63), 'x'.repeat(63), 'x'.repeat(63), 'x'.repeat(61)) })],
    ['127 labels', rawQuery({ name: labels(...Array.from({ length: 127 }, () => 'a')) })],
    ['any octets in a label (RFC 2181 §11)', rawQuery({ name: labels('\0\xff. ', 'test') })],
    ['ANY (RFC 8482 §4)', rawQuery({ type: 255 })],
    ['an unknown type (RFC 3597 §5)', rawQuery({ type: 65_280 })],
    ['a type below 128', rawQuery({ type: 65 })],
    ['a type above 255', rawQuery({ type: 257 })],
    ['RD clear', rawQuery({ flags: 0 })],
    ['unknown flags: Z, AA, TC, RA, RCODE (RFC 5625 §4.1)', rawQuery({ flags: 0x07cf })],
  ]
  test.each(rows)('%s', (_, message) => {
    expect(admitted(message).verdict).toBe(PASS)
    expect(admitted(message, TCP).verdict).toBe(PASS)
  })
})

describe('is refused', () => {
  const rows: readonly (readonly [what: string, message: Uint8Array, rcode: number, withQuestion: boolean])[] = [
    ['opcode IQUERY (RFC 3425 §3)', rawQuery({ flags: 0x0800 }), NOTIMP, false],
    ['opcode STATUS', rawQuery({ flags: 0x1000 }), NOTIMP, false],
    ['opcode NOTIFY (RFC 1996)', rawQuery({ flags: 0x2000 }), NOTIMP, false],
    ['opcode UPDATE (RFC 2136)', rawQuery({ flags: 0x2800 }), NOTIMP, false],
    ['opcode DSO (RFC 8490 §5)', rawQuery({ flags: 0x3000 }), NOTIMP, false],
    ['opcode 15 (RFC 8906 §3.1.4)', rawQuery({ flags: 0x7800 }), NOTIMP, false],
    ['no question (RFC 9619 §4)', rawQuery({ counts: [0] }), FORMERR, false],
    ['a header alone', rawQuery({ counts: [0] }).subarray(0, 12), FORMERR, false],
    ['two questions (RFC 9619 §4)', rawQuery({ counts: [2], trailing: [...join(name, [0, 1, 0, 1])] }), FORMERR, false],
    ['65,535 questions', rawQuery({ counts: [65_535] }), FORMERR, false],
    ['a pointer in the question (RFC 9267 §2)', rawQuery({ name: [0xc0, 0x0c] }), FORMERR, false],
    ['a pointer behind a label', rawQuery({ name: [1, 0x61, 0xc0, 0x00] }), FORMERR, false],
    ['label type 01', rawQuery({ name: [0x41, 0] }), FORMERR, false],
    ['label type 10', rawQuery({ name: [0x81, 0] }), FORMERR, false],
    ['128 labels', rawQuery({ name: labels(...Array.from({ length: 128 }, () => 'a')) }), FORMERR, false],
    [
      '256 octets of name',
      rawQuery({ name: labels('x'.repeat(63), 'x'.repeat(63), 'x'.repeat(63), 'x'.repeat(62)) }),
      FORMERR,
      false,
    ],
    ['a label past the end', rawQuery({ name: [63, 0x61] }), FORMERR, false],
    ['a name without a root', rawQuery().subarray(0, 12 + 13), FORMERR, false],
    ['half a type', rawQuery().subarray(0, 12 + 14 + 3), FORMERR, false],
    ['more records than a query has', rawQuery({ counts: [1, 0, 0, 5] }), FORMERR, false],
    ['65,535 of each (count lies)', rawQuery({ counts: [1, 65_535, 65_535, 65_535] }), FORMERR, false],
    ['a record that is not there', rawQuery({ counts: [1, 0, 0, 1] }), FORMERR, false],
    ['a record cut in its RDATA', rawQuery({ additionals: [{ ...rawOpt(), rdlength: 9 }] }), FORMERR, false],
    ['two OPTs (RFC 6891 §6.1.1)', rawQuery({ additionals: [rawOpt(), rawOpt()] }), FORMERR, false],
    ['two OPTs with something between', rawQuery({ additionals: [rawOpt(), tsig, rawOpt()] }), FORMERR, false],
    [
      'an OPT that has a name (RFC 6891 §6.1.2)',
      rawQuery({ additionals: [rawOpt({ owner: labels('a') })] }),
      FORMERR,
      false,
    ],
    ['an OPT whose name is a pointer', rawQuery({ additionals: [rawOpt({ owner: [0xc0, 0x0c] })] }), FORMERR, false],
    ['options that are cut', rawQuery({ additionals: [rawOpt({ options: hex('000a 0008 01') })] }), FORMERR, false],
    ['half an option', rawQuery({ additionals: [rawOpt({ options: hex('000a 00') })] }), FORMERR, false],
    ['EDNS version 1 (RFC 6891 §6.1.3)', rawQuery({ additionals: [rawOpt({ version: 1 })] }), BADVERS, true],
    ['EDNS version 255', rawQuery({ additionals: [rawOpt({ version: 255 })] }), BADVERS, true],
    ['class HS', rawQuery({ qclass: 4 }), REFUSED, true],
    ['class NONE', rawQuery({ qclass: 254 }), REFUSED, true],
    ['class ANY', rawQuery({ qclass: 255 }), REFUSED, true],
    ['class 0', rawQuery({ qclass: 0 }), REFUSED, true],
    ['AXFR (RFC 5936 §2.2)', rawQuery({ type: 252 }), REFUSED, true],
    ['IXFR (RFC 1995)', rawQuery({ type: 251 }), REFUSED, true],
    ['NXNAME (RFC 9824 §3.4)', rawQuery({ type: 128 }), FORMERR, true],
    ['type OPT', rawQuery({ type: 41 }), FORMERR, true],
    ['type 0', rawQuery({ type: 0 }), FORMERR, true],
    ['TSIG as a question', rawQuery({ type: 250 }), NOTIMP, true],
    ['TKEY as a question', rawQuery({ type: 249 }), NOTIMP, true],
    ['MAILB', rawQuery({ type: 253 }), NOTIMP, true],
    ['a type between 129 and 248 (RFC 6895 §3.1)', rawQuery({ type: 200 }), NOTIMP, true],
  ]
  test.each(rows)('%s', (_, message, rcode, withQuestion) => {
    for (const transport of [UDP, TCP]) {
      const { slot, verdict } = admitted(message, transport)
      expect(verdict).toBe(REFUSE)
      expect(slot.rcode).toBe(rcode)
      expect(slot.nameOctets > 0, 'whether the question is echoed').toBe(withQuestion)
    }
  })

  test('what came with version 1 is remembered, so that the refusal can have an OPT', () => {
    expect(admitted(rawQuery({ additionals: [rawOpt({ version: 1 })] })).slot.hasOpt).toBe(true)
  })
})

describe('is dropped', () => {
  test.each([0, 1, 11])('%d octets', octets => expect(admitted(rawQuery().subarray(0, octets)).verdict).toBe(DROPPED))

  test('a response, whatever else it is: two servers would never stop (RFC 1035 §4.1.1)', () => {
    expect(admitted(rawMessage()).verdict).toBe(DROPPED)
    expect(admitted(rawMessage({ flags: 0xf800, counts: [0] })).verdict).toBe(DROPPED)
  })
})

describe('reads', () => {
  test('id, flags, type, class, and the name in lower case with its labels', () => {
    const { slot } = admitted(rawQuery({ id: 0xbeef, flags: 0x0130, name: labels('WWW', 'Example', 'TEST'), type: 28 }))
    expect(slot).toMatchObject({
      id: 0xbeef,
      flags: 0x0130,
      type: 28,
      qclass: 1,
      labelCount: 3,
      nameOctets: 18,
      hasOpt: false,
    })
    const at = nameAt(slot)
    expect(roomOctets.slice(at, at + 18)).toEqual(labels('www', 'example', 'test'))
    expect([1, 2, 3].map(depth => endingAt(slot, depth) - at)).toEqual([12, 4, 0])
    expect(slot.nameAt).toBe(7 + 12)
  })

  test('the same hash for every spelling, and that of each ancestor', () => {
    const hashesOf = (...name: string[]) => {
      const { slot } = admitted(rawQuery({ name: labels(...name) }))
      return { whole: nameHash(slot), all: [0, 1, 2].map(depth => endingHash(slot.room, depth)) }
    }
    const spelled = hashesOf('wWw', 'EXAMPLE', 'test')
    const plain = hashesOf('www', 'example', 'test')
    const parent = hashesOf('example', 'test')
    expect(spelled.all).toEqual(plain.all)
    expect(spelled.whole).toBe(plain.whole)
    expect(spelled.all[2]).toBe(parent.whole)
    expect(parent.whole).not.toBe(plain.whole)
  })

  const payloads: readonly (readonly [offered: number | null, udp: number])[] = [
    [null, 512],
    [0, 512],
    [511, 512],
    [512, 512],
    [600, 600],
    [1232, 1232],
    [1233, 1232],
    [4096, 1232],
    [65_535, 1232],
  ]
  test.each(payloads)('a payload of %s as %d over UDP (RFC 6891 §6.2.3), and none over TCP', (offered, udp) => {
    const additionals = offered === null ? [] : [rawOpt({ payload: offered })]
    expect(admitted(rawQuery({ additionals })).slot.payloadMax).toBe(udp)
    expect(admitted(rawQuery({ additionals }), TCP).slot.payloadMax).toBe(65_535)
  })

  test('DO (RFC 3225 §3)', () => {
    expect(admitted(rawQuery({ additionals: [rawOpt({ dnssecOk: true })] })).slot.dnssecOk).toBe(true)
    expect(admitted(rawQuery({ additionals: [rawOpt()] })).slot.dnssecOk).toBe(false)
  })

  test('nothing of the query before it in the same slot', () => {
    const slot = new QuerySlot(rawQuery({ additionals: [rawOpt({ dnssecOk: true })] }), new Uint8Array(0))
    slot.end = slot.bytes.length
    admit(slot, SEED)
    slot.bytes = rawQuery({ name: labels('a') })
    slot.end = slot.bytes.length
    expect(admit(slot, SEED)).toBe(PASS)
    expect(slot).toMatchObject({ hasOpt: false, dnssecOk: false, payloadMax: 512, labelCount: 1, nameOctets: 3 })
  })
})

describe('hostile octets', () => {
  const whole = rawQuery({
    name: labels('www', 'example', 'test'),
    additionals: [rawOpt({ options: hex('0003 0000') }), tsig],
  })

  test('a query cut anywhere is dropped or refused, and nothing behind it is read', () => {
    for (let length = 0; length < whole.length; length++) {
      const { verdict, slot } = admitted(whole.slice(0, length))
      expect(verdict, `${length} octets`).toBe(length < 12 ? DROPPED : REFUSE)
      if (verdict === REFUSE) expect(slot.rcode).toBe(FORMERR)
    }
    expect(admitted(whole).verdict).toBe(PASS)
  })

  test('10,000 empty options are not walked one by one', () => {
    const { verdict, slot } = admitted(rawQuery({ additionals: [rawOpt({ options: options(10_000) })] }), TCP)
    expect(verdict).toBe(PASS)
    expect(slot.hasOpt).toBe(true)
  })

  test('every value of every octet, one at a time', () => {
    const short = rawQuery({ name: labels('a', 'test'), additionals: [rawOpt()] })
    for (let at = 0; at < short.length; at++) {
      for (let value = 0; value < 256; value++) {
        const changed = Uint8Array.from(short)
        changed[at] = value
        expect([PASS, REFUSE, DROPPED]).toContain(admitted(changed).verdict)
      }
    }
  })

  test('any octets at all: no throw, no read outside of the message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 150 }), octets => {
        expect([PASS, REFUSE, DROPPED]).toContain(admitted(octets).verdict)
      }),
      { numRuns: 2000 },
    )
  })

  test('50,000 mutations of a valid query', () => {
    const random = seeded(3)
    const counts = [0, 0, 0, 0, 0, 0]
    for (let round = 0; round < 50_000; round++) {
      const own = Uint8Array.from(whole.subarray(0, random(8) === 0 ? random(whole.length) : whole.length))
      for (let changes = random(4); changes > 0 && own.length > 0; changes--) own[random(own.length)] = random(256)
      const slot = new QuerySlot(own, new Uint8Array(0))
      slot.end = own.length
      counts[admit(slot, SEED)]!++
    }
    expect(counts[PASS]).toBeGreaterThan(1000)
    expect(counts[REFUSE]).toBeGreaterThan(1000)
    expect(counts[DROPPED]).toBeGreaterThan(1000)
  })

  test('65,535 octets take no longer than a few milliseconds', () => {
    const deep = rawQuery({ counts: [1, 0, 0, 4], trailing: new Array<number>(65_000).fill(1) })
    const start = performance.now()
    for (let i = 0; i < 100; i++) {
      const slot = new QuerySlot(deep, new Uint8Array(0))
      slot.end = deep.length
      expect(admit(slot, SEED)).toBe(REFUSE)
    }
    expect((performance.now() - start) / 100).toBeLessThan(5)
  })
})
