/**
 * Data plane. The answer to a blocked question: an address of the block page, of nowhere, or that the zone gives; or that there is
 * nothing, with a SOA so that resolvers behind us know how long (RFC 2308 §5); always with the class as Extended DNS Error and the
 * case's number as its text (RFC 8914 §2), never the rule.
 */
import * as fromClasses from '../images/classes.ts'
import * as fromCounters from '../images/counters.ts'
import * as fromGiven from '../images/filter/given.ts'
import * as fromLayout from '../images/filter/layout.ts'
import * as fromPublicNumber from '../images/filter/public-number.ts'
import type { FilterReader } from '../images/filter/reader.ts'
import * as fromHeader from '../wire/header.ts'
import * as fromNameRoom from '../wire/name-room.ts'
import * as fromOctets from '../wire/octets.ts'
import * as fromRecords from '../wire/records.ts'
import * as fromTypes from '../wire/types.ts'
import type { FilterImages } from './filter.ts'
import * as fromFilter from './filter.ts'
import type { QuerySlot, Verdict } from './query.ts'
import * as fromQuery from './query.ts'
import type { EdeText } from './reply.ts'
import * as fromReply from './reply.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { CLASS_INFO_CODES, CLASSES } = fromClasses
const { FROM_BLOCK } = fromCounters
const { givenAt, givenIpv4At, givenIpv4Count, givenIpv6At, givenIpv6Count } = fromGiven
const { ANSWER_AS_SET, ANSWER_DROP, ANSWER_GIVEN, NO_RULE } = fromLayout
const { PUBLIC_NUMBER_OCTETS, writePublicNumber } = fromPublicNumber
const { HEADER_OCTETS } = fromHeader
const { endingAt, nameAt, roomOctets } = fromNameRoom
const { copyOctets } = fromOctets
const { addressRecordOctets, soaRecordOctets, writeAddressRecord, writeSoaRecord } = fromRecords
const { NOERROR, NXDOMAIN, REFUSED, TYPE_A, TYPE_AAAA } = fromTypes
const { imageOfBlock } = fromFilter
const { ANSWERED, DROPPED } = fromQuery
const { beginAnswer, finishAnswer } = fromReply

/** Numbers of `ANSWER_MODES` as elements have them: one more than their place. */
export const MODE_PAGE = 1
export const MODE_NXDOMAIN = 2
export const MODE_NODATA = 3
export const MODE_ZERO = 4
export const MODE_REFUSED = 5

const ZERO = new Uint8Array(16)
const NO_ADDRESS = new Uint8Array(0)

/** How the names of one class are answered, and what is said of them. */
export interface ClassAnswers {
  /** What a rule that asks for nothing else gets: one of the modes above. */
  readonly mode: number
  readonly ttlSeconds: number
  /** Where a visitor reads about a case: the number is put behind it. Empty: nowhere. */
  readonly link: Uint8Array
  /** Structured data (draft-ietf-dnsop-structured-dns-error §4) before and behind the number, and what is said where there is no room; empty: none. */
  readonly structuredBefore: Uint8Array
  readonly structuredBehind: Uint8Array
  readonly structuredShort: Uint8Array
}

export interface BlockAnswers {
  /** Addresses of the block page in network order; empty where there is none of that family. */
  readonly ipv4: Uint8Array
  readonly ipv6: Uint8Array
  /** In the order of `CLASSES`. */
  readonly classes: readonly ClassAnswers[]
}

/** The longest text: structured data of some hundreds of octets, or a number of 255 twice and a link. */
const TEXT_OCTETS_MAX = 2048
const SPACE = 0x20

const text: EdeText & { short: Uint8Array } = {
  octets: new Uint8Array(TEXT_OCTETS_MAX),
  at: 0,
  length: 0,
  short: NO_ADDRESS,
}
const numberText = new Uint8Array(PUBLIC_NUMBER_OCTETS)

/** Answers the same way for every class, and says no more than the number. */
export function sameForAll(mode: number, ttlSeconds: number): readonly ClassAnswers[] {
  const nothing = new Uint8Array(0)
  const own = {
    mode,
    ttlSeconds,
    link: nothing,
    structuredBefore: nothing,
    structuredBehind: nothing,
    structuredShort: nothing,
  }
  return CLASSES.map(() => own)
}

/** `flagged` has the name that the rule covers: the query itself, or where its answer would have led. */
export function answerBlocked(
  query: QuerySlot,
  images: FilterImages,
  answers: BlockAnswers,
  flagged: QuerySlot = query,
): Verdict {
  const image = imageOfBlock(query, images)
  const own = answers.classes[query.blockClass]!
  const answer = query.blockAnswer === ANSWER_AS_SET ? own.mode : query.blockAnswer
  query.source = FROM_BLOCK
  if (answer === ANSWER_DROP) return DROPPED
  query.ede = CLASS_INFO_CODES[query.blockClass]!
  explain(query, flagged, image, own)
  if (answer === MODE_REFUSED) finishAnswer(query, beginAnswer(query), REFUSED, 0, 0, 0, text)
  else if (answer === MODE_NXDOMAIN) answerNothing(query, NXDOMAIN, own.ttlSeconds)
  else if (answer === MODE_ZERO) answerAddress(query, ZERO, 4, ZERO, 16, own.ttlSeconds)
  else if (answer >= ANSWER_GIVEN) answerGiven(query, image.given, answer - ANSWER_GIVEN, own.ttlSeconds)
  else if (answer === MODE_PAGE) {
    answerAddress(query, answers.ipv4, answers.ipv4.length, answers.ipv6, answers.ipv6.length, own.ttlSeconds)
  } else answerNothing(query, NOERROR, own.ttlSeconds)
  return ANSWERED
}

/** Fills `text`: the number of the case and where to read about it, or the same as structured data for who asked for that. */
function explain(query: QuerySlot, flagged: QuerySlot, image: FilterReader, own: ClassAnswers): void {
  text.length = 0
  text.short = NO_ADDRESS
  if (!query.hasOpt) return
  const isStructured = query.wantsStructured && own.structuredBefore.length > 0
  if (isStructured) append(own.structuredBefore, 0, own.structuredBefore.length)
  const before = text.length
  appendNumber(query, flagged, image)
  const octets = text.length - before
  if (isStructured) {
    if (!isPlain(before)) text.length = before
    append(own.structuredBehind, 0, own.structuredBehind.length)
    text.short = own.structuredShort
  } else if (own.link.length > 0 && octets > 0) {
    append(SEPARATOR, 0, 1)
    append(own.link, 0, own.link.length)
    append(text.octets, before, octets)
  }
}

const SEPARATOR = Uint8Array.of(SPACE)

function append(from: Uint8Array, at: number, octets: number): void {
  if (text.length + octets > TEXT_OCTETS_MAX) return
  text.length = copyOctets(from, at, text.octets, text.length, octets)
}

/** The number of the case, or of the flagged name where the feed brings none. */
function appendNumber(query: QuerySlot, flagged: QuerySlot, image: FilterReader): void {
  const rule = query.blockRule
  if (rule !== NO_RULE && image.caseLength(rule) > 0)
    return append(image.text, image.caseAt(rule), image.caseLength(rule))
  if (query.blockDepth === 0) return
  writePublicNumber(roomOctets, endingAt(flagged, query.blockDepth), numberText, 0)
  append(numberText, 0, PUBLIC_NUMBER_OCTETS)
}

/** Whether the number can stand in a JSON string as it is. */
function isPlain(from: number): boolean {
  for (let i = from; i < text.length; i++) {
    const octet = text.octets[i]!
    if (octet < SPACE || octet > 0x7e || octet === 0x22 || octet === 0x5c) return false
  }
  return true
}

/** One address of the family that was asked for, NODATA where there is none or another type was asked for. */
function answerAddress(
  query: QuerySlot,
  ipv4: Uint8Array,
  ipv4Octets: number,
  ipv6: Uint8Array,
  ipv6Octets: number,
  ttlSeconds: number,
): void {
  if (query.type === TYPE_A && ipv4Octets > 0) answerAddresses(query, TYPE_A, ipv4, 0, 1, ttlSeconds)
  else if (query.type === TYPE_AAAA && ipv6Octets > 0) answerAddresses(query, TYPE_AAAA, ipv6, 0, 1, ttlSeconds)
  else answerNothing(query, NOERROR, ttlSeconds)
}

function answerGiven(query: QuerySlot, section: Uint8Array, number: number, ttlSeconds: number): void {
  const at = givenAt(section, number)
  const ipv4Count = givenIpv4Count(section, at)
  const ipv6Count = givenIpv6Count(section, at)
  if (query.type === TYPE_A && ipv4Count > 0) {
    answerAddresses(query, TYPE_A, section, givenIpv4At(at), ipv4Count, ttlSeconds)
  } else if (query.type === TYPE_AAAA && ipv6Count > 0) {
    answerAddresses(query, TYPE_AAAA, section, givenIpv6At(section, at), ipv6Count, ttlSeconds)
  } else answerNothing(query, NOERROR, ttlSeconds)
}

/** Answers with `count` addresses that stand one behind the other in `from`. */
export function answerAddresses(
  query: QuerySlot,
  type: typeof TYPE_A | typeof TYPE_AAAA,
  from: Uint8Array,
  fromAt: number,
  count: number,
  ttlSeconds: number,
): void {
  const octets = type === TYPE_A ? 4 : 16
  let at = beginAnswer(query)
  if (at + count * addressRecordOctets(octets) > query.outAt + query.outRoom) {
    return finishAnswer(query, query.outAt + query.outRoom + 1, NOERROR, 0, 0, 0, text)
  }
  for (let i = 0; i < count; i++) {
    at = writeAddressRecord(query.out, at, HEADER_OCTETS, type, ttlSeconds, octets)
    copyOctets(from, fromAt + i * octets, query.out, at - octets, octets)
  }
  finishAnswer(query, at, NOERROR, 0, count, 0, text)
}

/** NXDOMAIN or NODATA, with a SOA: of the name itself where it exists, of its parent where it does not. */
export function answerNothing(query: QuerySlot, rcode: number, ttlSeconds: number): void {
  const at = beginAnswer(query)
  if (at + soaRecordOctets > query.outAt + query.outRoom) return finishAnswer(query, at, rcode, 0, 0, 0, text)
  const parent = rcode === NXDOMAIN && query.labelCount > 0 ? 1 + roomOctets[nameAt(query)]! : 0
  const end = writeSoaRecord(query.out, at, HEADER_OCTETS + parent, ttlSeconds)
  finishAnswer(query, end, rcode, 0, 0, 1, text)
}
