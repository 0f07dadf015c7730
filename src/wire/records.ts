/**
 * Resource records (RFC 1035 §4.1.3): those that are written here, and how the RDATA of every type that may hold a compressed name is
 * made up, so that no record is passed on with a pointer into a message that it has left.
 *
 *     name │ TYPE (2) │ CLASS (2) │ TTL (4) │ RDLENGTH (2) │ RDATA
 */
import * as fromOctets from './octets.ts'
import * as fromTypes from './types.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { copyOctets, putU16, putU32 } = fromOctets
const { CLASS_IN, TYPE_SOA } = fromTypes

export const POINTER_OCTETS = 2
/** TYPE, CLASS, TTL, RDLENGTH. */
export const FIXED_OCTETS = 10
export const TTL_AT = 4
export const RDLENGTH_AT = 8
const POINTER = 0xc000

export const addressRecordOctets = (addressOctets: number) => POINTER_OCTETS + FIXED_OCTETS + addressOctets

/** Writes a pointer to the name at `target`, counted from the message's start. */
export function writePointer(out: Uint8Array, at: number, target: number): number {
  return putU16(out, at, POINTER | target)
}

/** Writes TYPE, CLASS IN, TTL and RDLENGTH. */
export function writeFixed(out: Uint8Array, at: number, type: number, ttlSeconds: number, rdataOctets: number): number {
  putU16(out, at, type)
  putU16(out, at + 2, CLASS_IN)
  putU32(out, at + TTL_AT, ttlSeconds)
  return putU16(out, at + RDLENGTH_AT, rdataOctets)
}

/** Writes an A or AAAA record up to the end of its RDATA, whose octets the caller puts into the last `octets` before that. */
export function writeAddressRecord(
  out: Uint8Array,
  at: number,
  nameAt: number,
  type: number,
  ttlSeconds: number,
  octets: number,
): number {
  return writeFixed(out, writePointer(out, at, nameAt), type, ttlSeconds, octets) + octets
}

/** MNAME `qalqan.invalid`, RNAME `nobody.invalid`: names that never exist (RFC 2606 §2), since this zone is nowhere. */
const SOA_NAMES = Uint8Array.from('\x06qalqan\x07invalid\x00\x06nobody\x07invalid\x00', octet => octet.charCodeAt(0))
const SOA_NUMBERS_OCTETS = 20
const SOA_RDATA_OCTETS = SOA_NAMES.length + SOA_NUMBERS_OCTETS
export const soaRecordOctets = POINTER_OCTETS + FIXED_OCTETS + SOA_RDATA_OCTETS
const [SOA_REFRESH, SOA_RETRY, SOA_EXPIRE] = [3600, 600, 86_400]

/** Writes a SOA for the name at `nameAt` whose TTL and MINIMUM both say for how long "nothing" holds (RFC 2308 §5). */
export function writeSoaRecord(out: Uint8Array, at: number, nameAt: number, ttlSeconds: number): number {
  const rdata = writeFixed(out, writePointer(out, at, nameAt), TYPE_SOA, ttlSeconds, SOA_RDATA_OCTETS)
  let end = copyOctets(SOA_NAMES, 0, out, rdata, SOA_NAMES.length)
  end = putU32(out, end, 1)
  end = putU32(out, end, SOA_REFRESH)
  end = putU32(out, end, SOA_RETRY)
  end = putU32(out, end, SOA_EXPIRE)
  return putU32(out, end, ttlSeconds)
}

/** Where RDATA has names: octets before the first, then how many, then octets behind. Types that are not here are opaque (RFC 3597 §3). */
export interface RdataShape {
  readonly before: number
  readonly names: number
  readonly behind: number
  /** Whether the names may be compressed when written: only those of RFC 1035 (RFC 3597 §4). */
  readonly compress: boolean
  /** Character strings between `before` and the names: NAPTR's three (RFC 3403 §4.1). */
  readonly strings: number
  /** What stands behind may be of any length: a signature. */
  readonly open: boolean
}

const shape = (
  before: number,
  names: number,
  behind: number,
  compress = false,
  strings = 0,
  open = false,
): RdataShape => ({
  before,
  names,
  behind,
  compress,
  strings,
  open,
})

const SHAPES: ReadonlyMap<number, RdataShape> = new Map([
  [2, shape(0, 1, 0, true)], // NS
  [3, shape(0, 1, 0, true)], // MD
  [4, shape(0, 1, 0, true)], // MF
  [5, shape(0, 1, 0, true)], // CNAME
  [6, shape(0, 2, SOA_NUMBERS_OCTETS, true)], // SOA
  [7, shape(0, 1, 0, true)], // MB
  [8, shape(0, 1, 0, true)], // MG
  [9, shape(0, 1, 0, true)], // MR
  [12, shape(0, 1, 0, true)], // PTR
  [14, shape(0, 2, 0, true)], // MINFO
  [15, shape(2, 1, 0, true)], // MX
  [17, shape(0, 2, 0)], // RP
  [18, shape(2, 1, 0)], // AFSDB
  [21, shape(2, 1, 0)], // RT
  [24, shape(18, 1, 0, false, 0, true)], // SIG
  [26, shape(2, 2, 0)], // PX
  [30, shape(0, 1, 0, false, 0, true)], // NXT
  [33, shape(6, 1, 0)], // SRV
  [35, shape(4, 1, 0, false, 3)], // NAPTR
  [36, shape(2, 1, 0)], // KX
  [39, shape(0, 1, 0)], // DNAME
])

const OPAQUE_TYPES = 40
const SHAPE_BY_TYPE: readonly (RdataShape | undefined)[] = Array.from({ length: OPAQUE_TYPES }, (_, type) =>
  SHAPES.get(type),
)

/** How a type's RDATA is made up, or undefined where it is opaque. */
export function rdataShape(type: number): RdataShape | undefined {
  return type < OPAQUE_TYPES ? SHAPE_BY_TYPE[type] : undefined
}

/** The one length that RDATA of a type may have, or -1: an A of three octets is no A. */
export function rdataOctets(type: number): number {
  return type === 1 ? 4 : type === 28 ? 16 : -1
}
