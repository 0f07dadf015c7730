/** Client prefixes and clients for benches: a provider's customers, each with a prefix of its own, and policies in turn. */
import { buildPolicies, type Prefix } from '../../src/images/policies.ts'
import { ADDRESS_OCTETS } from '../../src/resolver/query.ts'
import { seeded } from './random.ts'

export const POLICIES = 8
const AF_INET = 2
const AF_INET6 = 10

/** `count` different prefixes: IPv4 addresses in 10.0.0.0/8 and up, IPv6 networks of 56 bits below 2001:db8::/32. */
export function prefixes(count: number, family: 4 | 6): Prefix[] {
  return Array.from({ length: count }, (_, i) => ({
    address: family === 4 ? ipv4Of(i, count) : ipv6Of(i),
    bits: family === 4 ? 32 : 56,
    policy: 1 + (i % (POLICIES - 1)),
  }))
}

export function policyImage(own: readonly Prefix[]): SharedArrayBuffer {
  const contents = Array.from({ length: POLICIES }, (_, i) => ({ categories: [i], allowOnly: [] }))
  return buildPolicies(contents, own, 0, POLICIES)
}

/** Socket addresses one behind the other: every second client has one of the prefixes, the others have none. */
export function clients(count: number, own: readonly Prefix[], family: 4 | 6): Uint8Array {
  const random = seeded(family)
  const out = new Uint8Array(count * ADDRESS_OCTETS)
  for (let i = 0; i < count; i++) {
    const address = own[Math.floor(random() * own.length)]!.address.slice()
    // Every other address is its neighbour, which no prefix names: IPv4 ones are even, IPv6 networks have their 25th bit clear.
    if (i % 2 === 1) address[family === 4 ? 3 : 4]! |= family === 4 ? 1 : 0x80
    out[i * ADDRESS_OCTETS] = family === 4 ? AF_INET : AF_INET6
    out.set(address, i * ADDRESS_OCTETS + (family === 4 ? 4 : 8))
  }
  return out
}

/** Even addresses, spread over 10.0.0.0/8. */
function ipv4Of(index: number, count: number): Uint8Array {
  const host = Math.floor((index / count) * 2 ** 23) * 2
  return Uint8Array.of(10, host >>> 16, host >>> 8, host)
}

function ipv6Of(index: number): Uint8Array {
  const address = new Uint8Array(16)
  address.set([0x20, 1, 0xd, 0xb8, (index >>> 16) & 0x7f, index >>> 8, index])
  return address
}
