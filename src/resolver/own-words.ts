/**
 * Data plane. What this resolver says of itself, and the one short answer to ANY.
 *
 * - Names of class CH (RFC 4892): version.bind, id.server and their likes, only as the operator has them answered.
 * - RESINFO of resolver.arpa (RFC 9606): which Extended DNS Errors are used, where to read about them.
 * - ANY over UDP or TCP: one HINFO, RFC 8482 §4.2: nobody needs all records of a name, but whoever forges addresses.
 */
import * as fromCounters from '../images/counters.ts'
import * as fromHeader from '../wire/header.ts'
import * as fromOctets from '../wire/octets.ts'
import * as fromRecords from '../wire/records.ts'
import * as fromTypes from '../wire/types.ts'
import { NameTable } from './name-table.ts'
import type { QuerySlot } from './query.ts'
import * as fromQuery from './query.ts'
import * as fromReply from './reply.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { FROM_LOCAL } = fromCounters
const { HEADER_OCTETS } = fromHeader
const { copyOctets, putU16 } = fromOctets
const { FIXED_OCTETS, POINTER_OCTETS, writeFixed, writePointer } = fromRecords
const { NOERROR, REFUSED, TYPE_ANY, TYPE_HINFO, TYPE_RESINFO, TYPE_TXT } = fromTypes
const { ANSWERED, PASS } = fromQuery
const { answerEmpty, beginAnswer, finishAnswer } = fromReply

/** In the order of the table below. */
const IDENTITY_NAMES = ['version.bind', 'version.server', 'id.server', 'hostname.bind'] as const
const FIRST_ID = 2
const CHARACTER_STRING_OCTETS_MAX = 255
/** RFC 8482 §4.2: as long as possible, the answer never changes. */
const ANY_TTL_SECONDS = 3600
const RESINFO_TTL_SECONDS = 3600
const ANY_HINFO = characterStrings(['RFC8482', ''])

export interface OwnWords {
  /** Of the program, and of this server; null: the question is refused. */
  readonly version: string | null
  readonly id: string | null
  /** Keys of RESINFO with their values, `key=value` each; empty: none. */
  readonly resolverInfo: readonly string[]
  readonly anyIsMinimal: boolean
}

export class OwnAnswers {
  private readonly identityNames: NameTable
  private readonly resolverNames: NameTable
  private readonly version: Uint8Array
  private readonly id: Uint8Array
  private readonly resolverInfo: Uint8Array
  private readonly anyIsMinimal: boolean

  constructor(words: OwnWords, seed: number) {
    const none = IDENTITY_NAMES.map(() => false)
    this.identityNames = new NameTable(IDENTITY_NAMES, seed, none)
    this.resolverNames = new NameTable(['resolver.arpa'], seed, [false])
    this.version = characterStrings(words.version === null ? [] : [words.version])
    this.id = characterStrings(words.id === null ? [] : [words.id])
    this.resolverInfo = characterStrings(words.resolverInfo)
    this.anyIsMinimal = words.anyIsMinimal
  }

  /** A question of class CH: answered where the operator wants it, otherwise refused. */
  answerChaos(query: QuerySlot): typeof ANSWERED {
    query.source = FROM_LOCAL
    const name = query.type === TYPE_TXT ? this.identityNames.find(query) : -1
    const words = name < FIRST_ID ? this.version : this.id
    if (name < 0 || words.length === 0) answerEmpty(query, REFUSED)
    else answerWith(query, TYPE_TXT, 0, words)
    return ANSWERED
  }

  answerResolverInfo(query: QuerySlot): typeof PASS | typeof ANSWERED {
    if (query.type !== TYPE_RESINFO || this.resolverInfo.length === 0) return PASS
    if (this.resolverNames.find(query) < 0) return PASS
    query.source = FROM_LOCAL
    answerWith(query, TYPE_RESINFO, RESINFO_TTL_SECONDS, this.resolverInfo)
    return ANSWERED
  }

  answerAny(query: QuerySlot): typeof PASS | typeof ANSWERED {
    if (query.type !== TYPE_ANY || !this.anyIsMinimal) return PASS
    query.source = FROM_LOCAL
    answerWith(query, TYPE_HINFO, ANY_TTL_SECONDS, ANY_HINFO)
    return ANSWERED
  }
}

/** One record of the question's own name and class. */
function answerWith(query: QuerySlot, type: number, ttlSeconds: number, rdata: Uint8Array): void {
  const at = beginAnswer(query)
  if (at + POINTER_OCTETS + FIXED_OCTETS + rdata.length > query.outAt + query.outRoom) {
    return finishAnswer(query, query.outAt + query.outRoom + 1, NOERROR, 0, 0, 0)
  }
  const fixed = writePointer(query.out, at, HEADER_OCTETS)
  const to = writeFixed(query.out, fixed, type, ttlSeconds, rdata.length)
  putU16(query.out, fixed + 2, query.qclass)
  finishAnswer(query, copyOctets(rdata, 0, query.out, to, rdata.length), NOERROR, 0, 1, 0)
}

/** RFC 1035 §3.3: each with its length before it. Throws RangeError for one of more than 255 octets. */
function characterStrings(texts: readonly string[]): Uint8Array {
  const strings = texts.map(text => Buffer.from(text, 'utf8'))
  if (strings.some(own => own.length > CHARACTER_STRING_OCTETS_MAX))
    throw new RangeError('a character string has at most 255 octets')
  return Uint8Array.from(strings.flatMap(own => [own.length, ...own]))
}
