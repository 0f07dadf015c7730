/** The PROXY protocol's header, version 2, by the text of its specification (section 2.2). */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BAD_PROXY, readProxyHeader } from '../../src/wire/proxy-protocol.ts'
import { guarded, hex, join } from '../support/octets.ts'

const SIGNATURE = '0d0a0d0a000d0a515549540a'
const V4 = 'c0000207 c0000235 1092 0035'
const V6 = `20010db8${'00'.repeat(11)}07 20010db8${'00'.repeat(11)}35 1092 0035`

const rows: readonly (readonly [what: string, header: string, source: string | null])[] = [
  ['UDP over IPv4', `${SIGNATURE} 21 12 000c ${V4}`, '0200 1092 c0000207'],
  ['TCP over IPv4', `${SIGNATURE} 21 11 000c ${V4}`, '0200 1092 c0000207'],
  ['UDP over IPv6', `${SIGNATURE} 21 22 0024 ${V6}`, `0a00 1092 00000000 20010db8${'00'.repeat(11)}07`],
  ['with TLVs behind', `${SIGNATURE} 21 12 0010 ${V4} 03 0001 ff`, '0200 1092 c0000207'],
  ['LOCAL, of the proxy itself', `${SIGNATURE} 20 00 0000`, ''],
  ['of no family', `${SIGNATURE} 21 00 0000`, ''],
  ['another signature', `${SIGNATURE.replace('51', '52')} 21 12 000c ${V4}`, null],
  ['version 1', `${SIGNATURE} 11 12 000c ${V4}`, null],
  ['another command', `${SIGNATURE} 22 12 000c ${V4}`, null],
  ['a unix socket', `${SIGNATURE} 21 31 000c ${V4}`, null],
  ['a block too short for its family', `${SIGNATURE} 21 12 000b ${V4.slice(0, -3)}`, null],
  ['longer than what came', `${SIGNATURE} 21 12 000d ${V4}`, null],
  ['longer than any header', `${SIGNATURE} 21 12 ffff ${V4}`, null],
  ['cut', SIGNATURE, null],
]

describe('a header', () => {
  test.each(rows)('%s', (_, header, source) => {
    const octets = hex(header.replaceAll(' ', ''))
    const into = new Uint8Array(28)
    const after = readProxyHeader(guarded(join([1, 2], octets)), 2, 2 + octets.length, into)
    expect(after).toBe(source === null ? BAD_PROXY : 2 + octets.length)
    if (source === null) return
    const expected = hex(source.replaceAll(' ', ''))
    expect(into.subarray(0, expected.length)).toEqual(expected)
    expect(into.subarray(expected.length)).toEqual(new Uint8Array(28 - expected.length))
  })

  test('no octets make it read past the end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (tail, signed) => {
        const octets = signed ? join(hex(SIGNATURE), tail) : tail
        const after = readProxyHeader(guarded(octets), 0, octets.length, new Uint8Array(28))
        expect(after === BAD_PROXY || (after >= 16 && after <= octets.length)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})
