/** Records that are written here, read again by dns-packet; and the shapes of RDATA by RFC 3597 §4. */
import packet from 'dns-packet'
import { describe, expect, test } from 'vitest'
import { HEADER_OCTETS, writeHeader } from '../../src/wire/header.ts'
import {
  addressRecordOctets,
  rdataOctets,
  rdataShape,
  soaRecordOctets,
  writeAddressRecord,
  writePointer,
  writeSoaRecord,
} from '../../src/wire/records.ts'
import { TYPE_A, TYPE_AAAA } from '../../src/wire/types.ts'
import { labels } from '../support/octets.ts'

/** A response to `www.blocked.test` with the record that `write` puts behind its question. */
function responseWith(
  section: 'answers' | 'authorities',
  type: number,
  write: (out: Uint8Array, at: number) => number,
) {
  const out = Buffer.alloc(200)
  const [answers, authorities] = section === 'answers' ? [1, 0] : [0, 1]
  let at = writeHeader(out, 0, 1, 0x8180, 1, answers, authorities, 0)
  const name = labels('www', 'blocked', 'test')
  out.set(name, at)
  at += name.length
  out.writeUInt16BE(type, at)
  out.writeUInt16BE(1, at + 2)
  const start = at + 4
  const end = write(out, start)
  const record = packet.decode(out.subarray(0, end))[section]?.[0]
  return { record, octets: end - start }
}

describe('records', () => {
  test('an A record points at its name', () => {
    const { record, octets } = responseWith('answers', 1, (out, at) => {
      const end = writeAddressRecord(out, at, HEADER_OCTETS, TYPE_A, 60, 4)
      out.set([192, 0, 2, 80], end - 4)
      return end
    })
    expect(octets).toBe(addressRecordOctets(4))
    expect(record).toMatchObject({ type: 'A', name: 'www.blocked.test', ttl: 60, class: 'IN', data: '192.0.2.80' })
  })

  test('an AAAA record', () => {
    const { record, octets } = responseWith('answers', 28, (out, at) => {
      const end = writeAddressRecord(out, at, HEADER_OCTETS, TYPE_AAAA, 0xffffffff, 16)
      out.set([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], end - 16)
      return end
    })
    expect(octets).toBe(addressRecordOctets(16))
    expect(record).toMatchObject({ type: 'AAAA', ttl: 0xffffffff, data: '2001:db8::1' })
  })

  test('a SOA of the parent, whose TTL and MINIMUM are the same (RFC 2308 §5)', () => {
    const parent = HEADER_OCTETS + 4
    const { record, octets } = responseWith('authorities', 1, (out, at) => writeSoaRecord(out, at, parent, 77))
    expect(octets).toBe(soaRecordOctets)
    expect(record).toMatchObject({
      type: 'SOA',
      name: 'blocked.test',
      ttl: 77,
      data: { mname: 'qalqan.invalid', rname: 'nobody.invalid', serial: 1, minimum: 77 },
    })
  })

  test('a pointer has its two top bits set (RFC 1035 §4.1.4)', () => {
    const out = new Uint8Array(2)
    expect(writePointer(out, 0, 0x3fff)).toBe(2)
    expect([...out]).toEqual([0xff, 0xff])
  })
})

describe('the shape of RDATA', () => {
  const rows: readonly (readonly [type: string, number: number, before: number, names: number, behind: number])[] = [
    ['NS', 2, 0, 1, 0],
    ['CNAME', 5, 0, 1, 0],
    ['SOA', 6, 0, 2, 20],
    ['PTR', 12, 0, 1, 0],
    ['MINFO', 14, 0, 2, 0],
    ['MX', 15, 2, 1, 0],
    ['RP', 17, 0, 2, 0],
    ['AFSDB', 18, 2, 1, 0],
    ['RT', 21, 2, 1, 0],
    ['PX', 26, 2, 2, 0],
    ['SRV', 33, 6, 1, 0],
    ['NAPTR', 35, 4, 1, 0],
    ['KX', 36, 2, 1, 0],
    ['DNAME', 39, 0, 1, 0],
  ]
  test.each(rows)('%s (%d) has names where its RFC says', (_, number, before, names, behind) => {
    expect(rdataShape(number)).toMatchObject({ before, names, behind, open: false })
  })

  test('only the types of RFC 1035 are compressed when written (RFC 3597 §4)', () => {
    const compressed = Array.from({ length: 65_536 }, (_, type) => type).filter(type => rdataShape(type)?.compress)
    expect(compressed).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 12, 14, 15])
  })

  test('every type that RFC 3597 §4 wants decompressed has a shape', () => {
    for (const type of [17, 18, 21, 24, 26, 30, 33, 35]) expect(rdataShape(type), String(type)).toBeDefined()
  })

  test.each([1, 16, 28, 41, 43, 46, 47, 48, 50, 52, 64, 65, 257, 65_280])('type %d is opaque', type => {
    expect(rdataShape(type)).toBeUndefined()
  })

  test('A and AAAA have one length, other types any', () => {
    expect([rdataOctets(1), rdataOctets(28), rdataOctets(2), rdataOctets(65_280)]).toEqual([4, 16, -1, -1])
  })
})
