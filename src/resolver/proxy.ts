/**
 * Data plane. Datagrams that a proxy sends on for others: its header (PROXY protocol, version 2) says for whom. Only a proxy that the operator
 * names is believed, and it must send a header with every datagram.
 */
import type { PolicyReader } from '../images/policies.ts'
import * as fromProxyProtocol from '../wire/proxy-protocol.ts'
import * as fromIdentify from './identify.ts'
import type { QuerySlot } from './query.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { BAD_PROXY, readProxyHeader } = fromProxyProtocol
const { policyOfClient } = fromIdentify

/** Whether a query comes from a proxy, by an image that has proxies as policy 1. */
export function isFromProxy(query: QuerySlot, proxies: PolicyReader): boolean {
  query.proxied = false
  return policyOfClient(query, proxies) === 1
}

/** Takes the header off a proxy's datagram, which then stands where the header did; false where there is none that makes sense. */
export function unwrap(query: QuerySlot, proxies: PolicyReader): boolean {
  if (!isFromProxy(query, proxies)) return true
  const after = readProxyHeader(query.bytes, query.start, query.end, query.proxyClient)
  if (after === BAD_PROXY) return false
  query.proxied = query.proxyClient[0] !== 0
  query.bytes.copyWithin(query.start, after, query.end)
  query.end -= after - query.start
  return true
}
