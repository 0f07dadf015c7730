/**
 * Data plane. The accept stage: an upstream's message is read within bounds and written anew; nothing of it is passed on unread.
 *
 * What is kept: of the answer section, the records on the chain from the question over its CNAMEs and DNAMEs to the type asked for; of the
 * authority section, the SOA of a negative answer and, for who asked for DNSSEC, the proofs; nothing of the additional section. A record
 * that does not belong is left out, never kept for later (a forwarder learns only the answer to its question: RFC 2181 §5.4.1). A record
 * that cannot be read makes the whole message ill-formed, and an ill-formed message is as if it had not come.
 *
 * Work is bounded by the message: each record is visited once for each name on the chain, and a chain has at most 16 names.
 */
import * as fromEdns from '../wire/edns.ts'
import * as fromHeader from '../wire/header.ts'
import * as fromName from '../wire/name.ts'
import * as fromOctets from '../wire/octets.ts'
import * as fromPrivateAddress from '../wire/private-address.ts'
import type { RdataShape } from '../wire/records.ts'
import * as fromRecords from '../wire/records.ts'
import * as fromSvcb from '../wire/svcb.ts'
import * as fromTypes from '../wire/types.ts'
import type { AnswerRecords } from './cache.ts'
import * as fromCache from './cache.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { extendedErrorCode, optExtendedRcode } = fromEdns
const {
  additionalCount,
  answerCount,
  authorityCount,
  FLAG_AD,
  FLAG_QR,
  FLAG_TC,
  HEADER_OCTETS,
  MESSAGE_OCTETS_MAX,
  messageFlags,
  messageId,
  opcodeOf,
  questionCount,
  rcodeOf,
} = fromHeader
const { BAD_NAME, expandName, FOLD, NAME_OCTETS_MAX, nameEnd } = fromName
const { copyOctets, putU16, putU32, u16, u32 } = fromOctets
const { isPrivateIpv4, isPrivateIpv6 } = fromPrivateAddress
const { FIXED_OCTETS, RDLENGTH_AT, rdataOctets, rdataShape, TTL_AT, writePointer } = fromRecords
const { BAD_SVCB, hintsAtPrivate, parametersAt } = fromSvcb
const {
  CLASS_IN,
  NO_EDE,
  NOERROR,
  NXDOMAIN,
  TYPE_A,
  TYPE_AAAA,
  TYPE_ANY,
  TYPE_CNAME,
  TYPE_DNAME,
  TYPE_HTTPS,
  TYPE_NSEC,
  TYPE_NSEC3,
  TYPE_OPT,
  TYPE_RRSIG,
  TYPE_SOA,
  TYPE_SVCB,
} = fromTypes
const { MARK_LINKS, MARK_PRIVATE } = fromCache

/** What an upstream's message turns out to be. */
export const ACCEPTED = 0
/** Another id, or another question: not the answer, perhaps a forged one. */
export const NOT_OURS = 1
export const ILL_FORMED = 2
/** TC: to be asked again over TCP. */
export const CUT_SHORT = 3
/** The server could not or would not answer: `rcode` says how. */
export const UNHELPFUL = 4
/** The right question in another spelling than was sent: a server that folds case, or a guess. */
export const MISSPELLED = 5

/** Names on a chain of aliases, the question's own included. */
const CHAIN_MAX = 16
/** Aliases looked at on the way, each as often as it takes: a chain of 16 in the worst order is 136. */
const ALIASES_VISITED_MAX = 160
const NAME_STRIDE = NAME_OCTETS_MAX + 1
const RECORDS_MAX = Math.floor(MESSAGE_OCTETS_MAX / (1 + FIXED_OCTETS))
/** RFC 2181 §8: a TTL with the top bit set is 0. */
const TTL_TOP_BIT = 0x80000000
const RRSIG_COVERED_AT = 0
/** What the 14 bits of a pointer reach (RFC 1035 §4.1.4). */
const POINTER_LIMIT = 0x4000

export interface AcceptLimits {
  readonly ttlSecondsMin: number
  readonly ttlSecondsMax: number
  readonly negativeTtlSecondsMax: number
}

/** What is expected of the message: the id that was sent, the name (folded), the type, and whether DNSSEC was asked for. */
export interface Expected {
  id: number
  names: Uint8Array
  nameAt: number
  nameOctets: number
  type: number
  dnssecOk: boolean
  /** The spelling that was sent, see `spelled`; 0: whatever spelling is good. */
  spelling: number
}

/**
 * An octet of a folded name as it is sent: letters in upper case where the spelling has a bit (draft-vixie-dnsext-dns0x20 §3). 32 bits
 * serve names of any length, over and over: few names have more letters, and none needs more to be beyond guessing.
 */
export function spelled(octet: number, index: number, spelling: number): number {
  const isLetter = octet >= 0x61 && octet <= 0x7a
  return isLetter && ((spelling >>> (index & 31)) & 1) === 1 ? octet - 0x20 : octet
}

/** Reads messages one at a time; all its memory is made with it. */
export class Acceptor implements AnswerRecords {
  bytes: Uint8Array
  at = HEADER_OCTETS
  octets = 0
  answers = 0
  authorities = 0
  rcode = 0
  authenticData = false
  marks = 0
  ede = NO_EDE
  readonly ttlOffsets = new Uint16Array(RECORDS_MAX + 1)
  ttlCount = 0
  ttlSeconds = 0
  ageSeconds = 0

  private readonly limits: AcceptLimits
  /** Uncompressed names of the chain, and where each stands in the message being written. */
  private readonly chain = new Uint8Array(CHAIN_MAX * NAME_STRIDE)
  private readonly chainOctets = new Uint8Array(CHAIN_MAX)
  private readonly chainWrittenAt = new Uint16Array(CHAIN_MAX)
  /** Octets of it that stand there themselves, before a pointer to the rest. */
  private readonly chainPlain = new Uint8Array(CHAIN_MAX)
  private chainLength = 0
  private readonly scratch = new Uint8Array(NAME_STRIDE)
  private write = 0
  private leastTtl = 0
  /** A record of the type asked for, and a SOA, were among those kept. */
  private answersType = false
  private soaSeen = false

  private asked: Expected | null = null
  private message: Uint8Array = new Uint8Array(0)
  private start = 0
  private end = 0

  constructor(limits: AcceptLimits) {
    this.limits = limits
    // What is written is never longer than a message can be; a message whose expansion is, is refused.
    this.bytes = new Uint8Array(MESSAGE_OCTETS_MAX)
  }

  /** Reads the message in `message[start, end)`; on ACCEPTED the fields above hold what to keep and send. */
  accept(message: Uint8Array, start: number, end: number, expected: Expected): number {
    this.message = message
    this.start = start
    this.end = end
    this.asked = expected
    if (end - start < HEADER_OCTETS) return ILL_FORMED
    const flags = messageFlags(message, start)
    if (messageId(message, start) !== expected.id || (flags & FLAG_QR) === 0) return NOT_OURS
    if (opcodeOf(flags) !== 0) return NOT_OURS
    this.rcode = rcodeOf(flags)
    this.ede = NO_EDE
    const afterQuestion = this.matchQuestion(expected)
    if (afterQuestion < 0) return this.withoutQuestion(flags) ? UNHELPFUL : NOT_OURS
    if (!this.isSpelledAs(expected)) return MISSPELLED
    if ((flags & FLAG_TC) !== 0) return CUT_SHORT
    if (this.rcode !== NOERROR && this.rcode !== NXDOMAIN) return this.readError(afterQuestion)
    this.authenticData = (flags & FLAG_AD) !== 0
    return this.rewrite(afterQuestion, expected)
  }

  /** Some servers send an error as a bare header: it is ours by its id. */
  private withoutQuestion(flags: number): boolean {
    return questionCount(this.message, this.start) === 0 && rcodeOf(flags) !== NOERROR && rcodeOf(flags) !== NXDOMAIN
  }

  /** RFC 5452 §9.1: name, type and class must be those that were asked. Returns the offset after the question, or -1. */
  private matchQuestion(expected: Expected): number {
    const { message, start, end } = this
    if (questionCount(message, start) !== 1) return -1
    const at = start + HEADER_OCTETS
    const after = at + expected.nameOctets
    if (after + 4 > end) return -1
    for (let i = 0; i < expected.nameOctets; i++) {
      if (FOLD[message[at + i]!] !== expected.names[expected.nameAt + i]) return -1
    }
    return u16(message, after) === expected.type && u16(message, after + 2) === CLASS_IN ? after + 4 : -1
  }

  /** Whether the question came back in the spelling that was sent. */
  private isSpelledAs({ names, nameAt, nameOctets, spelling }: Expected): boolean {
    if (spelling === 0) return true
    const at = this.start + HEADER_OCTETS
    for (let i = 0; i < nameOctets; i++) {
      if (this.message[at + i] !== spelled(names[nameAt + i]!, i, spelling)) return false
    }
    return true
  }

  /** What a server that could not answer says of the reason (RFC 8914 §3), if the message can be read that far. */
  private readError(afterQuestion: number): typeof UNHELPFUL {
    const records = answerCount(this.message, this.start) + authorityCount(this.message, this.start)
    const additionalsAt = this.checkRecords(afterQuestion, records)
    const additionals = additionalCount(this.message, this.start)
    if (additionalsAt >= 0 && this.checkRecords(additionalsAt, additionals) >= 0)
      this.extendedRcode(additionalsAt, additionals)
    return UNHELPFUL
  }

  private rewrite(afterQuestion: number, expected: Expected): number {
    this.begin(expected)
    const answers = answerCount(this.message, this.start)
    const authorities = authorityCount(this.message, this.start)
    const answersEnd = this.checkRecords(afterQuestion, answers)
    const authoritiesEnd = answersEnd < 0 ? -1 : this.checkRecords(answersEnd, authorities)
    if (authoritiesEnd < 0) return ILL_FORMED
    const additionals = additionalCount(this.message, this.start)
    if (this.checkRecords(authoritiesEnd, additionals) < 0) return ILL_FORMED
    if (this.extendedRcode(authoritiesEnd, additionals) !== 0) return UNHELPFUL
    if (!this.followAliases(afterQuestion, answers, expected.type)) return ILL_FORMED
    this.answers = this.copyAnswers(afterQuestion, answers, expected)
    if (this.answers < 0) return ILL_FORMED
    const positive = this.answers > 0 && this.rcode === NOERROR && this.answersType
    this.authorities = this.copyAuthorities(answersEnd, authorities, expected.dnssecOk, !positive)
    if (this.authorities < 0) return ILL_FORMED
    this.octets = this.write - this.at
    this.ttlSeconds = this.lifetime(positive)
    this.ageSeconds = 0
    return ACCEPTED
  }

  /** The upper bits of the RCODE, from the OPT where there is one (RFC 6891 §6.1.3), whose Extended DNS Error is kept. */
  private extendedRcode(at: number, count: number): number {
    let offset = at
    for (let i = 0; i < count; i++) {
      const typeAt = nameEnd(this.message, offset, this.end, this.start)
      const next = typeAt + FIXED_OCTETS + u16(this.message, typeAt + RDLENGTH_AT)
      if (u16(this.message, typeAt) === TYPE_OPT) {
        this.ede = extendedErrorCode(this.message, typeAt + FIXED_OCTETS, next)
        return optExtendedRcode(this.message, typeAt)
      }
      offset = next
    }
    return 0
  }

  private begin(expected: Expected): void {
    copyOctets(expected.names, expected.nameAt, this.chain, 0, expected.nameOctets)
    this.chainOctets[0] = expected.nameOctets
    this.chainWrittenAt[0] = HEADER_OCTETS
    this.chainPlain[0] = expected.nameOctets
    this.chainLength = 1
    this.at = HEADER_OCTETS + expected.nameOctets + 4
    this.write = this.at
    this.ttlCount = 0
    this.leastTtl = this.limits.ttlSecondsMax
    this.answersType = false
    this.soaSeen = false
    this.marks = 0
  }

  /** Whether `count` records from `at` on lie within the message and can be read; returns the offset after them or -1. */
  private checkRecords(at: number, count: number): number {
    const { message, end } = this
    let offset = at
    for (let i = 0; i < count; i++) {
      const typeAt = nameEnd(message, offset, end, this.start)
      if (typeAt === BAD_NAME || typeAt + FIXED_OCTETS > end) return -1
      const octets = u16(message, typeAt + RDLENGTH_AT)
      const next = typeAt + FIXED_OCTETS + octets
      if (next > end) return -1
      const fixed = rdataOctets(u16(message, typeAt))
      if (fixed >= 0 && fixed !== octets) return -1
      offset = next
    }
    return offset
  }

  /** Finds the chain of aliases from the question's name on. False for one that is ill-formed; a loop simply ends. */
  private followAliases(at: number, count: number, type: number): boolean {
    if (type === TYPE_CNAME || type === TYPE_ANY) return true
    let found = true
    let visited = 0
    while (found && this.chainLength < CHAIN_MAX) {
      found = false
      let offset = at
      for (let i = 0; i < count && !found; i++) {
        const typeAt = nameEnd(this.message, offset, this.end, this.start)
        const rdata = typeAt + FIXED_OCTETS
        const isAlias = u16(this.message, typeAt) === TYPE_CNAME && u16(this.message, typeAt + 2) === CLASS_IN
        if (isAlias && ++visited > ALIASES_VISITED_MAX) return false
        if (isAlias && this.chainIndex(offset) === this.chainLength - 1) {
          if (!this.addToChain(rdata, rdata + u16(this.message, typeAt + RDLENGTH_AT))) return false
          found = !this.isRepeated()
          if (!found) this.chainLength--
        }
        offset = rdata + u16(this.message, typeAt + RDLENGTH_AT)
      }
    }
    return true
  }

  private addToChain(at: number, end: number): boolean {
    const to = this.chainLength * NAME_STRIDE
    const after = expandName(this.message, this.start, at, this.end, this.chain, to)
    if (after === BAD_NAME || nameEnd(this.message, at, end, this.start) !== end) return false
    for (let i = to; i < after; i++) this.chain[i] = FOLD[this.chain[i]!]!
    this.chainOctets[this.chainLength] = after - to
    this.chainWrittenAt[this.chainLength] = 0
    this.chainLength++
    return true
  }

  private isRepeated(): boolean {
    const last = this.chainLength - 1
    for (let i = 0; i < last; i++)
      if (this.sameAsChain(i, this.chain, last * NAME_STRIDE, this.chainOctets[last]!)) return true
    return false
  }

  private sameAsChain(index: number, name: Uint8Array, at: number, octets: number): boolean {
    if (this.chainOctets[index] !== octets) return false
    const own = index * NAME_STRIDE
    for (let i = 0; i < octets; i++) if (FOLD[name[at + i]!] !== this.chain[own + i]) return false
    return true
  }

  /** Which name of the chain the owner name at `at` is, or -1. An owner that cannot be read is none. */
  private chainIndex(at: number): number {
    const after = expandName(this.message, this.start, at, this.end, this.scratch, 0)
    if (after === BAD_NAME) return -1
    for (let i = 0; i < this.chainLength; i++) if (this.sameAsChain(i, this.scratch, 0, after)) return i
    return -1
  }

  /** Copies what belongs of the answer section; returns how many records, or -1. */
  private copyAnswers(at: number, count: number, expected: Expected): number {
    let offset = at
    let copied = 0
    for (let i = 0; i < count; i++) {
      const typeAt = nameEnd(this.message, offset, this.end, this.start)
      const next = typeAt + FIXED_OCTETS + u16(this.message, typeAt + RDLENGTH_AT)
      const type = u16(this.message, typeAt)
      const kept = this.belongs(offset, typeAt, type, expected)
      if (kept) {
        if (!this.copyRecord(offset, typeAt, type, -1)) return -1
        this.marks |= this.marksOf(typeAt, type)
        if (type === expected.type || expected.type === TYPE_ANY) this.answersType = true
        copied++
      }
      offset = next
    }
    return copied
  }

  private marksOf(typeAt: number, type: number): number {
    const rdata = typeAt + FIXED_OCTETS
    if (type === TYPE_A) return isPrivateIpv4(this.message, rdata) ? MARK_PRIVATE : 0
    if (type === TYPE_AAAA) return isPrivateIpv6(this.message, rdata) ? MARK_PRIVATE : 0
    if (type === TYPE_CNAME) return MARK_LINKS
    return type === TYPE_SVCB || type === TYPE_HTTPS ? this.marksOfBinding(rdata, typeAt) : 0
  }

  private marksOfBinding(rdata: number, typeAt: number): number {
    const end = rdata + u16(this.message, typeAt + RDLENGTH_AT)
    const isPrivate = hintsAtPrivate(this.message, parametersAt(this.message, rdata, end), end)
    return MARK_LINKS | (isPrivate ? MARK_PRIVATE : 0)
  }

  /** Whether a record of the answer section is on the chain: an alias, the type asked for at its end, or their signatures. */
  private belongs(ownerAt: number, typeAt: number, type: number, expected: Expected): boolean {
    if (u16(this.message, typeAt + 2) !== CLASS_IN || type === TYPE_OPT) return false
    const data = type === TYPE_RRSIG && expected.type !== TYPE_RRSIG ? this.covered(typeAt) : type
    if (type === TYPE_RRSIG && !expected.dnssecOk && expected.type !== TYPE_RRSIG && expected.type !== TYPE_ANY)
      return false
    if (data === TYPE_DNAME && expected.type !== TYPE_DNAME) return this.isAboveChain(ownerAt)
    const index = this.chainIndex(ownerAt)
    if (index < 0) return false
    if (expected.type === TYPE_ANY) return true
    if (index < this.chainLength - 1) return data === TYPE_CNAME
    return data === expected.type
  }

  private covered(typeAt: number): number {
    const octets = u16(this.message, typeAt + RDLENGTH_AT)
    return octets < 2 ? 0 : u16(this.message, typeAt + FIXED_OCTETS + RRSIG_COVERED_AT)
  }

  /** Whether the owner at `at` is a proper ancestor of a name on the chain. */
  private isAboveChain(at: number): boolean {
    const octets = expandName(this.message, this.start, at, this.end, this.scratch, 0)
    if (octets === BAD_NAME) return false
    for (let i = 0; i < this.chainLength; i++)
      if (this.isAbove(i, octets) && this.chainOctets[i] !== octets) return true
    return false
  }

  /** Whether `scratch[0, octets)` is the chain's name of that index or an ancestor of it. */
  private isAbove(index: number, octets: number): boolean {
    const skipped = this.chainOctets[index]! - octets
    const own = index * NAME_STRIDE
    if (skipped < 0 || !isLabelStart(this.chain, own, skipped)) return false
    for (let i = 0; i < octets; i++) if (FOLD[this.scratch[i]!] !== this.chain[own + skipped + i]) return false
    return true
  }

  /** Copies what belongs of the authority section; returns how many records, or -1. */
  private copyAuthorities(at: number, count: number, dnssecOk: boolean, negative: boolean): number {
    let offset = at
    let copied = 0
    for (let i = 0; i < count; i++) {
      const typeAt = nameEnd(this.message, offset, this.end, this.start)
      const octets = u16(this.message, typeAt + RDLENGTH_AT)
      const type = u16(this.message, typeAt)
      const data = type === TYPE_RRSIG ? this.covered(typeAt) : type
      const isSoa = data === TYPE_SOA && negative && this.inBailiwick(offset)
      const isProof = dnssecOk && (data === TYPE_NSEC || data === TYPE_NSEC3)
      if (u16(this.message, typeAt + 2) === CLASS_IN && (isSoa || isProof) && (type !== TYPE_RRSIG || dnssecOk)) {
        if (type === TYPE_SOA && this.soaSeen) return -1
        const negativeTtl = type === TYPE_SOA ? this.negativeTtl(typeAt, octets) : -1
        if (type === TYPE_SOA && negativeTtl < 0) return -1
        if (!this.copyRecord(offset, typeAt, type, negativeTtl)) return -1
        if (type === TYPE_SOA) this.soaSeen = true
        copied++
      }
      offset = typeAt + FIXED_OCTETS + octets
    }
    return copied
  }

  /** Whether the SOA owner at `at` is the last name of the chain or above it. */
  private inBailiwick(at: number): boolean {
    const octets = expandName(this.message, this.start, at, this.end, this.scratch, 0)
    return octets !== BAD_NAME && this.isAbove(this.chainLength - 1, octets)
  }

  /** RFC 2308 §5: the lesser of the SOA's TTL and its MINIMUM, the last field of its RDATA; -1 for RDATA too short to have one. */
  private negativeTtl(typeAt: number, octets: number): number {
    if (octets < 22) return -1
    const minimum = u32(this.message, typeAt + FIXED_OCTETS + octets - 4)
    const least = Math.min(validTtl(u32(this.message, typeAt + TTL_AT)), validTtl(minimum))
    return Math.min(least, this.limits.negativeTtlSecondsMax)
  }

  /** Writes a record anew; `ttl` < 0 takes its own. False where it cannot be read or there is no room. */
  private copyRecord(ownerAt: number, typeAt: number, type: number, ttl: number): boolean {
    const { message, bytes } = this
    if (this.write + NAME_OCTETS_MAX + FIXED_OCTETS > bytes.length) return false
    const afterOwner = expandName(message, this.start, ownerAt, this.end, this.scratch, 0)
    if (afterOwner === BAD_NAME) return false
    this.unspell(afterOwner)
    const fixed = this.writeName(this.scratch, afterOwner, this.write)
    const own = ttl < 0 ? this.boundedTtl(u32(message, typeAt + TTL_AT)) : ttl
    if (own < this.leastTtl) this.leastTtl = own
    putU16(bytes, fixed, type)
    putU16(bytes, fixed + 2, CLASS_IN)
    putU32(bytes, fixed + TTL_AT, own)
    this.ttlOffsets[this.ttlCount++] = fixed + TTL_AT - this.at
    const rdata = typeAt + FIXED_OCTETS
    const end = this.copyRdata(type, rdata, rdata + u16(message, typeAt + RDLENGTH_AT), fixed + FIXED_OCTETS)
    if (end < 0) return false
    putU16(bytes, fixed + RDLENGTH_AT, end - fixed - FIXED_OCTETS)
    this.write = end
    return true
  }

  /**
   * A server that makes a name of the question's, as for a DNAME (RFC 6672 §3.1), makes it of the spelling that was sent, which is nobody's but
   * ours: the beginning of `scratch` that is spelled so is written as the question was asked, in lower case.
   */
  private unspell(octets: number): void {
    const { names, nameAt, nameOctets, spelling } = this.asked!
    if (spelling === 0) return
    const end = Math.min(octets, nameOctets)
    for (let i = 0; i < end; i++) {
      const folded = names[nameAt + i]!
      if (this.scratch[i] !== spelled(folded, i, spelling)) return
      this.scratch[i] = folded
    }
  }

  private boundedTtl(ttl: number): number {
    return Math.max(this.limits.ttlSecondsMin, Math.min(validTtl(ttl), this.limits.ttlSecondsMax))
  }

  /** Copies RDATA `[at, end)` to `to`, its names expanded or compressed anew; returns the end of what was written or -1. */
  private copyRdata(type: number, at: number, end: number, to: number): number {
    // A pointer would be read in another message than it was written in.
    const isBinding = type === TYPE_SVCB || type === TYPE_HTTPS
    if (isBinding && parametersAt(this.message, at, end) === BAD_SVCB) return -1
    const shape = rdataShape(type)
    if (shape !== undefined) return this.copyShaped(shape, at, end, to)
    if (to + end - at > this.bytes.length) return -1
    return copyOctets(this.message, at, this.bytes, to, end - at)
  }

  private copyShaped(shape: RdataShape, at: number, end: number, to: number): number {
    const { message, bytes } = this
    if (to + end - at + shape.names * NAME_OCTETS_MAX > bytes.length) return -1
    let from = at + shape.before
    for (let i = 0; i < shape.strings; i++) from += from < end ? 1 + message[from]! : 1
    if (from >= end) return -1
    let write = copyOctets(message, at, bytes, to, from - at)
    for (let i = 0; i < shape.names; i++) {
      const next = nameEnd(message, from, end, this.start)
      const after = next === BAD_NAME ? BAD_NAME : expandName(message, this.start, from, this.end, this.scratch, 0)
      if (after === BAD_NAME) return -1
      this.unspell(after)
      write = shape.compress
        ? this.writeName(this.scratch, after, write)
        : copyOctets(this.scratch, 0, bytes, write, after)
      from = next
    }
    if (shape.open ? from > end : end - from !== shape.behind) return -1
    return copyOctets(message, from, bytes, write, end - from)
  }

  /** Writes an uncompressed name, its longest ending that stands on the chain and was written already as a pointer. */
  private writeName(name: Uint8Array, octets: number, to: number): number {
    for (let label = 0; name[label] !== 0; label += name[label]! + 1) {
      for (let i = 0; i < this.chainLength; i++) {
        const target = this.pointerTo(i, name, label, octets - label)
        if (target === 0) continue
        this.noteWritten(name, octets, to, label)
        return writePointer(this.bytes, copyOctets(name, 0, this.bytes, to, label), target)
      }
    }
    this.noteWritten(name, octets, to, octets)
    return copyOctets(name, 0, this.bytes, to, octets)
  }

  /** Where in the written message the ending `name[at, at + octets)` stands as part of a chain name; 0 where it does not. */
  private pointerTo(index: number, name: Uint8Array, at: number, octets: number): number {
    const writtenAt = this.chainWrittenAt[index]!
    const skipped = this.chainOctets[index]! - octets
    const own = index * NAME_STRIDE
    if (writtenAt === 0 || skipped < 0 || skipped >= this.chainPlain[index]! + (skipped === 0 ? 1 : 0)) return 0
    if (writtenAt + skipped >= POINTER_LIMIT || !isLabelStart(this.chain, own, skipped)) return 0
    for (let i = 0; i < octets; i++) if (FOLD[name[at + i]!] !== this.chain[own + skipped + i]) return 0
    return writtenAt + skipped
  }

  /** Remembers where a name of the chain stands, `plain` octets of it before a pointer, for pointers to come. */
  private noteWritten(name: Uint8Array, octets: number, at: number, plain: number): void {
    for (let i = 1; i < this.chainLength; i++) {
      if (this.chainWrittenAt[i] !== 0 || !this.sameAsChain(i, name, 0, octets)) continue
      this.chainWrittenAt[i] = at
      this.chainPlain[i] = plain
    }
  }

  /** For how long the whole may be kept: the least TTL; for a negative answer only with a SOA that says so (RFC 2308 §5). */
  private lifetime(positive: boolean): number {
    if (positive) return this.leastTtl
    return this.soaSeen ? Math.min(this.leastTtl, this.limits.negativeTtlSecondsMax) : 0
  }
}

function validTtl(ttl: number): number {
  return ttl >= TTL_TOP_BIT ? 0 : ttl
}

/** Whether `skipped` octets into the name at `at` a label starts, the root label included. */
function isLabelStart(name: Uint8Array, at: number, skipped: number): boolean {
  let offset = 0
  while (offset < skipped && name[at + offset] !== 0) offset += name[at + offset]! + 1
  return offset === skipped
}
