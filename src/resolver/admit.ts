/**
 * Data plane. First stage: what a datagram or frame must be to be a query at all, and what is in it.
 *
 * Reads the header, the one question and, where there is one, the OPT record; hashes the name. Everything is bounded by the message's
 * length: a count is never believed. Writes nothing, so that a whole batch can be admitted before the first answer is written.
 *
 * Returns PASS with the query filled in; REFUSE with `rcode`, and `nameOctets` 0 where the question itself is not sound; or DROPPED.
 */
import * as fromCounters from '../images/counters.ts'
import * as fromLayout from '../images/filter/layout.ts'
import * as fromEdns from '../wire/edns.ts'
import * as fromHeader from '../wire/header.ts'
import * as fromName from '../wire/name.ts'
import * as fromOctets from '../wire/octets.ts'
import * as fromTypes from '../wire/types.ts'
import type { QuerySlot, Verdict } from './query.ts'
import * as fromQuery from './query.ts'
import * as fromQuestionName from './question-name.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { FROM_REFUSAL, UDP } = fromCounters
const { NO_RULE } = fromLayout
const { EDNS_VERSION, OPT_OCTETS, optDnssecOk, optPayload, optVersion, readOptions, UDP_OCTETS_MAX } = fromEdns
const {
  additionalCount,
  answerCount,
  authorityCount,
  FLAG_QR,
  HEADER_OCTETS,
  MESSAGE_OCTETS_MAX,
  messageFlags,
  messageId,
  opcodeOf,
  questionCount,
  UDP_OCTETS_WITHOUT_EDNS,
} = fromHeader
const { BAD_NAME, nameEnd } = fromName
const { copyOctets, u16 } = fromOctets
const {
  BADVERS,
  CLASS_CH,
  CLASS_IN,
  FORMERR,
  NO_EDE,
  NOTIMP,
  REFUSED,
  TYPE_ANY,
  TYPE_AXFR,
  TYPE_IXFR,
  TYPE_NXNAME,
  TYPE_OPT,
} = fromTypes
const { DROPPED, PASS, REFUSE } = fromQuery
const { readName } = fromQuestionName

/** Type, class, TTL and RDLENGTH behind a record's name (RFC 1035 §4.1.3). */
const RECORD_FIXED_OCTETS = 10
/** Records that a query may carry besides its question: OPT, and a TSIG or SIG(0) that is passed over. */
const QUERY_RECORDS_MAX = 4

/** `structuredOption`: see `readOptions`. */
export function admit(query: QuerySlot, seed: number, structuredOption = 0): Verdict {
  const { bytes, start, end } = query
  if (end - start < HEADER_OCTETS) return DROPPED
  query.id = messageId(bytes, start)
  query.flags = messageFlags(bytes, start)
  // A response is never answered: two servers would talk to each other for ever.
  if ((query.flags & FLAG_QR) !== 0) return DROPPED
  reset(query)
  if (opcodeOf(query.flags) !== 0) return refuseBare(query, NOTIMP)
  // RFC 9619 §4: a query has one question, no more and no less.
  if (questionCount(bytes, start) !== 1) return refuseBare(query, FORMERR)
  const afterName = readName(query, start + HEADER_OCTETS, end, seed)
  if (afterName === BAD_NAME || afterName + 4 > end) return refuseBare(query, FORMERR)
  query.type = u16(bytes, afterName)
  query.qclass = u16(bytes, afterName + 2)
  const soundness = readRecords(query, afterName + 4, structuredOption)
  // Only where the whole message could be read is its question sent back with the error.
  if (soundness !== 0) return soundness === BADVERS ? refuse(query, soundness) : refuseBare(query, soundness)
  return refuseByQuestion(query)
}

function reset(query: QuerySlot): void {
  query.source = FROM_REFUSAL
  query.ede = NO_EDE
  query.hasOpt = false
  query.dnssecOk = false
  query.payloadMax = query.transport === UDP ? UDP_OCTETS_WITHOUT_EDNS : MESSAGE_OCTETS_MAX
  query.blockRule = NO_RULE
  query.nameOctets = 0
  query.type = 0
  query.cookieAt = -1
  query.cookieOctets = 0
  query.cookieIsValid = false
  query.wantsKeepalive = false
  query.wantsStructured = false
}

function refuseBare(query: QuerySlot, rcode: number): Verdict {
  query.nameOctets = 0
  return refuse(query, rcode)
}

/** Walks what follows the question, for the OPT; returns 0 or the RCODE of what is wrong. */
function readRecords(query: QuerySlot, at: number, structuredOption: number): number {
  const { bytes, start, end } = query
  const records = answerCount(bytes, start) + authorityCount(bytes, start) + additionalCount(bytes, start)
  if (records > QUERY_RECORDS_MAX) return FORMERR
  let offset = at
  let rcode = 0
  for (let record = 0; record < records; record++) {
    const typeAt = nameEnd(bytes, offset, end, start)
    if (typeAt === BAD_NAME || typeAt + RECORD_FIXED_OCTETS > end) return FORMERR
    const next = typeAt + RECORD_FIXED_OCTETS + u16(bytes, typeAt + 8)
    if (next > end) return FORMERR
    if (u16(bytes, typeAt) === TYPE_OPT) {
      // RFC 6891 §6.1.1: one OPT, its name the root.
      if (query.hasOpt || typeAt !== offset + 1) return FORMERR
      if (!readOptions(bytes, offset + OPT_OCTETS, next, query, structuredOption)) return FORMERR
      readOpt(query, typeAt)
      if (optVersion(bytes, typeAt) > EDNS_VERSION) rcode = BADVERS
    }
    offset = next
  }
  return rcode
}

function readOpt(query: QuerySlot, typeAt: number): void {
  query.hasOpt = true
  // Kept aside: the answer may be written over the query.
  if (query.cookieAt >= 0) copyOctets(query.bytes, query.cookieAt, query.cookie, 0, query.cookieOctets)
  query.dnssecOk = optDnssecOk(query.bytes, typeAt)
  if (query.transport !== UDP) return
  // RFC 6891 §6.2.3: less than 512 is 512. More than fits every path is not used (RFC 9715 §3).
  const offered = optPayload(query.bytes, typeAt)
  query.payloadMax = Math.max(offered, UDP_OCTETS_WITHOUT_EDNS)
  if (query.payloadMax > UDP_OCTETS_MAX) query.payloadMax = UDP_OCTETS_MAX
}

/** Questions that no forwarder has an answer to. */
function refuseByQuestion(query: QuerySlot): Verdict {
  if (query.qclass !== CLASS_IN) return query.qclass === CLASS_CH ? PASS : refuse(query, REFUSED)
  const type = query.type
  if (type < TYPE_NXNAME || type > TYPE_ANY) return type === 0 || type === TYPE_OPT ? refuse(query, FORMERR) : PASS
  if (type === TYPE_AXFR || type === TYPE_IXFR) return refuse(query, REFUSED)
  // Types 128 to 254 are no data: NXNAME is FORMERR by RFC 9824 §3.4, the others are not implemented.
  if (type === TYPE_NXNAME) return refuse(query, FORMERR)
  return type === TYPE_ANY ? PASS : refuse(query, NOTIMP)
}

function refuse(query: QuerySlot, rcode: number): Verdict {
  query.rcode = rcode
  return REFUSE
}
