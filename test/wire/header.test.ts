/** The header's bits by RFC 1035 §4.1.1 and RFC 2535 §6.1, judged by dns-packet. */
import packet from 'dns-packet'
import { describe, expect, test } from 'vitest'
import {
  additionalCount,
  answerCount,
  authorityCount,
  copiedFlags,
  FLAG_AA,
  FLAG_AD,
  FLAG_CD,
  FLAG_QR,
  FLAG_RA,
  FLAG_RD,
  FLAG_TC,
  HEADER_OCTETS,
  messageFlags,
  messageId,
  opcodeOf,
  putCounts,
  putFlags,
  putId,
  questionCount,
  rcodeOf,
  writeHeader,
} from '../../src/wire/header.ts'
import { copyOctets, putU16, putU32, u16, u32 } from '../../src/wire/octets.ts'
import { hex } from '../support/octets.ts'

describe('the header', () => {
  test('is twelve octets: id, flags, four counts', () => {
    const out = new Uint8Array(16).fill(0xee)
    expect(writeHeader(out, 2, 0xabcd, 0x8180, 1, 2, 3, 0xfffe)).toBe(2 + HEADER_OCTETS)
    expect(out).toEqual(hex('eeee abcd 8180 0001 0002 0003 fffe eeee'))
    expect([messageId(out, 2), messageFlags(out, 2)]).toEqual([0xabcd, 0x8180])
    expect([questionCount(out, 2), answerCount(out, 2), authorityCount(out, 2), additionalCount(out, 2)]).toEqual([
      1, 2, 3, 0xfffe,
    ])
  })

  test('is changed in place', () => {
    const out = new Uint8Array(12)
    writeHeader(out, 0, 1, 2, 3, 4, 5, 6)
    putId(out, 0, 0x1111)
    putFlags(out, 0, 0x2222)
    putCounts(out, 0, 7, 8, 9)
    expect(out).toEqual(hex('1111 2222 0003 0007 0008 0009'))
  })

  const flags: readonly (readonly [name: string, ours: number, theirs: keyof packet.DecodedPacket | ''])[] = [
    ['QR', FLAG_QR, ''],
    ['AA', FLAG_AA, 'flag_aa'],
    ['TC', FLAG_TC, 'flag_tc'],
    ['RD', FLAG_RD, 'flag_rd'],
    ['RA', FLAG_RA, 'flag_ra'],
    ['AD', FLAG_AD, 'flag_ad'],
    ['CD', FLAG_CD, 'flag_cd'],
  ]
  test.each(flags)('%s is where dns-packet has it', (_, ours, theirs) => {
    const out = Buffer.alloc(12)
    writeHeader(out, 0, 0, ours, 0, 0, 0, 0)
    const read = packet.decode(out)
    if (theirs === '') expect(read.type).toBe('response')
    else expect(read[theirs]).toBe(true)
  })

  test('opcode and RCODE are read alone, whatever stands beside them', () => {
    for (let value = 0; value < 16; value++) {
      expect(opcodeOf(0x87ff | (value << 11))).toBe(value)
      expect(rcodeOf(0xfff0 | value)).toBe(value)
    }
  })

  test('an answer takes over opcode, RD and CD of its query and nothing else', () => {
    expect(copiedFlags(0xffff)).toBe(0x7800 | FLAG_RD | FLAG_CD)
    expect(copiedFlags(0xffff & ~(0x7800 | FLAG_RD | FLAG_CD))).toBe(0)
  })
})

describe('numbers', () => {
  test('are big-endian and unsigned', () => {
    expect(u16(hex('00 fffe'), 1)).toBe(0xfffe)
    expect(u32(hex('00 fffefdfc'), 1)).toBe(0xfffefdfc)
  })

  test('are written as they are read', () => {
    const out = new Uint8Array(8)
    for (const value of [0, 1, 0x7fff, 0x8000, 0xffff]) {
      expect(putU16(out, 1, value)).toBe(3)
      expect(u16(out, 1)).toBe(value)
    }
    for (const value of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff]) {
      expect(putU32(out, 3, value)).toBe(7)
      expect(u32(out, 3)).toBe(value)
    }
  })

  test('octets are copied between offsets', () => {
    const out = new Uint8Array(5)
    expect(copyOctets(hex('0102030405'), 1, out, 2, 3)).toBe(5)
    expect(out).toEqual(hex('0000020304'))
  })
})
