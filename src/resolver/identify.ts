/**
 * Data plane. The identify stage: which policy a query has. The address that was asked decides where its listener names a policy;
 * otherwise the longest client prefix; otherwise the default.
 */
import type { PolicyReader } from '../images/policies.ts'
import type { QuerySlot } from './query.ts'

/** struct sockaddr: the family in host order (little-endian on every machine Node runs on), then port, then the address. */
const FAMILY_IPV4 = 2
const IPV4_AT = 4
const IPV6_AT = 8
/** An IPv4 address within IPv6 (RFC 4291 §2.5.5.2) has its last four octets here. */
const MAPPED_IPV4_AT = IPV6_AT + 12

/** A listener without a policy of its own. */
export const NO_POLICY = -1

export function identify(query: QuerySlot, policies: PolicyReader, listenerPolicies: Int32Array): void {
  const asked = listenerPolicies[query.listener]!
  query.policy = asked === NO_POLICY ? policyOfClient(query.client, query.clientAt, policies) : asked
}

function policyOfClient(client: Uint8Array, at: number, policies: PolicyReader): number {
  if (client[at] === FAMILY_IPV4) return policies.ofIpv4(client, at + IPV4_AT)
  return isMapped(client, at) ? policies.ofIpv4(client, at + MAPPED_IPV4_AT) : policies.ofIpv6(client, at + IPV6_AT)
}

function isMapped(client: Uint8Array, at: number): boolean {
  for (let i = 0; i < 10; i++) if (client[at + IPV6_AT + i] !== 0) return false
  return client[at + IPV6_AT + 10] === 0xff && client[at + IPV6_AT + 11] === 0xff
}
