/**
 * The message header (RFC 1035 §4.1.1, RFC 2535 §6.1 for AD and CD).
 *
 *       0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15
 *     +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *   0 |                      ID                       |
 *   2 |QR|   Opcode  |AA|TC|RD|RA| Z|AD|CD|   RCODE   |
 *   4 |       QDCOUNT       |   6: ANCOUNT            |
 *   8 |       NSCOUNT       |  10: ARCOUNT            |
 *     +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 */
import * as fromOctets from './octets.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { putU16, u16 } = fromOctets

export const HEADER_OCTETS = 12
/** The largest message: what the two octets before one on TCP can say (RFC 1035 §4.2.2). */
export const MESSAGE_OCTETS_MAX = 65_535
/** A UDP message without EDNS (RFC 1035 §4.2.1). */
export const UDP_OCTETS_WITHOUT_EDNS = 512

export const FLAG_QR = 0x8000
export const FLAG_AA = 0x0400
export const FLAG_TC = 0x0200
export const FLAG_RD = 0x0100
export const FLAG_RA = 0x0080
export const FLAG_AD = 0x0020
export const FLAG_CD = 0x0010
const OPCODE_MASK = 0x7800
const RCODE_MASK = 0x000f

export const messageId = (bytes: Uint8Array, at: number) => u16(bytes, at)
export const messageFlags = (bytes: Uint8Array, at: number) => u16(bytes, at + 2)
export const questionCount = (bytes: Uint8Array, at: number) => u16(bytes, at + 4)
export const answerCount = (bytes: Uint8Array, at: number) => u16(bytes, at + 6)
export const authorityCount = (bytes: Uint8Array, at: number) => u16(bytes, at + 8)
export const additionalCount = (bytes: Uint8Array, at: number) => u16(bytes, at + 10)

/** The opcode, 0 to 15: QUERY is 0. */
export const opcodeOf = (flags: number) => (flags & OPCODE_MASK) >>> 11
export const rcodeOf = (flags: number) => flags & RCODE_MASK
/** The bits of `flags` that a response takes over from its query: opcode, RD, CD (RFC 1035 §4.1.1, RFC 4035 §3.1.6). */
export const copiedFlags = (flags: number) => flags & (OPCODE_MASK | FLAG_RD | FLAG_CD)

export function writeHeader(
  out: Uint8Array,
  at: number,
  id: number,
  flags: number,
  questions: number,
  answers: number,
  authorities: number,
  additionals: number,
): number {
  putU16(out, at, id)
  putU16(out, at + 2, flags)
  putU16(out, at + 4, questions)
  putU16(out, at + 6, answers)
  putU16(out, at + 8, authorities)
  return putU16(out, at + 10, additionals)
}

export const putId = (out: Uint8Array, at: number, id: number) => putU16(out, at, id)
export const putFlags = (out: Uint8Array, at: number, flags: number) => putU16(out, at + 2, flags)
export const putCounts = (out: Uint8Array, at: number, answers: number, authorities: number, additionals: number) => {
  putU16(out, at + 6, answers)
  putU16(out, at + 8, authorities)
  putU16(out, at + 10, additionals)
}
