/**
 * EDNS(0): the OPT pseudo-record (RFC 6891 §6.1) and the options that are written here. An OPT is hop by hop: the one of a
 * query is read, never passed on, and that of an answer is written anew.
 *
 *     0 | root name (1) | type 41 (2) | UDP payload size (2) | ext. RCODE (1) | version (1) | DO, Z (2) | RDLENGTH (2) | options …
 */

import * as fromOctets from './octets.ts'
import * as fromTypes from './types.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { copyOctets, putU16, u16 } = fromOctets
const { NO_EDE, NOERROR, TYPE_OPT } = fromTypes

/** An OPT record without options. */
export const OPT_OCTETS = 11
/** What we take in over UDP and what we send at most: no fragments on any path (RFC 9715 §3). */
export const UDP_OCTETS_MAX = 1232
export const EDNS_VERSION = 0

export const OPTION_COOKIE = 10
export const OPTION_KEEPALIVE = 11
export const OPTION_EDE = 15
const OPTION_HEADER_OCTETS = 4
const FLAG_DO = 0x8000
/** More options than this in one OPT are not read (a datagram of empty ones is an attack on whoever walks it). */
const OPTIONS_MAX = 32

/** Reads the fixed part of an OPT whose TYPE field stands at `typeAt`. */
export const optPayload = (bytes: Uint8Array, typeAt: number) => u16(bytes, typeAt + 2)
export const optExtendedRcode = (bytes: Uint8Array, typeAt: number) => bytes[typeAt + 4]!
export const optVersion = (bytes: Uint8Array, typeAt: number) => bytes[typeAt + 5]!
export const optDnssecOk = (bytes: Uint8Array, typeAt: number) => (u16(bytes, typeAt + 6) & FLAG_DO) !== 0

/** What the options of a query ask for; offsets are in its octets. */
export interface QueryOptions {
  /** The COOKIE option's data (RFC 7873 §4); -1 where there is none. */
  cookieAt: number
  cookieOctets: number
  /** edns-tcp-keepalive (RFC 7828). */
  wantsKeepalive: boolean
  /** Structured data in Extended DNS Errors: an EDE in the query itself, or an option made for it. */
  wantsStructured: boolean
}

/**
 * Reads the options in `bytes[at, end)` into `options`; false where they do not fill it exactly, each with its length (RFC 6891 §6.1.2), or one
 * is ill-formed by its own rules. Reads the first 32; of a kind, the first counts. `structuredOption`: the code of the option by which a client
 * asks for structured errors; 0: none.
 */
export function readOptions(
  bytes: Uint8Array,
  at: number,
  end: number,
  options: QueryOptions,
  structuredOption: number,
): boolean {
  let offset = at
  for (let count = 0; offset < end && count < OPTIONS_MAX; count++) {
    if (offset + OPTION_HEADER_OCTETS > end) return false
    const code = u16(bytes, offset)
    const octets = u16(bytes, offset + 2)
    offset += OPTION_HEADER_OCTETS
    if (offset + octets > end) return false
    if (code === OPTION_COOKIE && options.cookieAt < 0) {
      if (!isCookieLength(octets)) return false
      options.cookieAt = offset
      options.cookieOctets = octets
    } else if (code === OPTION_KEEPALIVE) {
      // RFC 7828 §3.2.1: a client gives no time.
      if (octets !== 0) return false
      options.wantsKeepalive = true
    } else if (code === OPTION_EDE || (code === structuredOption && code !== 0)) options.wantsStructured = true
    offset += octets
  }
  return true
}

/** RFC 7873 §5.2.2: a client cookie of 8 octets, alone or with a server cookie of 8 to 32. */
function isCookieLength(octets: number): boolean {
  return octets === 8 || (octets >= 16 && octets <= 40)
}

/** Adds an option to the OPT at `optAt`, whose end is `at`, and returns the new end; nothing is written past `limit`. */
export function writeOption(
  out: Uint8Array,
  optAt: number,
  at: number,
  limit: number,
  code: number,
  data: Uint8Array,
  octets: number,
): number {
  const dataAt = at + OPTION_HEADER_OCTETS
  if (dataAt + octets > limit) return at
  putU16(out, at, code)
  putU16(out, at + 2, octets)
  const end = copyOctets(data, 0, out, dataAt, octets)
  putU16(out, optAt + 9, end - optAt - OPT_OCTETS)
  return end
}

/** The info code of the first Extended DNS Error among the options in `bytes[at, end)`, or NO_EDE. Reads the first 32. */
export function extendedErrorCode(bytes: Uint8Array, at: number, end: number): number {
  let offset = at
  for (let count = 0; offset + OPTION_HEADER_OCTETS <= end && count < OPTIONS_MAX; count++) {
    const octets = u16(bytes, offset + 2)
    const data = offset + OPTION_HEADER_OCTETS
    if (u16(bytes, offset) === OPTION_EDE && octets >= 2 && data + 2 <= end) return u16(bytes, data)
    offset = data + octets
  }
  return NO_EDE
}

/** Writes an OPT without options and returns the offset after it. `rcode` is the whole, extended one. */
export function writeOpt(out: Uint8Array, at: number, rcode: number, dnssecOk: boolean): number {
  out[at] = 0
  putU16(out, at + 1, TYPE_OPT)
  putU16(out, at + 3, UDP_OCTETS_MAX)
  out[at + 5] = rcode > NOERROR ? rcode >>> 4 : 0
  out[at + 6] = EDNS_VERSION
  putU16(out, at + 7, dnssecOk ? FLAG_DO : 0)
  return putU16(out, at + 9, 0)
}

/**
 * Adds an Extended DNS Error (RFC 8914 §2) to the OPT at `optAt`, whose end is `at`, and returns the new end. Where the text
 * would pass `limit` it is left out, and where the code would, nothing is written.
 */
export function writeExtendedError(
  out: Uint8Array,
  optAt: number,
  at: number,
  limit: number,
  code: number,
  text: Uint8Array,
  textAt: number,
  textLength: number,
): number {
  const bare = at + OPTION_HEADER_OCTETS + 2
  if (bare > limit) return at
  const length = bare + textLength > limit ? 0 : textLength
  putU16(out, at, OPTION_EDE)
  putU16(out, at + 2, 2 + length)
  putU16(out, at + 4, code)
  const end = copyOctets(text, textAt, out, bare, length)
  putU16(out, optAt + 9, end - optAt - OPT_OCTETS)
  return end
}
