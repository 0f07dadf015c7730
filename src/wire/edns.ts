/**
 * EDNS(0): the OPT pseudo-record (RFC 6891 §6.1) and the options that are written here. An OPT is hop by hop: the one of a
 * query is read, never passed on, and that of an answer is written anew.
 *
 *     0 | root name (1) | type 41 (2) | UDP payload size (2) | ext. RCODE (1) | version (1) | DO, Z (2) | RDLENGTH (2) | options …
 */

import { copyOctets, putU16, u16 } from './octets.ts'
import { NOERROR, TYPE_OPT } from './types.ts'

/** An OPT record without options. */
export const OPT_OCTETS = 11
/** What we take in over UDP and what we send at most: no fragments on any path (RFC 9715 §3). */
export const UDP_OCTETS_MAX = 1232
export const EDNS_VERSION = 0

const OPTION_EDE = 15
const OPTION_HEADER_OCTETS = 4
const FLAG_DO = 0x8000
/** More options than this in one OPT are not read (a datagram of empty ones is an attack on whoever walks it). */
const OPTIONS_MAX = 32

/** Reads the fixed part of an OPT whose TYPE field stands at `typeAt`. */
export const optPayload = (bytes: Uint8Array, typeAt: number) => u16(bytes, typeAt + 2)
export const optExtendedRcode = (bytes: Uint8Array, typeAt: number) => bytes[typeAt + 4]!
export const optVersion = (bytes: Uint8Array, typeAt: number) => bytes[typeAt + 5]!
export const optDnssecOk = (bytes: Uint8Array, typeAt: number) => (u16(bytes, typeAt + 6) & FLAG_DO) !== 0

/** Whether the options in `bytes[at, end)` fill it exactly, each with its length (RFC 6891 §6.1.2). Reads the first 32. */
export function optionsWellFormed(bytes: Uint8Array, at: number, end: number): boolean {
  let offset = at
  for (let count = 0; offset < end && count < OPTIONS_MAX; count++) {
    if (offset + OPTION_HEADER_OCTETS > end) return false
    offset += OPTION_HEADER_OCTETS + u16(bytes, offset + 2)
    if (offset > end) return false
  }
  return true
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
