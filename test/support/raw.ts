/** Messages octet by octet, for what no proper encoder writes. */
import { join, labels } from './octets.ts'

const words = (...values: readonly number[]) => values.flatMap(value => [(value >>> 8) & 0xff, value & 0xff])
const word32 = (value: number) => words(value >>> 16, value & 0xffff)

/** Where the question's name stands: the target of the usual pointer. */
export const QNAME_AT = 12
export const POINTER_TO_QNAME: readonly number[] = [0xc0, QNAME_AT]
export const pointer = (target: number): readonly number[] => [0xc0 | (target >>> 8), target & 0xff]

export interface RawRecord {
  readonly owner?: Uint8Array | readonly number[]
  readonly type: number
  readonly qclass?: number
  readonly ttl?: number
  readonly rdata: Uint8Array | readonly number[]
  /** Where it is not the length of `rdata`. */
  readonly rdlength?: number
}

export function rawRecord(own: RawRecord): Uint8Array {
  const { owner = POINTER_TO_QNAME, type, qclass = 1, ttl = 300, rdata, rdlength = rdata.length } = own
  return join(owner, words(type, qclass), word32(ttl), words(rdlength), rdata)
}

export interface RawMessage {
  readonly id?: number
  readonly flags?: number
  readonly name?: Uint8Array | readonly number[]
  readonly type?: number
  readonly qclass?: number
  readonly answers?: readonly RawRecord[]
  readonly authorities?: readonly RawRecord[]
  readonly additionals?: readonly RawRecord[]
  /** Questions, answers, authorities, additionals, where they are not what they should be. */
  readonly counts?: readonly (number | undefined)[]
  readonly trailing?: readonly number[]
}

/** A message; by default a response with one question for A of example.test. */
export function rawMessage(own: RawMessage = {}): Uint8Array {
  const { id = 0x1234, flags = 0x8180, name = labels('example', 'test'), type = 1, qclass = 1 } = own
  const { answers = [], authorities = [], additionals = [], counts = [], trailing = [] } = own
  const right = [1, answers.length, authorities.length, additionals.length]
  const question = join(name, words(type, qclass))
  const records = [...answers, ...authorities, ...additionals].map(rawRecord)
  return join(words(id, flags, ...right.map((count, i) => counts[i] ?? count)), question, ...records, trailing)
}

/** A query: the same without QR and RA. */
export const rawQuery = (own: RawMessage = {}): Uint8Array => rawMessage({ flags: 0x0100, ...own })

export interface RawOpt {
  readonly payload?: number
  readonly extendedRcode?: number
  readonly version?: number
  readonly dnssecOk?: boolean
  readonly options?: Uint8Array | readonly number[]
  readonly owner?: Uint8Array | readonly number[]
}

export function rawOpt(own: RawOpt = {}): RawRecord {
  const { payload = 1232, extendedRcode = 0, version = 0, dnssecOk = false, options = [], owner = [0] } = own
  const ttl = ((extendedRcode << 24) | (version << 16) | (dnssecOk ? 0x8000 : 0)) >>> 0
  return { owner, type: 41, qclass: payload, ttl, rdata: options }
}

export const TYPES = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  DNAME: 39,
  RRSIG: 46,
  NSEC: 47,
} as const

/** RDATA of a SOA with these numbers. */
export function soaRdata(minimum: number, mname: Uint8Array | readonly number[] = labels('ns', 'test')): Uint8Array {
  return join(mname, labels('host', 'test'), word32(1), word32(2), word32(3), word32(4), word32(minimum))
}
