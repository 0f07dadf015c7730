/**
 * Given addresses in the filter image: for each set a count of IPv4 and of IPv6 addresses, an octet each, then the addresses in network
 * order. The section begins with the offset of every set, 32 bits each, and of its own end.
 */

/** Given addresses instead of a mode: an RPZ's local data. Octets in network order. */
export interface GivenAddresses {
  readonly ipv4: readonly Uint8Array[]
  readonly ipv6: readonly Uint8Array[]
}

/** More addresses of one kind than this in one answer are not kept. */
const ADDRESSES_MAX = 16

export function givenOctets(addresses: GivenAddresses): Uint8Array {
  const ipv4 = addresses.ipv4.slice(0, ADDRESSES_MAX)
  const ipv6 = addresses.ipv6.slice(0, ADDRESSES_MAX)
  return Uint8Array.from([ipv4.length, ipv6.length, ...ipv4.flatMap(own => [...own]), ...ipv6.flatMap(own => [...own])])
}

/** Where the set of a number starts in the section. */
export function givenAt(section: Uint8Array, number: number): number {
  const at = number * 4
  return section[at]! | (section[at + 1]! << 8) | (section[at + 2]! << 16) | (section[at + 3]! << 24)
}

export const givenIpv4Count = (section: Uint8Array, at: number) => section[at]!
export const givenIpv6Count = (section: Uint8Array, at: number) => section[at + 1]!
export const givenIpv4At = (at: number) => at + 2
export const givenIpv6At = (section: Uint8Array, at: number) => at + 2 + 4 * section[at]!
