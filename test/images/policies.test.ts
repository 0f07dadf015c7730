/** The policy image against the plainest search for the longest prefix. */
import { describe, expect, test } from 'vitest'
import { buildPolicies, PolicyReader, type Prefix } from '../../src/images/policies.ts'
import { prefixOf } from '../support/images.ts'
import { join, seeded } from '../support/octets.ts'

const octetsOf = (address: string) => prefixOf(address, 0).address
const none = { categories: [], allowOnly: [] }
const readerOf = (prefixes: readonly Prefix[], policies = 200, fallback = 0) =>
  new PolicyReader(
    buildPolicies(
      Array.from({ length: policies }, () => none),
      prefixes,
      fallback,
      40,
    ),
  )

function inPrefix(address: Uint8Array, own: Prefix): boolean {
  if (own.address.length !== address.length) return false
  for (let bit = 0; bit < own.bits; bit++) {
    const differ = (address[bit >>> 3]! ^ own.address[bit >>> 3]!) & (0x80 >>> (bit & 7))
    if (differ !== 0) return false
  }
  return true
}

/** The policy of the longest prefix; of equal ones the later given. */
function longest(address: Uint8Array, prefixes: readonly Prefix[], fallback: number): number {
  let best = -1
  let policy = fallback
  for (const own of prefixes) {
    if (own.bits >= best && inPrefix(address, own)) {
      best = own.bits
      policy = own.policy
    }
  }
  return policy
}

function policyOf(reader: PolicyReader, address: Uint8Array): number {
  const memory = join([9, 9, 9], address, [9])
  return address.length === 4 ? reader.ofIpv4(memory, 3) : reader.ofIpv6(memory, 3)
}

describe('which policy an address has', () => {
  const prefixes = [
    '10.0.0.0/8',
    '10.20.0.0/16',
    '10.20.30.0/24',
    '10.20.30.40/32',
    '10.20.31.0/24',
    '192.0.2.0/25',
    '192.0.2.128/25',
    '255.255.255.255/32',
    '0.0.0.0/32',
    '2001:db8::/32',
    '2001:db8:20::/48',
    '2001:db8:20::7/128',
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128',
    '::/128',
  ]
  const reader = readerOf(
    prefixes.map((text, i) => prefixOf(text, i + 1)),
    20,
  )
  const rows: readonly (readonly [address: string, prefix: string | null])[] = [
    ['10.1.1.1', '10.0.0.0/8'],
    ['10.20.1.1', '10.20.0.0/16'],
    ['10.20.30.1', '10.20.30.0/24'],
    ['10.20.30.39', '10.20.30.0/24'],
    ['10.20.30.40', '10.20.30.40/32'],
    ['10.20.30.41', '10.20.30.0/24'],
    ['10.20.31.0', '10.20.31.0/24'],
    ['10.20.32.0', '10.20.0.0/16'],
    ['10.255.255.255', '10.0.0.0/8'],
    ['11.0.0.0', null],
    ['9.255.255.255', null],
    ['192.0.2.127', '192.0.2.0/25'],
    ['192.0.2.128', '192.0.2.128/25'],
    ['192.0.3.0', null],
    ['0.0.0.0', '0.0.0.0/32'],
    ['0.0.0.1', null],
    ['255.255.255.255', '255.255.255.255/32'],
    ['255.255.255.254', null],
    ['2001:db8::1', '2001:db8::/32'],
    ['2001:db8:20::1', '2001:db8:20::/48'],
    ['2001:db8:20::7', '2001:db8:20::7/128'],
    ['2001:db8:20::8', '2001:db8:20::/48'],
    ['2001:db9::', null],
    ['::', '::/128'],
    ['::1', null],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128'],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe', null],
  ]
  test.each(rows)('%s: %s', (address, prefix) => {
    expect(policyOf(reader, octetsOf(address))).toBe(prefix === null ? 0 : prefixes.indexOf(prefix) + 1)
  })

  test('everybody by /0, and nobody but the families that it names', () => {
    const own = readerOf([prefixOf('0.0.0.0/0', 5)])
    expect(policyOf(own, octetsOf('0.0.0.0'))).toBe(5)
    expect(policyOf(own, octetsOf('255.255.255.255'))).toBe(5)
    expect(policyOf(own, octetsOf('::1'))).toBe(0)
    const all = readerOf([prefixOf('::/0', 6)])
    expect(policyOf(all, octetsOf('ffff::'))).toBe(6)
    expect(policyOf(all, octetsOf('192.0.2.1'))).toBe(0)
  })

  test('without prefixes the fallback, which need not be the first', () => {
    const own = readerOf([], 9, 7)
    expect(own.fallback).toBe(7)
    expect(policyOf(own, octetsOf('192.0.2.1'))).toBe(7)
    expect(policyOf(own, octetsOf('2001:db8::'))).toBe(7)
  })
})

/** Random prefixes that nest and touch: addresses drawn near one another. */
function randomPrefixes(octets: 4 | 16, count: number, random: (below: number) => number): Prefix[] {
  const centres = Array.from({ length: 20 }, () => Uint8Array.from({ length: octets }, () => random(256)))
  return Array.from({ length: count }, () => {
    const bits = random(20) === 0 ? random(octets * 8 + 1) : octets * 8 - random(octets * 4)
    return { address: masked(near(centres[random(20)]!, random), bits), bits, policy: random(200) }
  })
}

function near(centre: Uint8Array, random: (below: number) => number): Uint8Array {
  const own = centre.slice()
  for (let i = own.length - 1 - random(own.length); i < own.length; i++) own[i] = random(256)
  return own
}

function masked(address: Uint8Array, bits: number): Uint8Array {
  return address.map((octet, i) => octet & (0xff00 >>> Math.max(0, Math.min(8, bits - i * 8))))
}

describe('thousands of random prefixes', () => {
  test.each([4, 16] as const)('of %d octets agree with the plain search', octets => {
    const random = seeded(octets)
    for (const count of [1, 2, 10, 300, 3000]) {
      // Equal prefixes once: which of them wins is nobody's promise.
      const byText = new Map(randomPrefixes(octets, count, random).map(own => [`${own.address}/${own.bits}`, own]))
      const prefixes = [...byText.values()]
      const reader = readerOf(prefixes, 200, 3)
      for (let i = 0; i < 1500; i++) {
        const own = prefixes[random(prefixes.length)]!
        const address = random(4) === 0 ? near(own.address, random) : edge(own, random(4))
        const wanted = longest(address, prefixes, 3)
        if (policyOf(reader, address) !== wanted) throw new Error(`${address} of ${count}: not ${wanted}`)
      }
    }
  })
})

/** The first or last address of a prefix, or the one before or after. */
function edge(own: Prefix, which: number): Uint8Array {
  const size = own.address.length * 8
  const first = own.address.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n)
  const last = first + (1n << BigInt(size - own.bits)) - 1n
  const value = BigInt.asUintN(size, [first, last, first - 1n, last + 1n][which]!)
  return Uint8Array.from({ length: own.address.length }, (_, i) => Number((value >> BigInt(size - 8 - 8 * i)) & 0xffn))
}

describe('which categories a policy has', () => {
  const reader = new PolicyReader(
    buildPolicies(
      [
        { categories: [0, 31, 32, 69], allowOnly: [] },
        { categories: [], allowOnly: [33] },
      ],
      [],
      0,
      70,
    ),
  )
  test('each by its own bit', () => {
    const of = (policy: number) => Array.from({ length: 70 }, (_, i) => i).filter(i => reader.hasCategory(policy, i))
    expect(of(0)).toEqual([0, 31, 32, 69])
    expect(of(1)).toEqual([])
  })

  test('and which it allows only', () => {
    expect([reader.isAllowOnly(0), reader.isAllowOnly(1)]).toEqual([false, true])
    expect([32, 33, 34].map(category => reader.allowsOnly(1, category))).toEqual([false, true, false])
  })

  test('an image that is none is refused', () => {
    expect(() => new PolicyReader(new SharedArrayBuffer(64))).toThrow(TypeError)
  })

  test('more policies than 16 bits number are refused', () => {
    expect(() =>
      buildPolicies(
        Array.from({ length: 65_536 }, () => none),
        [],
        0,
        1,
      ),
    ).toThrow(RangeError)
  })
})
