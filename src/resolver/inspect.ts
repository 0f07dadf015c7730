/**
 * Data plane. The inspect stage: where an answer leads. A flagged name must not be reached by an alias, nor a household's own network
 * through a public name.
 *
 * Looks only at answers that were marked when they came (`MARK_LINKS`, `MARK_PRIVATE`), cached or not; each name they lead to is judged
 * by the policy of who asks, never once for all. Reads the answer as it stands in the query's `out`, written by ourselves a moment ago,
 * and writes another over it where it may not be given. DNAMEs need no look of their own: what they lead to stands in the CNAME that
 * goes with them (RFC 6672 §3.1), without which the chain ends.
 */

import * as fromCounters from '../images/counters.ts'
import * as fromHeader from '../wire/header.ts'
import * as fromName from '../wire/name.ts'
import * as fromNameRoom from '../wire/name-room.ts'
import * as fromOctets from '../wire/octets.ts'
import * as fromRecords from '../wire/records.ts'
import * as fromSvcb from '../wire/svcb.ts'
import * as fromTypes from '../wire/types.ts'
import * as fromAccount from './account.ts'
import * as fromBlocked from './blocked.ts'
import * as fromCache from './cache.ts'
import * as fromFilter from './filter.ts'
import * as fromFilterAddress from './filter-address.ts'
import type { Plane } from './plane.ts'
import * as fromQuery from './query.ts'
import { QuerySlot, type Verdict } from './query.ts'
import * as fromQuestionName from './question-name.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { FROM_LOCAL } = fromCounters
const { answerCount, HEADER_OCTETS } = fromHeader
const { BAD_NAME, expandName, NAME_OCTETS_MAX, nameEnd } = fromName
const { LINK_ROOM } = fromNameRoom
const { u16 } = fromOctets
const { FIXED_OCTETS, RDLENGTH_AT } = fromRecords
const { BAD_SVCB, IPV4_HINT, IPV6_HINT, parametersAt, PARAMETER_HEADER_OCTETS: SVCB_PARAMETER_OCTETS } = fromSvcb
const { EDE_BLOCKED, NOERROR, TYPE_A, TYPE_AAAA, TYPE_CNAME, TYPE_HTTPS, TYPE_SVCB } = fromTypes
const { add, countMonitored } = fromAccount
const { answerBlocked, answerNothing } = fromBlocked
const { MARK_LINKS, MARK_PRIVATE } = fromCache
const { BLOCKED, filterLink, isExcepted, probe } = fromFilter
const { filterAddress } = fromFilterAddress
const { ANSWERED, PASS } = fromQuery
const { readName } = fromQuestionName

const QUESTION_FIXED_OCTETS = 4
const SVCB_PRIORITY_OCTETS = 2
const IPV4_OCTETS = 4
const IPV6_OCTETS = 16
/** As long as a block: who sets its name right should not wait. */
const PRIVATE_TTL_SECONDS = 60

/** The name that a record leads to; one for the thread: an inspection never waits. */
export class Link extends QuerySlot {
  constructor() {
    super(new Uint8Array(NAME_OCTETS_MAX + 1), new Uint8Array(0), LINK_ROOM)
  }
}

/** What becomes of an answer that stands in `query.out`: ANSWERED as it is or with another in its place, or DROPPED. */
export function inspect(query: QuerySlot, plane: Plane): Verdict {
  const hasPrefixes = plane.images.filter.prefixes.count > 0
  if (query.marks === 0 && !hasPrefixes) return ANSWERED
  plane.link.monitoredFeed = -1
  plane.link.clientExcepted = query.clientExcepted
  if (hasPrefixes) {
    const verdict = judgeAddresses(query, plane)
    if (verdict !== PASS) return verdict
  }
  if ((query.marks & MARK_LINKS) !== 0) {
    const verdict = followLinks(query, plane)
    if (verdict !== PASS) return verdict
  }
  // Once a query, and not where its own name was counted.
  if (plane.link.monitoredFeed >= 0 && query.monitoredFeed < 0) countMonitored(plane, plane.link.monitoredFeed)
  if ((query.marks & MARK_PRIVATE) !== 0 && plane.rebinding.isGuarded(query)) return answerWithoutAddress(query, plane)
  return ANSWERED
}

function followLinks(query: QuerySlot, plane: Plane): Verdict {
  const { out, outAt } = query
  const end = outAt + query.outLength
  let at = outAt + HEADER_OCTETS + query.nameOctets + QUESTION_FIXED_OCTETS
  for (let left = answerCount(out, outAt); left > 0; left--) {
    const typeAt = nameEnd(out, at, end, outAt)
    if (typeAt === BAD_NAME) return PASS
    const rdata = typeAt + FIXED_OCTETS
    const nameAt = rdata + targetWithin(u16(out, typeAt))
    at = rdata + u16(out, typeAt + RDLENGTH_AT)
    if (nameAt < rdata || !readLink(plane.link, out, outAt, nameAt, at, plane.seed)) continue
    if (isFlagged(query, plane)) return answerFlagged(query, plane)
  }
  return PASS
}

/** Whether the answer has an address that the policy blocks, also as a hint of a service binding. */
function judgeAddresses(query: QuerySlot, plane: Plane): Verdict {
  const { out, outAt } = query
  const end = outAt + query.outLength
  let at = outAt + HEADER_OCTETS + query.nameOctets + QUESTION_FIXED_OCTETS
  for (let left = answerCount(out, outAt); left > 0; left--) {
    const typeAt = nameEnd(out, at, end, outAt)
    if (typeAt === BAD_NAME) return PASS
    const rdata = typeAt + FIXED_OCTETS
    at = rdata + u16(out, typeAt + RDLENGTH_AT)
    const type = u16(out, typeAt)
    const isBlocked =
      type === TYPE_A || type === TYPE_AAAA
        ? anyBlocked(query, plane, rdata, at, type === TYPE_A ? IPV4_OCTETS : IPV6_OCTETS)
        : (type === TYPE_SVCB || type === TYPE_HTTPS) && hintsAtBlocked(query, plane, rdata, at)
    if (isBlocked) return answerBlockedAddress(query, plane)
  }
  return PASS
}

function anyBlocked(query: QuerySlot, plane: Plane, from: number, to: number, octets: number): boolean {
  const { link, images } = plane
  link.policy = query.policy
  for (let at = from; at + octets <= to; at += octets) {
    if (filterAddress(link, images, query.out, at, octets) !== BLOCKED) continue
    // An exception for the name that was asked for holds for where it leads.
    if (!isExcepted(query.excepted, link.blockClass)) return true
  }
  return false
}

function hintsAtBlocked(query: QuerySlot, plane: Plane, rdata: number, end: number): boolean {
  const { out } = query
  let at = parametersAt(out, rdata, end)
  while (at !== BAD_SVCB && at < end) {
    const key = u16(out, at)
    const value = at + SVCB_PARAMETER_OCTETS
    at = value + u16(out, at + 2)
    if (key === IPV4_HINT && anyBlocked(query, plane, value, at, IPV4_OCTETS)) return true
    if (key === IPV6_HINT && anyBlocked(query, plane, value, at, IPV6_OCTETS)) return true
  }
  return false
}

function answerBlockedAddress(query: QuerySlot, plane: Plane): Verdict {
  takeBlock(query, plane)
  add(plane, 'addressesBlocked', 1)
  return answerBlocked(query, plane.images, plane.blockAnswers)
}

/** Where the name stands in a record's RDATA; a negative number for types that lead nowhere. */
function targetWithin(type: number): number {
  if (type === TYPE_CNAME) return 0
  return type === TYPE_SVCB || type === TYPE_HTTPS ? SVCB_PRIORITY_OCTETS : -1
}

/** Reads a name of an answer into the link; false for the root, which in a service binding is the owner itself (RFC 9460 §2.5). */
function readLink(link: Link, out: Uint8Array, start: number, at: number, limit: number, seed: number): boolean {
  const end = expandName(out, start, at, limit, link.bytes, 0)
  return end !== BAD_NAME && end > 1 && readName(link, 0, end, seed) !== BAD_NAME
}

function isFlagged(query: QuerySlot, plane: Plane): boolean {
  const { link, images } = plane
  link.policy = query.policy
  probe(link, images)
  if (filterLink(link, images, plane.findings) !== BLOCKED) return false
  return !(plane.exceptionsCoverAliases && isExcepted(query.excepted, link.blockClass))
}

function answerFlagged(query: QuerySlot, plane: Plane): Verdict {
  takeBlock(query, plane)
  add(plane, 'aliasesBlocked', 1)
  return answerBlocked(query, plane.images, plane.blockAnswers, plane.link)
}

function takeBlock(query: QuerySlot, { link }: Plane): void {
  query.blockClass = link.blockClass
  query.blockCategory = link.blockCategory
  query.blockAnswer = link.blockAnswer
  query.blockRule = link.blockRule
  query.blockIsUrgent = link.blockIsUrgent
  query.blockDepth = link.blockDepth
}

/** NODATA, so that nothing is reached by this name; with the reason, for whoever runs the name and wonders. */
function answerWithoutAddress(query: QuerySlot, plane: Plane): Verdict {
  add(plane, 'privateAddresses', 1)
  query.source = FROM_LOCAL
  query.ede = EDE_BLOCKED
  answerNothing(query, NOERROR, PRIVATE_TTL_SECONDS)
  return ANSWERED
}
