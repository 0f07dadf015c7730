/**
 * Data plane. The identify stage: which policy a query has. The address that was asked decides where its listener names a policy;
 * otherwise the longest client prefix; otherwise the default.
 */
import type { PolicyReader } from '../images/policies.ts'
import * as fromClientAddress from './client-address.ts'
import type { QuerySlot } from './query.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { addressAt, addressMemory, hasIpv4 } = fromClientAddress

/** A listener without a policy of its own. */
export const NO_POLICY = -1

export function identify(query: QuerySlot, policies: PolicyReader, listenerPolicies: Int32Array): void {
  const asked = listenerPolicies[query.listener]!
  query.policy = asked === NO_POLICY ? policyOfClient(query, policies) : asked
  // Nothing is known yet of rules about this client.
  query.clientExcepted = 0
  query.monitoredFeed = -1
}

/** The policy of the longest prefix that covers a query's client. */
export function policyOfClient(query: QuerySlot, policies: PolicyReader): number {
  const at = addressAt(query)
  const bytes = addressMemory(query)
  return hasIpv4(query) ? policies.ofIpv4(bytes, at) : policies.ofIpv6(bytes, at)
}
