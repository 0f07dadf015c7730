/** Service bindings by RFC 9460 §2.2, and addresses of private networks by IANA's registries. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressOctets } from '../../src/wire/address-text.ts'
import { isPrivateIpv4, isPrivateIpv6 } from '../../src/wire/private-address.ts'
import { BAD_SVCB, hintsAtPrivate, parametersAt } from '../../src/wire/svcb.ts'
import { guarded, hex, join, labels } from '../support/octets.ts'

describe('RDATA of a service binding', () => {
  const target = labels('svc', 'test')
  const rows: readonly (readonly [what: string, rdata: Uint8Array, parameters: number, hintsPrivate: boolean])[] = [
    ['alias mode', join([0, 0], target), 12, false],
    ['of its own name', hex('0001 00'), 3, false],
    ['with ALPN', join([0, 1], target, hex('0001 0003 026832')), 12, false],
    ['with a public ipv4hint', hex('0001 00 0004 0004 c6336401'), 3, false],
    ['with a private one behind it', hex('0001 00 0004 0008 c6336401 0a000001'), 3, true],
    ['with a private ipv6hint', join(hex('0001 00 0006 0010'), addressOctets('fd00::1')), 3, true],
    ['with the same octets under another key', hex('0001 00 0005 0004 0a000001'), 3, false],
    ['whose target is a pointer', hex('0001 c00c'), BAD_SVCB, false],
    ['whose target does not end', hex('0001 03 737663'), BAD_SVCB, false],
    ['whose parameter is cut', hex('0001 00 0004 0004 0a0000'), BAD_SVCB, false],
    ['whose parameter has half a header', hex('0001 00 0004'), BAD_SVCB, false],
    ['of a priority alone', hex('0001'), BAD_SVCB, false],
  ]
  test.each(rows)('%s', (_, rdata, parameters, hintsPrivate) => {
    const bytes = guarded(join([9, 9], rdata), 2)
    const at = parametersAt(bytes, 2, 2 + rdata.length)
    expect(at).toBe(parameters === BAD_SVCB ? BAD_SVCB : 2 + parameters)
    if (at !== BAD_SVCB) expect(hintsAtPrivate(bytes, at, 2 + rdata.length)).toBe(hintsPrivate)
  })

  test('no octets make it read past the end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), octets => {
        const at = parametersAt(guarded(octets), 0, octets.length)
        if (at !== BAD_SVCB) hintsAtPrivate(guarded(octets), at, octets.length)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('an address of a private network', () => {
  test.each([
    ...[
      '0.0.0.0',
      '10.255.0.1',
      '100.64.0.1',
      '100.127.255.255',
      '127.0.0.1',
      '169.254.1.1',
      '172.16.0.1',
      '172.31.255.255',
    ],
    ...[
      '192.168.0.1',
      '::',
      '::1',
      'fc00::1',
      'fdff::1',
      'fe80::1',
      'febf::1',
      '::ffff:10.0.0.1',
      '64:ff9b::192.168.0.1',
    ],
    ...['2002:a00:1::1', '::127.0.0.1'],
  ])('%s is one', address => expect(isPrivate(address)).toBe(true))

  test.each([
    ...[
      '9.255.255.255',
      '11.0.0.0',
      '100.63.255.255',
      '100.128.0.0',
      '169.253.0.1',
      '172.15.0.1',
      '172.32.0.1',
      '192.167.0.1',
    ],
    ...['192.169.0.1', '2001:db8::1', 'fec0::1', '::ffff:198.51.100.1', '64:ff9b::198.51.100.1', '2002:c633:6401::1'],
  ])('%s is none', address => expect(isPrivate(address)).toBe(false))

  function isPrivate(address: string): boolean {
    const octets = join([7], addressOctets(address))
    return octets.length === 5 ? isPrivateIpv4(octets, 1) : isPrivateIpv6(octets, 1)
  }
})
