/**
 * Data plane. The access stage: who may ask at all, and how often.
 *
 * A resolver for a provider's own clients is closed to everybody else, or it is an amplifier for whoever forges addresses (RFC 5358 §4).
 * A client that may ask, but asks more than its prefix is given, is told over UDP now and then to come back over TCP, which cannot be
 * forged, and is otherwise not answered; one with a valid cookie has shown that it is where it says (RFC 7873 §5.2.3).
 */
import * as fromCounters from '../images/counters.ts'
import type { PolicyReader } from '../images/policies.ts'
import * as fromTypes from '../wire/types.ts'
import * as fromAccount from './account.ts'
import * as fromIdentify from './identify.ts'
import type { Plane } from './plane.ts'
import type { QuerySlot, Verdict } from './query.ts'
import * as fromQuery from './query.ts'
import type { RateLimit } from './rate-limit.ts'
import * as fromRateLimit from './rate-limit.ts'
import * as fromReply from './reply.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { FROM_REFUSAL, UDP } = fromCounters
const { EDE_PROHIBITED, NOERROR, REFUSED } = fromTypes
const { add } = fromAccount
const { policyOfClient } = fromIdentify
const { ANSWERED, DROPPED, PASS } = fromQuery
const { DROP, SLIP } = fromRateLimit
const { answerCutShort, answerEmpty } = fromReply

/** What the image of clients says of who is in none of its prefixes; the others have 1. */
const STRANGER = 0

export interface Access {
  /** Prefixes that may ask, as policy 1 of a policy image; null: everybody may. */
  readonly clients: PolicyReader | null
  /** Listeners that everybody who reaches them may ask: those on loopback. */
  readonly openListeners: Uint8Array
  readonly strangersAreDropped: boolean
  readonly rateLimit: RateLimit | null
}

export function permit(query: QuerySlot, plane: Plane): Verdict {
  const { clients, openListeners, rateLimit } = plane.access
  // Who is behind a proxy has not reached the listener: the proxy has.
  if (openListeners[query.listener] === 1 && !query.proxied) return PASS
  if (clients !== null && policyOfClient(query, clients) === STRANGER) return turnAway(query, plane)
  if (rateLimit === null || query.transport !== UDP || query.cookieIsValid) return PASS
  const verdict = rateLimit.take(query, plane.clock)
  if (verdict === SLIP) return slip(query, plane)
  if (verdict !== DROP) return PASS
  add(plane, 'rateLimited', 1)
  return DROPPED
}

function turnAway(query: QuerySlot, plane: Plane): Verdict {
  add(plane, 'strangers', 1)
  if (plane.access.strangersAreDropped) return DROPPED
  query.source = FROM_REFUSAL
  query.ede = EDE_PROHIBITED
  answerEmpty(query, REFUSED)
  return ANSWERED
}

function slip(query: QuerySlot, plane: Plane): Verdict {
  add(plane, 'rateSlipped', 1)
  query.source = FROM_REFUSAL
  answerCutShort(query, NOERROR)
  return ANSWERED
}
