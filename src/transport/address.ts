/**
 * Socket addresses as the data plane has them, in any driver: struct sockaddr_in or sockaddr_in6 of Linux in 28 octets.
 *
 *     IPv4:  family (2, host order) │ port (2) │ address (4) │ zeroes
 *     IPv6:  family (2, host order) │ port (2) │ flow (4) │ address (16) │ scope (4)
 */
import { addressOctets } from '../wire/address-text.ts'
import { AF_INET, AF_INET6, SOCKADDR_IN_OCTETS, SOCKADDR_OCTETS } from './kernel.ts'

const PORT_AT = 2
const IPV4_AT = 4
const IPV6_AT = 8

/** Writes an address and port as a socket address at `into[at]`; returns its length for the kernel. */
export function writeSocketAddress(address: string, port: number, into: Uint8Array, at = 0): number {
  into.fill(0, at, at + SOCKADDR_OCTETS)
  const octets = addressOctets(address)
  const family = octets.length === 4 ? AF_INET : AF_INET6
  into[at] = family
  into[at + PORT_AT] = port >>> 8
  into[at + PORT_AT + 1] = port & 0xff
  into.set(octets, at + (family === AF_INET ? IPV4_AT : IPV6_AT))
  return family === AF_INET ? SOCKADDR_IN_OCTETS : SOCKADDR_OCTETS
}

/** The port of the socket address at `from[at]`. */
export function socketPort(from: Uint8Array, at: number): number {
  return (from[at + PORT_AT]! << 8) | from[at + PORT_AT + 1]!
}

/** The address of the socket address at `from[at]` as text. */
export function socketAddressText(from: Uint8Array, at: number): string {
  if (from[at] === AF_INET) return from.subarray(at + IPV4_AT, at + IPV4_AT + 4).join('.')
  const words = Array.from({ length: 8 }, (_, i) =>
    ((from[at + IPV6_AT + 2 * i]! << 8) | from[at + IPV6_AT + 2 * i + 1]!).toString(16),
  )
  return words.join(':')
}

/** Octets of a socket address that the kernel wants to see. */
export function socketAddressOctets(from: Uint8Array, at: number): number {
  return from[at] === AF_INET ? SOCKADDR_IN_OCTETS : SOCKADDR_OCTETS
}

/** The ports of echo, daytime, quote and chargen, and 0: whoever asks from there is forged, and would answer our answer (CERT CA-1996-01). */
export function isReflectingPort(port: number): boolean {
  return port === 0 || port === 7 || port === 13 || port === 17 || port === 19
}
