/**
 * Data plane. The header of the PROXY protocol, version 2, before a datagram or at the beginning of a stream: who really asks, said by a
 * proxy in front.
 *
 *     signature (12) │ version, command (1) │ family, transport (1) │ octets that follow (2) │ source, destination, ports │ TLVs
 */
import * as fromOctets from './octets.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { copyOctets, u16 } = fromOctets

export const PROXY_FIXED_OCTETS = 16
/** What a header may have: addresses, and TLVs that are passed over. */
export const PROXY_OCTETS_MAX = PROXY_FIXED_OCTETS + 512
/** Not a header, or not a whole one that makes sense. */
export const BAD_PROXY = -1

const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a)
const VERSION_2 = 0x20
const LOCAL = 0
const PROXY = 1
const FAMILY_UNSPECIFIED = 0
const FAMILY_IPV4 = 1
const FAMILY_IPV6 = 2
/** Two addresses and two ports. */
const IPV4_BLOCK_OCTETS = 12
const IPV6_BLOCK_OCTETS = 36

/** How long the header at `at` is in all, from its first 16 octets; BAD_PROXY where these are none. */
export function proxyHeaderOctets(bytes: Uint8Array, at: number): number {
  for (let i = 0; i < SIGNATURE.length; i++) if (bytes[at + i] !== SIGNATURE[i]) return BAD_PROXY
  const octets = PROXY_FIXED_OCTETS + u16(bytes, at + 14)
  return octets > PROXY_OCTETS_MAX ? BAD_PROXY : octets
}

/**
 * Reads the header in `bytes[at, end)`; returns the offset after it, or BAD_PROXY. `into` gets the source as a struct sockaddr (28 octets);
 * its first octet stays 0 where the header names nobody (LOCAL, or a family that is no address).
 */
export function readProxyHeader(bytes: Uint8Array, at: number, end: number, into: Uint8Array): number {
  if (end - at < PROXY_FIXED_OCTETS) return BAD_PROXY
  const octets = proxyHeaderOctets(bytes, at)
  if (octets === BAD_PROXY || at + octets > end) return BAD_PROXY
  into.fill(0)
  const command = bytes[at + 12]! ^ VERSION_2
  if (command === LOCAL) return at + octets
  if (command !== PROXY) return BAD_PROXY
  const family = bytes[at + 13]! >>> 4
  const block = octets - PROXY_FIXED_OCTETS
  if (family === FAMILY_UNSPECIFIED) return at + octets
  if (family === FAMILY_IPV4 && block >= IPV4_BLOCK_OCTETS) putSource(bytes, at + PROXY_FIXED_OCTETS, 4, 2, 4, into)
  else if (family === FAMILY_IPV6 && block >= IPV6_BLOCK_OCTETS)
    putSource(bytes, at + PROXY_FIXED_OCTETS, 16, 10, 8, into)
  else return BAD_PROXY
  return at + octets
}

/** Writes family, port and address as Linux has them in a socket address. */
function putSource(
  bytes: Uint8Array,
  at: number,
  addressOctets: number,
  family: number,
  addressAt: number,
  into: Uint8Array,
): void {
  into[0] = family
  copyOctets(bytes, at + 2 * addressOctets, into, 2, 2)
  copyOctets(bytes, at, into, addressAt, addressOctets)
}
