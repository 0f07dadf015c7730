/**
 * Data plane. The order in which a query meets the stages, and nothing else.
 *
 * Owns: every branch between stages. Never: reads octets, allocates, awaits, logs.
 * To follow a query, read this file, then the stages in the order they are called.
 *
 * The budget, in ns a query, with a list of 100,000 names; `npm run bench` measures it. The kernel's share of a datagram, in and out, is 1,800 to 4,000
 * beside it, by the machine.
 *
 *     admit 60 │ permit and identify 10 │ local names 2 │ filter 120 where it hits, 20 where not │ block answer 140, a third of it without EDNS
 *     cache and answer 136 │ counting 10 │ the batch driver 40
 */

import * as fromTypes from '../wire/types.ts'
import * as fromAccess from './access.ts'
import * as fromAccount from './account.ts'
import * as fromBlocked from './blocked.ts'
import type { AnswerRecords } from './cache.ts'
import * as fromCached from './cached.ts'
import * as fromFilter from './filter.ts'
import * as fromFilterAddress from './filter-address.ts'
import * as fromIdentify from './identify.ts'
import * as fromInspect from './inspect.ts'
import * as fromLocal from './local.ts'
import type { Plane } from './plane.ts'
import type { QuerySlot, Verdict } from './query.ts'
import * as fromQuery from './query.ts'
import * as fromQuestionName from './question-name.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { CLASS_IN } = fromTypes
const { permit } = fromAccess
const { countMonitored } = fromAccount
const { answerBlocked } = fromBlocked
const { answerFrom, lookUp } = fromCached
const { BLOCKED, filter, probe } = fromFilter
const { filterClient } = fromFilterAddress
const { identify } = fromIdentify
const { inspect } = fromInspect
const { answerLocally } = fromLocal
const { ANSWERED, PASS } = fromQuery
const { readName } = fromQuestionName

/** Takes an admitted query through the stages. On ANSWERED the answer stands in `query.out`; on PARKED it comes later. */
export function resolve(query: QuerySlot, plane: Plane): Verdict {
  // Before who may ask how often: who shows a cookie of ours is no forgery.
  if (query.cookieOctets > 0) exchangeCookie(query, plane)

  // Before anything that costs more than a look at the client's address.
  const permitted = permit(query, plane)
  if (permitted !== PASS) return permitted

  // Names of class CH are not names of the DNS at all.
  if (query.qclass !== CLASS_IN) return plane.own.answerChaos(query)

  // Before anything that depends on who asks.
  identify(query, plane.images.policies, plane.listenerPolicies)

  // Before the filter: the operator's own names, and those that mean nothing outside a host, are not anybody's to flag.
  if (plane.own.answerResolverInfo(query) === ANSWERED || answerLocally(query, plane.local) === ANSWERED)
    return ANSWERED

  // Before the names: whom a feed names by address has one answer to all of them, or is spared its class.
  if (plane.images.filter.clients.count > 0 && filterClient(query, plane.images) === BLOCKED)
    return answerBlocked(query, plane.images, plane.blockAnswers)

  // Before the cache: a name flagged a second ago must not be answered from yesterday's memory, nor a verdict be remembered.
  if (filter(query, plane.images, plane.findings) === BLOCKED) {
    return answerBlocked(query, plane.images, plane.blockAnswers)
  }

  // Once a query: what a feed would have blocked that is only being looked at.
  if (query.monitoredFeed >= 0) countMonitored(plane, query.monitoredFeed)

  // After the filter, so that a flagged name is answered as such, whatever it is asked for.
  if (plane.own.answerAny(query) === ANSWERED) return ANSWERED

  if (lookUp(query, plane.cache, plane.clock.nowSeconds) === ANSWERED) {
    // For whoever asks next; this client does not wait for it.
    if (query.isFading) plane.forwarder.prefetch(query)
    // Cached answers as well: where they lead may have been flagged since, and policies differ.
    return inspect(query, plane)
  }

  // One upstream question per name in flight, however many clients ask.
  return plane.forwarder.forward(query)
}

/** The rest of the way for a query that has waited: what was flagged meanwhile is not answered, whatever came. */
export function resume(query: QuerySlot, plane: Plane, records: AnswerRecords): Verdict {
  readName(query, query.nameAt, query.end, plane.seed)
  probe(query, plane.images)
  if (filter(query, plane.images, plane.findings) === BLOCKED) {
    return answerBlocked(query, plane.images, plane.blockAnswers)
  }
  answerFrom(query, records)
  return inspect(query, plane)
}

function exchangeCookie(query: QuerySlot, plane: Plane): void {
  if (plane.cookies === null) query.cookieOctets = 0
  else query.cookieIsValid = plane.cookies.exchange(query, plane.clock.unixOffset + plane.clock.nowSeconds)
}
