/**
 * Data plane. Writing answers into a query's `out`: the header and question that every answer begins with, the OPT and Extended
 * DNS Error that it may end with, and what to do when it does not fit. Allocates nothing.
 */
import * as fromCounters from '../images/counters.ts'
import * as fromEdns from '../wire/edns.ts'
import * as fromHeader from '../wire/header.ts'
import * as fromOctets from '../wire/octets.ts'
import * as fromTypes from '../wire/types.ts'
import type { QuerySlot } from './query.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { TCP } = fromCounters
const { OPT_OCTETS, OPTION_COOKIE, OPTION_KEEPALIVE, writeExtendedError, writeOpt, writeOption } = fromEdns
const { copiedFlags, FLAG_QR, FLAG_RA, FLAG_TC, HEADER_OCTETS, putCounts, putFlags, writeHeader } = fromHeader
const { copyOctets, putU16 } = fromOctets
const { NO_EDE } = fromTypes

const QUESTION_FIXED_OCTETS = 4
/** The longest EDE text: a case number of 255 octets. */
export const EDE_TEXT_OCTETS_MAX = 255

/** The text of the EDE being written; one for the thread, filled just before `finish`. */
export interface EdeText {
  readonly octets: Uint8Array
  at: number
  length: number
  /** What takes its place where it does not fit; if that does not fit either there is no text. */
  readonly short: Uint8Array
}
const NO_TEXT: EdeText = { octets: new Uint8Array(0), at: 0, length: 0, short: new Uint8Array(0) }
/** An EDE option without text: code, length, info code. */
const EDE_FIXED_OCTETS = 6
const keepalive = new Uint8Array(2)

/** How long the answer may be: what the client takes, what the buffer holds. */
export function answerLimit(query: QuerySlot): number {
  return Math.min(query.payloadMax, query.outRoom)
}

/** Writes id and question; flags and counts come with `finishAnswer`. Returns the offset after them. */
export function beginAnswer(query: QuerySlot): number {
  const { out, outAt } = query
  // Written into its own query's memory, an answer has both already.
  if (out === query.bytes && outAt + HEADER_OCTETS === query.nameAt)
    return query.nameAt + query.nameOctets + QUESTION_FIXED_OCTETS
  writeHeader(out, outAt, query.id, 0, 1, 0, 0, 0)
  const afterName = copyOctets(query.bytes, query.nameAt, out, outAt + HEADER_OCTETS, query.nameOctets)
  putU16(out, afterName, query.type)
  return putU16(out, afterName + 2, query.qclass)
}

/**
 * Completes an answer that ends at `at`: flags, counts, OPT and EDE where the client speaks EDNS. `flags` are those beside
 * QR, RA and what is copied from the query. An answer that does not fit is cut down to its question, with TC (RFC 2181 §9).
 */
export function finishAnswer(
  query: QuerySlot,
  at: number,
  rcode: number,
  flags: number,
  answers: number,
  authorities: number,
  text: EdeText = NO_TEXT,
): void {
  const { out, outAt } = query
  const limit = outAt + answerLimit(query)
  const optOctets = query.hasOpt ? OPT_OCTETS : 0
  let end = at
  let own = flags
  let answerRecords = answers
  let authorityRecords = authorities
  if (end + optOctets > limit) {
    end = outAt + HEADER_OCTETS + query.nameOctets + QUESTION_FIXED_OCTETS
    own |= FLAG_TC
    answerRecords = 0
    authorityRecords = 0
  }
  if (query.hasOpt) {
    const optAt = end
    end = writeOpt(out, optAt, rcode, query.dnssecOk)
    // Before the error's text, which can be done without.
    end = writeOptions(query, optAt, end, limit)
    if (query.ede !== NO_EDE) end = writeError(query, optAt, end, limit, text)
  }
  putFlags(out, outAt, FLAG_QR | FLAG_RA | copiedFlags(query.flags) | own | (rcode & 0xf))
  putCounts(out, outAt, answerRecords, authorityRecords, query.hasOpt ? 1 : 0)
  query.rcode = rcode
  query.outLength = end - outAt
}

/** The cookie that goes back (RFC 7873 §5.2), and for how long a connection may idle (RFC 7828 §3.3.2). */
function writeOptions(query: QuerySlot, optAt: number, at: number, limit: number): number {
  const { out } = query
  let end = at
  if (query.cookieOctets > 0) end = writeOption(out, optAt, end, limit, OPTION_COOKIE, query.cookie, query.cookieOctets)
  if (!query.wantsKeepalive || query.transport !== TCP) return end
  putU16(keepalive, 0, query.idleTenths)
  return writeOption(out, optAt, end, limit, OPTION_KEEPALIVE, keepalive, keepalive.length)
}

/** With its text if that fits, or the short form of it. */
function writeError(query: QuerySlot, optAt: number, at: number, limit: number, text: EdeText): number {
  const fits = at + EDE_FIXED_OCTETS + text.length <= limit
  return fits
    ? writeExtendedError(query.out, optAt, at, limit, query.ede, text.octets, text.at, text.length)
    : writeExtendedError(query.out, optAt, at, limit, query.ede, text.short, 0, text.short.length)
}

/** Writes the error that `admit` found, with the question where that was sound. */
export function answerRefusal(query: QuerySlot): void {
  if (query.nameOctets === 0) answerBare(query, query.rcode)
  else answerEmpty(query, query.rcode)
}

/** An answer without records. */
export function answerEmpty(query: QuerySlot, rcode: number): void {
  finishAnswer(query, beginAnswer(query), rcode, 0, 0, 0)
}

/** An answer without records that says there would be some: to be asked for again over TCP. */
export function answerCutShort(query: QuerySlot, rcode: number): void {
  finishAnswer(query, beginAnswer(query), rcode, FLAG_TC, 0, 0)
}

/**
 * An answer to a query whose question is not sound, or that is not understood: the header alone, since to send back
 * ill-formed octets would be a fault of our own; with an OPT if the query's was read (BADVERS needs one, RFC 6891 §6.1.3).
 */
function answerBare(query: QuerySlot, rcode: number): void {
  const { out, outAt } = query
  let end = writeHeader(out, outAt, query.id, FLAG_QR | FLAG_RA | copiedFlags(query.flags) | (rcode & 0xf), 0, 0, 0, 0)
  if (query.hasOpt) {
    end = writeOpt(out, end, rcode, query.dnssecOk)
    putCounts(out, outAt, 0, 0, 1)
  }
  query.rcode = rcode
  query.outLength = end - outAt
}
