/**
 * Data plane. The cache stage, and the writing of whole answers from records, cached or just accepted.
 */
import * as fromCounters from '../images/counters.ts'
import * as fromHeader from '../wire/header.ts'
import * as fromNameRoom from '../wire/name-room.ts'
import * as fromOctets from '../wire/octets.ts'
import * as fromTypes from '../wire/types.ts'
import * as fromBlocked from './blocked.ts'
import type { AnswerCache, AnswerKey, AnswerRecords } from './cache.ts'
import * as fromCache from './cache.ts'
import * as fromKey from './key.ts'
import type { QuerySlot } from './query.ts'
import * as fromQuery from './query.ts'
import * as fromReply from './reply.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { FROM_CACHE } = fromCounters
const { FLAG_AD } = fromHeader
const { endingAt, endingHash, endingOctets, nameAt, roomOctets } = fromNameRoom
const { copyOctets } = fromOctets
const { EDE_CACHED_ERROR, EDE_STALE_ANSWER, EDE_STALE_NXDOMAIN, NO_EDE, NXDOMAIN, SERVFAIL } = fromTypes
const { answerNothing } = fromBlocked
const { ageRecords, MISS, newRecords, RECORD_COUNT_MAX } = fromCache
const { answerHash, answerKeyFlags, hashFor } = fromKey
const { ANSWERED, PASS } = fromQuery
const { beginAnswer, finishAnswer } = fromReply

/** The key of the query in hand; one for the thread. */
class QueryKey implements AnswerKey {
  name: Uint8Array = new Uint8Array(0)
  nameAt = 0
  nameOctets = 0
  hash = 0
  type = 0
  keyFlags = 0

  of(query: QuerySlot): this {
    this.name = roomOctets
    this.nameAt = nameAt(query)
    this.nameOctets = query.nameOctets
    this.hash = answerHash(query)
    this.type = query.type
    this.keyFlags = answerKeyFlags(query)
    return this
  }

  /** The same of the last `depth` labels. */
  above(query: QuerySlot, depth: number): this {
    this.name = roomOctets
    this.nameAt = endingAt(query, depth)
    this.nameOctets = endingOctets(query, depth)
    this.hash = hashFor(endingHash(query.room, depth), query.type)
    this.type = query.type
    this.keyFlags = answerKeyFlags(query)
    return this
  }
}

const key = new QueryKey()
const records = newRecords(RECORD_COUNT_MAX * 2)

export function lookUp(query: QuerySlot, cache: AnswerCache, nowSeconds: number): typeof PASS | typeof ANSWERED {
  const entry = cache.find(key.of(query), nowSeconds)
  if (entry === MISS) {
    cache.counts.misses++
    return cut(query, cache, nowSeconds)
  }
  cache.counts.hits++
  cache.read(entry, nowSeconds, records)
  query.source = FROM_CACHE
  query.isFading = cache.isWorthPrefetch(entry, nowSeconds)
  if (records.ttlSeconds <= 0) cache.counts.stale++
  answerFrom(query, records)
  return ANSWERED
}

/** Names looked at above the one that was asked for: deep names are an attacker's. */
const CUT_DEPTHS_MAX = 4
/** Nothing is said of whole zones: a name that is cut off has more labels than this above it. */
const CUT_LABELS_MIN = 2

/**
 * NXDOMAIN of a name above means that there is nothing below it (RFC 8020 §2). Only where the upstream has validated that (AD), since servers that
 * err in this are common; not for who asks for the proof.
 */
function cut(query: QuerySlot, cache: AnswerCache, nowSeconds: number): typeof PASS | typeof ANSWERED {
  if (query.dnssecOk) return PASS
  const least = Math.max(CUT_LABELS_MIN, query.labelCount - CUT_DEPTHS_MAX)
  for (let depth = query.labelCount - 1; depth >= least; depth--) {
    const entry = cache.find(key.above(query, depth), nowSeconds)
    if (entry === MISS) continue
    cache.read(entry, nowSeconds, records)
    if (records.rcode !== NXDOMAIN || !records.authenticData || records.ttlSeconds <= 0) continue
    query.source = FROM_CACHE
    answerNothing(query, NXDOMAIN, records.ttlSeconds)
    return ANSWERED
  }
  return PASS
}

/** The key under which the answer to `query` is kept; true until the next call. */
export function keyOf(query: QuerySlot): AnswerKey {
  return key.of(query)
}

/** What is said of an answer beside its records: that it is stale, a failure remembered, or what its upstream said (RFC 8914 §4). */
export function errorOf(from: AnswerRecords): number {
  const isStale = from.ttlSeconds <= 0 && from.ageSeconds > 0
  if (isStale) return from.rcode === NXDOMAIN ? EDE_STALE_NXDOMAIN : EDE_STALE_ANSWER
  if (from.ede !== NO_EDE) return from.ede
  return from.rcode === SERVFAIL ? EDE_CACHED_ERROR : NO_EDE
}

/** Writes an answer from records, TTLs counted down (RFC 1035 §3.2.1); AD only for who asked (RFC 6840 §5.8). */
export function answerFrom(query: QuerySlot, from: AnswerRecords): void {
  query.marks = from.marks
  query.ede = errorOf(from)
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
