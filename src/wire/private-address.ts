/**
 * Addresses that mean something only within a network: those of private and loopback use, link-local, unspecified (IANA's special-purpose
 * address registries, RFC 6890). In the answer for a public name they turn a visitor's browser against its own network (DNS rebinding).
 */

/** Whether the IPv4 address at `at` is private: 0/8, 10/8, 100.64/10, 127/8, 169.254/16, 172.16/12, 192.168/16. */
export function isPrivateIpv4(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at]!
  const second = bytes[at + 1]!
  if (first === 0 || first === 10 || first === 127) return true
  if (first === 100) return (second & 0xc0) === 64
  if (first === 169) return second === 254
  if (first === 172) return (second & 0xf0) === 16
  return first === 192 && second === 168
}

/** Whether the IPv6 address at `at` is private: ::, ::1, fc00::/7, fe80::/10, or one of IPv4 within IPv6 (RFC 4291 §2.5.5, RFC 6052 §2.1) that is. */
export function isPrivateIpv6(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at]!
  if ((first & 0xfe) === 0xfc) return true
  if (first === 0xfe) return (bytes[at + 1]! & 0xc0) === 0x80
  // 6to4 (RFC 3056 §2) has it behind its first two octets.
  if (first === 0x20 && bytes[at + 1] === 0x02) return isPrivateIpv4(bytes, at + 2)
  return embedsIpv4(bytes, at) && isPrivateIpv4(bytes, at + 12)
}

const WELL_KNOWN_NAT64 = Uint8Array.of(0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0)

/** Whether the last four octets of an IPv6 address are one of IPv4: ::/96 (:: and ::1 among them), ::ffff:0:0/96, 64:ff9b::/96 (RFC 6052 §2.1). */
function embedsIpv4(bytes: Uint8Array, at: number): boolean {
  let isNat64 = true
  let zeroes = 0
  for (let i = 0; i < 12; i++) {
    if (bytes[at + i] !== WELL_KNOWN_NAT64[i]) isNat64 = false
    if (zeroes === i && bytes[at + i] === 0) zeroes++
  }
  if (isNat64 || zeroes === 12) return true
  return zeroes === 10 && bytes[at + 10] === 0xff && bytes[at + 11] === 0xff
}
