/** EDNS by RFC 6891, and Extended DNS Errors by RFC 8914. */
import packet from 'dns-packet'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  OPT_OCTETS,
  optDnssecOk,
  optExtendedRcode,
  optPayload,
  optVersion,
  type QueryOptions,
  readOptions,
  UDP_OCTETS_MAX,
  writeExtendedError,
  writeOpt,
} from '../../src/wire/edns.ts'
import { writeHeader } from '../../src/wire/header.ts'
import { BADVERS, NOERROR } from '../../src/wire/types.ts'
import { guarded, hex, join } from '../support/octets.ts'

describe('an OPT that is written', () => {
  const rows: readonly (readonly [what: string, rcode: number, dnssecOk: boolean, octets: string])[] = [
    ['is bare and says 1232 octets (RFC 9715 §3)', NOERROR, false, '00 0029 04d0 00 00 0000 0000'],
    ['keeps DO (RFC 3225 §3)', NOERROR, true, '00 0029 04d0 00 00 8000 0000'],
    ['has the upper bits of an extended RCODE (RFC 6891 §6.1.3)', BADVERS, false, '00 0029 04d0 01 00 0000 0000'],
    ['has none of a small one', 5, false, '00 0029 04d0 00 00 0000 0000'],
    ['has all eight of the largest', 0xfff, false, '00 0029 04d0 ff 00 0000 0000'],
  ]
  test.each(rows)('%s', (_, rcode, dnssecOk, octets) => {
    const out = new Uint8Array(13).fill(0xee)
    expect(writeOpt(out, 1, rcode, dnssecOk)).toBe(1 + OPT_OCTETS)
    expect(out).toEqual(join([0xee], hex(octets), [0xee]))
  })

  test('is read again field by field', () => {
    const opt = hex('00 0029 1234 56 78 8001 0000')
    expect([optPayload(opt, 1), optExtendedRcode(opt, 1), optVersion(opt, 1), optDnssecOk(opt, 1)]).toEqual([
      0x1234,
      0x56,
      0x78,
      true,
    ])
    expect(optDnssecOk(hex('00 0029 1234 56 78 7fff 0000'), 1)).toBe(false)
  })
})

describe('options', () => {
  const none = (): QueryOptions => ({ cookieAt: -1, cookieOctets: 0, wantsKeepalive: false, wantsStructured: false })
  const wellFormed = (octets: Uint8Array) => readOptions(guarded(octets), 0, octets.length, none(), 0)
  const rows: readonly (readonly [what: string, octets: string, well: boolean])[] = [
    ['none', '', true],
    ['one, empty', '0064 0000', true],
    ['one of two octets', '0064 0002 abcd', true],
    ['two', '0064 0001 ab 000b 0000', true],
    ['half a header', '000a 00', false],
    ['a length past the end', '000a 0003 abcd', false],
    ['octets behind the last', '000a 0001 ab cd', false],
    ['a length that would wrap', '000a ffff', false],
  ]
  test.each(rows)('%s', (_, octets, well) => expect(wellFormed(hex(octets))).toBe(well))

  test('only the first 32 are read: thousands of empty ones cost no more', () => {
    const empty = hex('0064 0000')
    const many = (count: number) => join(...Array.from({ length: count }, () => empty))
    expect(wellFormed(join(many(31), hex('000a 0003')))).toBe(false)
    expect(wellFormed(join(many(32), hex('000a 0003')))).toBe(true)
    const flood = guarded(many(10_000), 0, 32 * 4)
    expect(readOptions(flood, 0, 40_000, none(), 0)).toBe(true)
  })

  test('no octets make it throw, or read past the end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), octets => {
        expect(typeof wellFormed(octets)).toBe('boolean')
      }),
      { numRuns: 2000 },
    )
  })
})

describe('an Extended DNS Error', () => {
  const text = Buffer.from('--CASE-7')
  /** A message of a header and an OPT with the error, at most `limit` octets. */
  const written = (limit: number) => {
    const out = Buffer.alloc(200)
    const optAt = writeHeader(out, 0, 1, 0x8180, 0, 0, 0, 1)
    const end = writeOpt(out, optAt, NOERROR, false)
    const after = writeExtendedError(out, optAt, end, limit, 15, text, 2, 6)
    return { end, after, message: out.subarray(0, after) }
  }
  const optionOf = (message: Buffer) => {
    const [opt] = packet.decode(message).additionals ?? []
    if (opt?.type !== 'OPT') throw new Error('no OPT')
    const options = opt.options as unknown as { code: number; data: Buffer }[]
    return options.map(own => [own.code, own.data.toString('hex')])
  }

  test('is option 15: INFO-CODE and text (RFC 8914 §2)', () => {
    const { message } = written(200)
    expect(optionOf(message)).toEqual([[15, `000f${Buffer.from('CASE-7').toString('hex')}`]])
  })

  test('loses its text where that does not fit by one octet', () => {
    const { end, message } = written(12 + OPT_OCTETS + 6 + 5)
    expect(message.length).toBe(end + 6)
    expect(optionOf(message)).toEqual([[15, '000f']])
  })

  test('keeps its text where that fits exactly', () => {
    const { after } = written(12 + OPT_OCTETS + 6 + 6)
    expect(after).toBe(12 + OPT_OCTETS + 6 + 6)
  })

  test('is left out where even the code does not fit', () => {
    const { end, after, message } = written(12 + OPT_OCTETS + 5)
    expect(after).toBe(end)
    expect(optionOf(message)).toEqual([])
  })
})

test('what is sent over UDP stays below every path MTU in use', () => expect(UDP_OCTETS_MAX).toBe(1232))
