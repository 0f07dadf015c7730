/**
 * Data plane. The order in which a query meets the stages, and nothing else.
 *
 * Owns: every branch between stages. Never: reads octets, allocates, awaits, logs.
 * To follow a query, read this file, then the stages in the order they are called. What a query may cost stands beside them, in
 * nanoseconds, as `npm run bench` measures it; the kernel's share of a datagram is some 4,500.
 */

import { answerBlocked } from './blocked.ts'
import { lookUp } from './cached.ts'
import { BLOCKED, filter } from './filter.ts'
import { identify } from './identify.ts'
import { answerLocally } from './local.ts'
import type { Plane } from './plane.ts'
import { ANSWERED, type QuerySlot, type Verdict } from './query.ts'

/** Takes an admitted query through the stages. On ANSWERED the answer stands in `query.out`; on PARKED it comes later. */
export function resolve(query: QuerySlot, plane: Plane): Verdict {
  // Before anything that depends on who asks.
  identify(query, plane.images.policies, plane.listenerPolicies)

  // Before the filter: the operator's own names, and those that mean nothing outside a host, are not anybody's to flag.
  if (answerLocally(query, plane.local) === ANSWERED) return ANSWERED

  // Before the cache: a name flagged a second ago must not be answered from yesterday's memory, nor a verdict be remembered.
  if (filter(query, plane.images, plane.findings) === BLOCKED) {
    return answerBlocked(query, plane.images, plane.blockAnswers)
  }

  if (lookUp(query, plane.cache, plane.clock.nowSeconds) === ANSWERED) return ANSWERED

  // One upstream question per name in flight, however many clients ask.
  return plane.forwarder.forward(query)
}
