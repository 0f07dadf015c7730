/**
 * Data plane. The answer to a blocked question: an address of the block page, of nowhere, or that the zone gives; or that there is
 * nothing, with a SOA so that resolvers behind us know how long (RFC 2308 §5); always with the class as Extended DNS Error and the
 * case's number as its text (RFC 8914 §2), never the rule.
 */
import { CLASS_INFO_CODES } from '../images/classes.ts'
import { FROM_BLOCK } from '../images/counters.ts'
import { givenAt, givenIpv4At, givenIpv4Count, givenIpv6At, givenIpv6Count } from '../images/filter/given.ts'
import { ANSWER_AS_SET, ANSWER_DROP, ANSWER_GIVEN, NO_RULE } from '../images/filter/layout.ts'
import { PUBLIC_NUMBER_OCTETS, writePublicNumber } from '../images/filter/public-number.ts'
import type { FilterReader } from '../images/filter/reader.ts'
import { HEADER_OCTETS } from '../wire/header.ts'
import { copyOctets } from '../wire/octets.ts'
import { addressRecordOctets, soaRecordOctets, writeAddressRecord, writeSoaRecord } from '../wire/records.ts'
import { NOERROR, NXDOMAIN, REFUSED, TYPE_A, TYPE_AAAA } from '../wire/types.ts'
import { type FilterImages, imageOfBlock } from './filter.ts'
import { ANSWERED, DROPPED, type QuerySlot, type Verdict } from './query.ts'
import { beginAnswer, type EdeText, finishAnswer } from './reply.ts'

/** Numbers of `ANSWER_MODES` as elements have them: one more than their place. */
export const MODE_PAGE = 1
export const MODE_NXDOMAIN = 2
export const MODE_NODATA = 3
export const MODE_ZERO = 4
export const MODE_REFUSED = 5

const ZERO = new Uint8Array(16)
const NO_ADDRESS = new Uint8Array(0)

export interface BlockAnswers {
  /** What a rule that asks for nothing else gets: one of the modes above. */
  readonly mode: number
  /** Addresses of the block page in network order; empty where there is none of that family. */
  readonly ipv4: Uint8Array
  readonly ipv6: Uint8Array
  readonly ttlSeconds: number
}

const text: EdeText & { octets: Uint8Array } = { octets: NO_ADDRESS, at: 0, length: 0 }
const numberText = new Uint8Array(PUBLIC_NUMBER_OCTETS)

export function answerBlocked(query: QuerySlot, images: FilterImages, answers: BlockAnswers): Verdict {
  const image = imageOfBlock(query, images)
  const answer = query.blockAnswer === ANSWER_AS_SET ? answers.mode : query.blockAnswer
  if (answer === ANSWER_DROP) return DROPPED
  query.source = FROM_BLOCK
  query.ede = CLASS_INFO_CODES[query.blockClass]!
  nameTheCase(query, image)
  if (answer === MODE_REFUSED) finishAnswer(query, beginAnswer(query), REFUSED, 0, 0, 0, text)
  else if (answer === MODE_NXDOMAIN) answerNothing(query, NXDOMAIN, answers.ttlSeconds)
  else if (answer === MODE_ZERO) answerAddress(query, ZERO, 4, ZERO, 16, answers.ttlSeconds)
  else if (answer >= ANSWER_GIVEN) answerGiven(query, image.given, answer - ANSWER_GIVEN, answers.ttlSeconds)
  else if (answer === MODE_PAGE) {
    answerAddress(query, answers.ipv4, answers.ipv4.length, answers.ipv6, answers.ipv6.length, answers.ttlSeconds)
  } else answerNothing(query, NOERROR, answers.ttlSeconds)
  return ANSWERED
}

/** Points `text` at the number of the case, or of the flagged name where the feed brings none. */
function nameTheCase(query: QuerySlot, image: FilterReader): void {
  const bringsNumber = query.blockRule !== NO_RULE && image.caseLength(query.blockRule) > 0
  if (bringsNumber) {
    text.octets = image.text
    text.at = image.caseAt(query.blockRule)
    text.length = image.caseLength(query.blockRule)
    return
  }
  text.octets = numberText
  text.at = 0
  text.length = query.blockDepth > 0 ? PUBLIC_NUMBER_OCTETS : 0
  if (query.blockDepth > 0)
    writePublicNumber(query.name, query.labels[query.labelCount - query.blockDepth]!, numberText, 0)
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
  const parent = rcode === NXDOMAIN && query.labelCount > 0 ? 1 + query.name[0]! : 0
  const end = writeSoaRecord(query.out, at, HEADER_OCTETS + parent, ttlSeconds)
  finishAnswer(query, end, rcode, 0, 0, 1, text)
}
