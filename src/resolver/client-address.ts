/** Data plane. The client's address within the socket address that a query carries. */
import type { QuerySlot } from './query.ts'

/** struct sockaddr: the family in host order (little-endian on every machine Node runs on), then port, then the address. */
const FAMILY_IPV4 = 2
const IPV4_AT = 4
const IPV6_AT = 8
/** An IPv4 address within IPv6 (RFC 4291 §2.5.5.2) has its last four octets here. */
const MAPPED_IPV4_AT = IPV6_AT + 12

export const IPV4_OCTETS = 4
export const IPV6_OCTETS = 16

/** Memory in which the address of who asks stands, see `addressAt`: the client's, or that which a proxy has given. */
export function addressMemory(query: QuerySlot): Uint8Array {
  return query.proxied ? query.proxyClient : query.client
}

/** Whether a client has an IPv4 address, in whatever form. */
export function hasIpv4(query: QuerySlot): boolean {
  const bytes = addressMemory(query)
  const at = query.proxied ? 0 : query.clientAt
  return bytes[at] === FAMILY_IPV4 || isMapped(bytes, at)
}

/** Where the 4 octets of an IPv4 client's address stand in `addressMemory`, or the 16 of an IPv6 one. */
export function addressAt(query: QuerySlot): number {
  const bytes = addressMemory(query)
  const at = query.proxied ? 0 : query.clientAt
  if (bytes[at] === FAMILY_IPV4) return at + IPV4_AT
  return at + (isMapped(bytes, at) ? MAPPED_IPV4_AT : IPV6_AT)
}

function isMapped(client: Uint8Array, at: number): boolean {
  for (let i = 0; i < 10; i++) if (client[at + IPV6_AT + i] !== 0) return false
  return client[at + IPV6_AT + 10] === 0xff && client[at + IPV6_AT + 11] === 0xff
}
