/**
 * Data plane. The cache stage, and the writing of whole answers from records, cached or just accepted.
 */
import { FROM_CACHE } from '../images/counters.ts'
import { FLAG_AD } from '../wire/header.ts'
import { copyOctets } from '../wire/octets.ts'
import { EDE_CACHED_ERROR, SERVFAIL } from '../wire/types.ts'
import { type AnswerCache, type AnswerKey, type AnswerRecords, ageRecords, MISS, RECORD_COUNT_MAX } from './cache.ts'
import { answerHash, answerKeyFlags } from './key.ts'
import { ANSWERED, PASS, type QuerySlot } from './query.ts'
import { beginAnswer, finishAnswer } from './reply.ts'

/** The key of the query in hand; one for the thread. */
class QueryKey implements AnswerKey {
  name: Uint8Array = new Uint8Array(0)
  readonly nameAt = 0
  nameOctets = 0
  hash = 0
  type = 0
  keyFlags = 0

  of(query: QuerySlot): this {
    this.name = query.name
    this.nameOctets = query.nameOctets
    this.hash = answerHash(query)
    this.type = query.type
    this.keyFlags = answerKeyFlags(query)
    return this
  }
}

const key = new QueryKey()
const records: AnswerRecords = {
  bytes: new Uint8Array(0),
  at: 0,
  octets: 0,
  answers: 0,
  authorities: 0,
  rcode: 0,
  authenticData: false,
  ttlOffsets: new Uint16Array(RECORD_COUNT_MAX * 2),
  ttlCount: 0,
  ttlSeconds: 0,
  ageSeconds: 0,
}

export function lookUp(query: QuerySlot, cache: AnswerCache, nowSeconds: number): typeof PASS | typeof ANSWERED {
  const entry = cache.find(key.of(query), nowSeconds)
  if (entry === MISS) {
    cache.counts.misses++
    return PASS
  }
  cache.counts.hits++
  cache.read(entry, nowSeconds, records)
  query.source = FROM_CACHE
  if (records.rcode === SERVFAIL) query.ede = EDE_CACHED_ERROR
  answerFrom(query, records)
  return ANSWERED
}

/** The key under which the answer to `query` is kept; true until the next call. */
export function keyOf(query: QuerySlot): AnswerKey {
  return key.of(query)
}

/** Writes an answer from records, TTLs counted down (RFC 1035 §3.2.1); AD only for who asked (RFC 6840 §5.8). */
export function answerFrom(query: QuerySlot, from: AnswerRecords): void {
  const at = beginAnswer(query)
  const wantsAd = query.dnssecOk || (query.flags & FLAG_AD) !== 0
  const flags = from.authenticData && wantsAd ? FLAG_AD : 0
  if (at + from.octets > query.outAt + query.outRoom) {
    // Not even written: what is longer than the buffer is longer than the client takes.
    return finishAnswer(query, query.outAt + query.outRoom + 1, from.rcode, flags, 0, 0)
  }
  const end = copyOctets(from.bytes, from.at, query.out, at, from.octets)
  ageRecords(query.out, at, from)
  finishAnswer(query, end, from.rcode, flags, from.answers, from.authorities)
}
