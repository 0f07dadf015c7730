/**
 * Data plane. Questions that are with an upstream, and the clients' queries that wait for them. One upstream question for identical
 * questions in flight (RFC 5452 §5), however many clients ask: this is also the defence against birthday attacks.
 *
 * Owns: both tables, their free lists, the list of deadlines. Never: sends, allocates after construction.
 *
 * Sizes: a provider's worker at 20,000 misses a second with upstreams that take 400 ms has 8,000 questions in flight; twice that is
 * QUESTIONS. On average not more than two clients wait for one of them: WAITERS. A question takes 255 octets of name and 80 of columns,
 * a waiter 255 and 115: 16,384 × 335 + 32,768 × 370 = 17.6 MB, touched only as far as it was ever used.
 */
import * as fromName from '../wire/name.ts'
import * as fromTypes from '../wire/types.ts'
import type { AnswerKey } from './cache.ts'
import * as fromCookies from './cookies.ts'
import type { QuerySlot } from './query.ts'
import * as fromQuery from './query.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { NAME_OCTETS_MAX } = fromName
const { CLASS_IN, NO_EDE } = fromTypes
const { COOKIE_OCTETS } = fromCookies
const { ADDRESS_OCTETS, LOCAL_OCTETS } = fromQuery

export const QUESTIONS = 16_384
export const WAITERS = 32_768
/**
 * Questions that one bucket takes. Of hashes that nobody has chosen so many never meet in one of 32,768 buckets; whoever were to find names whose hashes do would
 * make every look-up walk through all of them.
 */
export const CHAIN_MAX = 32
/** No question, no waiter, the end of a list. */
export const NONE = -1

const NAME_STRIDE = NAME_OCTETS_MAX + 1
const FLAG_OPT = 1
const FLAG_DO = 2
const FLAG_KEEPALIVE = 4
const FLAG_STRUCTURED = 8
/** From here on the classes of `clientExcepted`. */
const EXCEPTED_SHIFT = 4

/** How a question is being asked. */
export const OVER_UDP = 0
export const OVER_TCP = 1

export class Questions {
  inFlight = 0
  waiting = 0
  readonly type = new Uint16Array(QUESTIONS)
  readonly keyFlags = new Uint8Array(QUESTIONS)
  readonly nameOctets = new Uint8Array(QUESTIONS)
  readonly names = new Uint8Array(QUESTIONS * NAME_STRIDE)
  readonly hash = new Int32Array(QUESTIONS)
  /** The id of the message that is out, and the server it went to. */
  readonly id = new Uint16Array(QUESTIONS)
  readonly server = new Int16Array(QUESTIONS)
  readonly attempts = new Uint8Array(QUESTIONS)
  readonly via = new Uint8Array(QUESTIONS)
  /** Bit per server that this question was already put to; servers past 31 share the last. */
  readonly tried = new Uint32Array(QUESTIONS)
  /** Whether it is asked without EDNS, because a server did not understand that (RFC 6891 §7). */
  readonly plain = new Uint8Array(QUESTIONS)
  /** What the last server that could not answer said of the reason (RFC 8914), or NO_EDE. */
  readonly ede = new Int32Array(QUESTIONS)
  /** The spelling of the message that is out, see `spelled`. */
  readonly spelling = new Uint32Array(QUESTIONS)
  /** The group of servers that answer for the name. */
  readonly group = new Int16Array(QUESTIONS)
  /** The same question put to another server at the same time, or NONE. */
  readonly twin = new Int32Array(QUESTIONS)
  readonly sentMs = new Float64Array(QUESTIONS)
  readonly deadlineMs = new Float64Array(QUESTIONS)
  private readonly bucketNext = new Int32Array(QUESTIONS)
  private readonly older = new Int32Array(QUESTIONS)
  private readonly newer = new Int32Array(QUESTIONS)
  private readonly firstWaiter = new Int32Array(QUESTIONS)
  private readonly buckets = new Int32Array(QUESTIONS * 2).fill(NONE)
  private readonly chained = new Uint8Array(QUESTIONS * 2)
  private freeQuestion = 0
  /** Ends of the list of deadlines: every attempt has the same time, so the order of sending is that of the deadlines. */
  private oldest = NONE
  private newest = NONE

  private readonly waiterNext = new Int32Array(WAITERS)
  private readonly waiterId = new Uint16Array(WAITERS)
  private readonly waiterFlags = new Uint16Array(WAITERS)
  private readonly waiterEdns = new Uint8Array(WAITERS)
  private readonly waiterCookie = new Uint8Array(WAITERS)
  private readonly cookies = new Uint8Array(WAITERS * COOKIE_OCTETS)
  private readonly waiterPayload = new Uint16Array(WAITERS)
  private readonly waiterTransport = new Uint8Array(WAITERS)
  private readonly waiterListener = new Uint16Array(WAITERS)
  private readonly waiterConnection = new Int32Array(WAITERS)
  private readonly waiterPolicy = new Uint16Array(WAITERS)
  private readonly waiterSinceMs = new Float64Array(WAITERS)
  private readonly addresses = new Uint8Array(WAITERS * (ADDRESS_OCTETS + LOCAL_OCTETS))
  private readonly spellings = new Uint8Array(WAITERS * NAME_STRIDE)
  private freeWaiter = 0

  constructor() {
    for (let i = 0; i < QUESTIONS; i++) this.bucketNext[i] = i + 1 < QUESTIONS ? i + 1 : NONE
    for (let i = 0; i < WAITERS; i++) this.waiterNext[i] = i + 1 < WAITERS ? i + 1 : NONE
  }

  nameAt(question: number): number {
    return question * NAME_STRIDE
  }

  /** The question in flight for a key, or NONE. */
  find(key: AnswerKey): number {
    let question = this.buckets[bucketOf(key.hash)]!
    for (; question !== NONE; question = this.bucketNext[question]!) if (this.isFor(question, key)) return question
    return NONE
  }

  private isFor(question: number, key: AnswerKey): boolean {
    if (this.hash[question] !== key.hash || this.type[question] !== key.type) return false
    if (this.keyFlags[question] !== key.keyFlags || this.nameOctets[question] !== key.nameOctets) return false
    const at = question * NAME_STRIDE
    for (let i = 0; i < key.nameOctets; i++) if (this.names[at + i] !== key.name[key.nameAt + i]) return false
    return true
  }

  /** A new question without waiters, or NONE where the table, or its place in it, is full. */
  open(key: AnswerKey): number {
    const question = this.freeQuestion
    if (question === NONE || this.chained[bucketOf(key.hash)] === CHAIN_MAX) return NONE
    this.freeQuestion = this.bucketNext[question]!
    this.hash[question] = key.hash
    this.type[question] = key.type
    this.keyFlags[question] = key.keyFlags
    this.nameOctets[question] = key.nameOctets
    const at = question * NAME_STRIDE
    for (let i = 0; i < key.nameOctets; i++) this.names[at + i] = key.name[key.nameAt + i]!
    this.attempts[question] = 0
    this.tried[question] = 0
    this.plain[question] = 0
    this.via[question] = OVER_UDP
    this.ede[question] = NO_EDE
    this.spelling[question] = 0
    this.group[question] = 0
    this.twin[question] = NONE
    this.firstWaiter[question] = NONE
    this.older[question] = NONE
    this.newer[question] = NONE
    this.deadlineMs[question] = 0
    const bucket = bucketOf(key.hash)
    this.bucketNext[question] = this.buckets[bucket]!
    this.buckets[bucket] = question
    this.chained[bucket]!++
    this.inFlight++
    return question
  }

  /** Forgets a question; its waiters must have been taken. */
  close(question: number): void {
    this.unlist(question)
    const bucket = bucketOf(this.hash[question]!)
    this.chained[bucket]!--
    let at = this.buckets[bucket]!
    if (at === question) this.buckets[bucket] = this.bucketNext[question]!
    else {
      while (this.bucketNext[at] !== question) at = this.bucketNext[at]!
      this.bucketNext[at] = this.bucketNext[question]!
    }
    this.bucketNext[question] = this.freeQuestion
    this.freeQuestion = question
    this.inFlight--
  }

  /** Sets when the present attempt ends; `deadlineMs` must not be earlier than any set before. */
  list(question: number, deadlineMs: number): void {
    this.unlist(question)
    this.deadlineMs[question] = deadlineMs
    this.older[question] = this.newest
    if (this.newest === NONE) this.oldest = question
    else this.newer[this.newest] = question
    this.newest = question
  }

  private unlist(question: number): void {
    if (this.deadlineMs[question] === 0) return
    const older = this.older[question]!
    const newer = this.newer[question]!
    if (older === NONE) this.oldest = newer
    else this.newer[older] = newer
    if (newer === NONE) this.newest = older
    else this.older[newer] = older
    this.older[question] = NONE
    this.newer[question] = NONE
    this.deadlineMs[question] = 0
  }

  /** Whether anybody waits for a question. */
  isAwaited(question: number): boolean {
    return this.firstWaiter[question] !== NONE
  }

  /** Lets those who wait for one question wait for another. */
  moveWaiters(from: number, to: number): void {
    let last = this.firstWaiter[from]!
    if (last === NONE) return
    while (this.waiterNext[last] !== NONE) last = this.waiterNext[last]!
    this.waiterNext[last] = this.firstWaiter[to]!
    this.firstWaiter[to] = this.firstWaiter[from]!
    this.firstWaiter[from] = NONE
  }

  /** The question whose attempt has run out at `nowMs`, or NONE. */
  overdue(nowMs: number): number {
    return this.oldest !== NONE && this.deadlineMs[this.oldest]! <= nowMs ? this.oldest : NONE
  }

  /** Any question in flight, or NONE: for giving up all of them. */
  any(): number {
    return this.oldest
  }

  /** Lets a query wait for a question; false where the table is full. */
  join(question: number, query: QuerySlot, nowMs: number): boolean {
    const waiter = this.freeWaiter
    if (waiter === NONE) return false
    this.freeWaiter = this.waiterNext[waiter]!
    this.waiterId[waiter] = query.id
    this.waiterFlags[waiter] = query.flags
    this.waiterEdns[waiter] = ednsFlags(query)
    this.waiterCookie[waiter] = query.cookieOctets
    const cookieAt = waiter * COOKIE_OCTETS
    for (let i = 0; i < query.cookieOctets; i++) this.cookies[cookieAt + i] = query.cookie[i]!
    this.waiterPayload[waiter] = query.payloadMax
    this.waiterTransport[waiter] = query.transport
    this.waiterListener[waiter] = query.listener
    this.waiterConnection[waiter] = query.connection
    this.waiterPolicy[waiter] = query.policy
    this.waiterSinceMs[waiter] = nowMs
    const at = waiter * (ADDRESS_OCTETS + LOCAL_OCTETS)
    for (let i = 0; i < ADDRESS_OCTETS; i++) this.addresses[at + i] = query.client[query.clientAt + i]!
    for (let i = 0; i < LOCAL_OCTETS; i++) this.addresses[at + ADDRESS_OCTETS + i] = query.client[query.localAt + i]!
    const spelling = waiter * NAME_STRIDE
    for (let i = 0; i < query.nameOctets; i++) this.spellings[spelling + i] = query.bytes[query.nameAt + i]!
    this.waiterNext[waiter] = this.firstWaiter[question]!
    this.firstWaiter[question] = waiter
    this.waiting++
    return true
  }

  /**
   * Takes one waiter out of a question into `query`, as if it had just been admitted (its folded name and hashes are for `readName` to fill in);
   * returns when it began to wait, or NONE when there is no other. `query.out` is the caller's to set; what the query points to stays true until the next `join`.
   */
  takeWaiter(question: number, query: QuerySlot): number {
    const waiter = this.firstWaiter[question]!
    if (waiter === NONE) return NONE
    this.firstWaiter[question] = this.waiterNext[waiter]!
    query.id = this.waiterId[waiter]!
    query.flags = this.waiterFlags[waiter]!
    query.hasOpt = (this.waiterEdns[waiter]! & FLAG_OPT) !== 0
    query.dnssecOk = (this.waiterEdns[waiter]! & FLAG_DO) !== 0
    query.wantsKeepalive = (this.waiterEdns[waiter]! & FLAG_KEEPALIVE) !== 0
    query.wantsStructured = (this.waiterEdns[waiter]! & FLAG_STRUCTURED) !== 0
    query.monitoredFeed = NONE
    query.clientExcepted = this.waiterEdns[waiter]! >>> EXCEPTED_SHIFT
    query.cookieOctets = this.waiterCookie[waiter]!
    for (let i = 0; i < query.cookieOctets; i++) query.cookie[i] = this.cookies[waiter * COOKIE_OCTETS + i]!
    query.payloadMax = this.waiterPayload[waiter]!
    query.transport = this.waiterTransport[waiter]!
    query.listener = this.waiterListener[waiter]!
    query.connection = this.waiterConnection[waiter]!
    query.policy = this.waiterPolicy[waiter]!
    query.type = this.type[question]!
    query.qclass = CLASS_IN
    query.bytes = this.spellings
    query.nameAt = waiter * NAME_STRIDE
    query.nameOctets = this.nameOctets[question]!
    query.end = query.nameAt + query.nameOctets
    query.client = this.addresses
    query.clientAt = waiter * (ADDRESS_OCTETS + LOCAL_OCTETS)
    query.localAt = query.clientAt + ADDRESS_OCTETS
    this.waiterNext[waiter] = this.freeWaiter
    this.freeWaiter = waiter
    this.waiting--
    return this.waiterSinceMs[waiter]!
  }
}

function ednsFlags(query: QuerySlot): number {
  return (
    (query.hasOpt ? FLAG_OPT : 0) |
    (query.dnssecOk ? FLAG_DO : 0) |
    (query.wantsKeepalive ? FLAG_KEEPALIVE : 0) |
    (query.wantsStructured ? FLAG_STRUCTURED : 0) |
    (query.clientExcepted << EXCEPTED_SHIFT)
  )
}

function bucketOf(hash: number): number {
  return hash & (QUESTIONS * 2 - 1)
}
