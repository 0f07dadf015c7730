/**
 * Data plane. The forward stage, and what follows from it: asking an upstream, judging what comes back, asking the next one, and
 * answering everyone who waits. Questions in flight stand in `questions.ts`, servers in `servers.ts`; the sockets are the transport's.
 *
 *     forward ─▶ ask ─▶ (transport) ─▶ receive ─┬─ accepted ─▶ cache, answer all who wait
 *                 ▲                             ├─ cut short, or not ours ─▶ the same server over TCP
 *                 │                             └─ ill-formed ─▶ wait on, as if it had not come
 *                 └── time out, failure, error ◀┘
 */

import type { Scalar } from '../images/counters.ts'
import * as fromCounters from '../images/counters.ts'
import * as fromNameRoom from '../wire/name-room.ts'
import * as fromTypes from '../wire/types.ts'
import type { Acceptor, Expected } from './accept.ts'
import * as fromAccept from './accept.ts'
import type { AnswerCache, AnswerKey, AnswerRecords } from './cache.ts'
import * as fromCache from './cache.ts'
import * as fromCached from './cached.ts'
import * as fromKey from './key.ts'
import type { Outlet, UpstreamTransport } from './outlet.ts'
import type { Clock } from './plane.ts'
import * as fromQuery from './query.ts'
import { QuerySlot, type Verdict } from './query.ts'
import type { Questions } from './questions.ts'
import * as fromQuestions from './questions.ts'
import * as fromReply from './reply.ts'
import type { Servers } from './servers.ts'
import * as fromServers from './servers.ts'
import * as fromUpstreamMessage from './upstream-message.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { ANSWERED_BY_UPSTREAM, FAILED, FROM_UPSTREAM, MALFORMED, MISMATCHED, TIMED_OUT, TRUNCATED, UNREACHABLE } =
  fromCounters
const { LATE_ROOM } = fromNameRoom
const { EDE_NETWORK_ERROR, EDE_NO_REACHABLE_AUTHORITY, EDE_NOT_READY, FORMERR, NO_EDE, NOTIMP, SERVFAIL } = fromTypes
const { ACCEPTED, CUT_SHORT, ILL_FORMED, MISSPELLED, NOT_OURS } = fromAccept
const { MISS, newRecords, RECORD_COUNT_MAX } = fromCache
const { keyOf } = fromCached
const { KEY_DO } = fromKey
const { ANSWERED, PARKED } = fromQuery
const { NONE, OVER_TCP, OVER_UDP, QUESTIONS } = fromQuestions
const { answerEmpty } = fromReply
const { PARALLEL } = fromServers
const { QUESTION_OCTETS_MAX, writeQuestion } = fromUpstreamMessage

/** For how long a failure is remembered: long enough to spare servers in trouble, short enough to be forgiven (RFC 9520 §3.2). */
const FAILURE_TTL_SECONDS = 2
/** Questions in flight past which nothing is fetched ahead: the tables are for those who wait. */
const PREFETCH_IN_FLIGHT_MAX = QUESTIONS / 8

export interface ForwarderParts {
  readonly questions: Questions
  readonly servers: Servers
  readonly acceptor: Acceptor
  readonly cache: AnswerCache
  readonly clock: Clock
  /** Unpredictable 16-bit numbers (RFC 5452 §10: never Math.random). */
  readonly random: () => number
  readonly timeoutMs: number
  readonly attempts: number
  /** Counts the outcome of an attempt at a server; `tookMs` for those that were answered. */
  readonly countAttempt: (outcome: number, server: number, tookMs: number) => void
  readonly countLate: (query: QuerySlot, tookMs: number) => void
  readonly count: (name: Scalar) => void
  /** The group of servers that answer for a query's name. */
  readonly groupOf: (query: QuerySlot) => number
  /** Judges a query that waited once more and writes its answer, from records or of a failure; see `resume`. */
  readonly resume: (query: QuerySlot, records: AnswerRecords) => Verdict
  /** For how long an answer may be given after its time while upstreams fail; 0: not at all (RFC 8767). */
  readonly staleSecondsMax: number
  /** Whether names are sent in random spelling (draft-vixie-dnsext-dns0x20). */
  readonly mixCase: boolean
}

export class Forwarder {
  private readonly parts: ForwarderParts
  private transport: UpstreamTransport | null = null
  private outlet: Outlet | null = null
  private readonly message = new Uint8Array(QUESTION_OCTETS_MAX)
  private readonly expected: Expected
  private readonly late = new QuerySlot(new Uint8Array(0), new Uint8Array(0), LATE_ROOM)
  private readonly failure = newRecords(0)
  private readonly stale = newRecords(RECORD_COUNT_MAX * 2)
  private readonly key: { -readonly [field in keyof AnswerKey]: AnswerKey[field] }

  constructor(parts: ForwarderParts) {
    this.parts = parts
    const names = parts.questions.names
    this.expected = { id: 0, names, nameAt: 0, nameOctets: 0, type: 0, dnssecOk: false, spelling: 0 }
    this.failure.rcode = SERVFAIL
    this.key = { name: names, nameAt: 0, nameOctets: 0, hash: 0, type: 0, keyFlags: 0 }
  }

  /** The transport and the outlet need the forwarder as it needs them: they are handed over once, before the first query. */
  connect(transport: UpstreamTransport, outlet: Outlet): void {
    this.transport = transport
    this.outlet = outlet
  }

  /** Parks a query until an upstream has answered; ANSWERED with SERVFAIL where there is no upstream, or no room. */
  forward(query: QuerySlot): Verdict {
    const { questions, clock, servers } = this.parts
    const key = keyOf(query)
    const known = questions.find(key)
    if (known !== NONE) {
      if (!questions.join(known, query, clock.nowMs)) return this.shed(query)
      this.parts.count('coalesced')
      return PARKED
    }
    const group = this.parts.groupOf(query)
    if (servers.sizeOf(group) === 0) return this.giveUp(query, EDE_NO_REACHABLE_AUTHORITY)
    const question = questions.open(key)
    if (question === NONE) return this.shed(query)
    if (!questions.join(question, query, clock.nowMs)) {
      questions.close(question)
      return this.shed(query)
    }
    questions.group[question] = group
    this.ask(question)
    return PARKED
  }

  /** Asks for an answer again that was just given from the cache, and will soon be out of date. */
  prefetch(query: QuerySlot): void {
    const { questions } = this.parts
    if (questions.inFlight >= PREFETCH_IN_FLIGHT_MAX) return
    const key = keyOf(query)
    if (questions.find(key) !== NONE) return
    const question = questions.open(key)
    if (question === NONE) return
    questions.group[question] = this.parts.groupOf(query)
    this.parts.count('prefetches')
    this.ask(question)
  }

  private shed(query: QuerySlot): Verdict {
    this.parts.count('droppedOverload')
    return this.giveUp(query, EDE_NOT_READY)
  }

  private giveUp(query: QuerySlot, ede: number): Verdict {
    query.source = FROM_UPSTREAM
    query.ede = ede
    answerEmpty(query, SERVFAIL)
    return ANSWERED
  }

  /** Puts a question to the next server, as often as `attempts` allows; then the clients are told that it failed. */
  private ask(question: number): void {
    const { questions, servers } = this.parts
    while (questions.attempts[question]! < this.parts.attempts) {
      const isFirst = questions.attempts[question] === 0
      if (!this.askNext(question)) continue
      if (isFirst && servers.strategy === PARALLEL) this.askTwin(question)
      return
    }
    this.giveUpQuestion(question)
  }

  /** One attempt at a server that was not tried. False where it could not be sent. */
  private askNext(question: number): boolean {
    const { questions, servers, clock } = this.parts
    const group = questions.group[question]!
    const server = servers.choose(questions.tried[question]!, clock.nowMs, group)
    questions.tried[question] = questions.tried[question]! | servers.bitOf(server, group)
    // What one server does not understand says nothing of the next.
    questions.plain[question] = 0
    if (this.put(question, server, OVER_UDP)) return true
    this.parts.countAttempt(UNREACHABLE, server, 0)
    // A server without a route is set aside; a shortage of our own is nobody's fault.
    if (!this.transport!.isShort) servers.failed(server, 0, clock.nowMs)
    return false
  }

  /** The same question at a second server at the same time: whichever answers first answers everybody. */
  private askTwin(question: number): void {
    const { questions, servers } = this.parts
    const group = questions.group[question]!
    if (servers.sizeOf(group) < 2) return
    const twin = questions.open(this.keyOfQuestion(question))
    if (twin === NONE) return
    questions.group[twin] = group
    questions.tried[twin] = questions.tried[question]!
    questions.twin[twin] = question
    questions.twin[question] = twin
    // Its one attempt: what follows a failure is the first one's.
    questions.attempts[twin] = this.parts.attempts - 1
    if (!this.askNext(twin)) this.giveUpQuestion(twin)
    else questions.tried[question] = questions.tried[twin]!
  }

  /** One attempt. False where the transport could not take it. */
  private put(question: number, server: number, via: number): boolean {
    const { questions, clock, random, servers } = this.parts
    const transport = this.transport!
    const mixes = this.parts.mixCase && via === OVER_UDP && !servers.foldsCase(server, clock.nowMs)
    questions.attempts[question]!++
    questions.id[question] = random()
    questions.spelling[question] = mixes ? ((random() << 16) | random()) >>> 0 : 0
    questions.server[question] = server
    questions.via[question] = via
    questions.sentMs[question] = clock.nowMs
    const octets = writeQuestion(questions, question, this.message)
    transport.release(question)
    const sent =
      via === OVER_TCP
        ? transport.sendTcp(question, server, this.message, octets)
        : transport.sendUdp(question, server, this.message, octets)
    if (sent) questions.list(question, clock.nowMs + this.parts.timeoutMs)
    return sent
  }

  /** What came back for a question, from the server it was put to. The octets are the transport's. */
  receive(question: number, bytes: Uint8Array, start: number, end: number): void {
    const { acceptor, questions, clock, servers } = this.parts
    clock.tick()
    const server = questions.server[question]!
    const verdict = acceptor.accept(bytes, start, end, this.expect(question))
    if (verdict === ILL_FORMED) this.parts.countAttempt(MALFORMED, server, 0)
    else if (verdict === NOT_OURS) this.askOverTcp(question, MISMATCHED)
    else if (verdict === MISSPELLED) {
      servers.misspelled(server, clock.nowMs)
      this.askOverTcp(question, MISMATCHED)
    } else if (verdict === CUT_SHORT) this.askOverTcp(question, TRUNCATED)
    else if (verdict === ACCEPTED) {
      const tookMs = clock.nowMs - questions.sentMs[question]!
      servers.answered(server, tookMs)
      if (questions.spelling[question] !== 0) servers.spelledRight(server)
      this.parts.countAttempt(ANSWERED_BY_UPSTREAM, server, tookMs)
      this.keepAndAnswer(question, acceptor)
    } else this.handleRefusal(question, acceptor.rcode, acceptor.ede)
  }

  private expect(question: number): Expected {
    const { questions } = this.parts
    this.expected.id = questions.id[question]!
    this.expected.nameAt = questions.nameAt(question)
    this.expected.nameOctets = questions.nameOctets[question]!
    this.expected.type = questions.type[question]!
    this.expected.dnssecOk = (questions.keyFlags[question]! & KEY_DO) !== 0
    this.expected.spelling = questions.spelling[question]!
    return this.expected
  }

  /**
   * An answer that does not match may be one of many guesses: the server is asked again where guessing does not help. Over TCP
   * neither sign means anything, and the attempt has failed.
   */
  private askOverTcp(question: number, outcome: number): void {
    const { questions } = this.parts
    const server = questions.server[question]!
    this.parts.countAttempt(outcome, server, 0)
    if (questions.via[question] === OVER_TCP) return this.fail(question, FAILED)
    // The same server's second attempt for one and the same answer: not counted against the others.
    questions.attempts[question]!--
    if (!this.put(question, server, OVER_TCP)) this.skip(question)
  }

  /** A server that says it could not answer. One that may not know EDNS is asked once more without (RFC 6891 §7). */
  private handleRefusal(question: number, rcode: number, ede: number): void {
    const { questions } = this.parts
    if (ede !== NO_EDE) questions.ede[question] = ede
    const mayDislikeEdns = rcode === FORMERR || rcode === NOTIMP
    if (!mayDislikeEdns || questions.plain[question] === 1) return this.tryAnother(question)
    questions.plain[question] = 1
    questions.attempts[question]!--
    if (!this.put(question, questions.server[question]!, questions.via[question]!)) this.skip(question)
  }

  /** Nothing could be sent, for a shortage of our own: another server's socket may still have room. */
  private skip(question: number): void {
    this.parts.countAttempt(UNREACHABLE, this.parts.questions.server[question]!, 0)
    this.ask(question)
  }

  /** The server is well, but has no answer to this question. */
  private tryAnother(question: number): void {
    const { questions, servers, clock } = this.parts
    const server = questions.server[question]!
    this.parts.countAttempt(FAILED, server, 0)
    servers.unhelpful(server, clock.nowMs - questions.sentMs[question]!, clock.nowMs)
    this.transport!.settle(question)
    this.ask(question)
  }

  /**
   * An attempt that ended without an answer: the next server's turn. Also called by the transport. Who waits gets what there is of old now,
   * not after all attempts (RFC 8767 §5: within 1.8 s); the question goes on without them.
   */
  fail(question: number, outcome: number): void {
    const { questions, servers, clock } = this.parts
    const server = questions.server[question]!
    this.parts.countAttempt(outcome, server, 0)
    servers.failed(server, clock.nowMs - questions.sentMs[question]!, clock.nowMs)
    this.transport!.release(question)
    if (questions.isAwaited(question)) this.answerStale(question)
    this.ask(question)
  }

  /** Ends the attempts whose time is over; called every few milliseconds. */
  sweep(): void {
    const { questions, clock } = this.parts
    clock.tick()
    for (let question = questions.overdue(clock.nowMs); question !== NONE; question = questions.overdue(clock.nowMs)) {
      this.fail(question, TIMED_OUT)
    }
  }

  /** Tells everyone who still waits that there will be no answer: the worker is about to end. */
  abandon(): void {
    const { questions } = this.parts
    for (let question = questions.any(); question !== NONE; question = questions.any()) {
      this.transport!.release(question)
      this.finish(question, this.failureOf(EDE_NOT_READY))
    }
  }

  private keepAndAnswer(question: number, records: AnswerRecords): void {
    const { cache, clock } = this.parts
    if (records.ttlSeconds > 0) cache.insert(this.keyOfQuestion(question), records, clock.nowSeconds)
    this.transport!.settle(question)
    // The cached ages count from now on; those who waited get the TTLs as they came.
    records.ageSeconds = 0
    this.finish(question, records)
  }

  /** No attempt is left: a twin may still bring the answer, the cache may have an old one; or it is a failure, remembered for a little. */
  private giveUpQuestion(question: number): void {
    const { cache, clock, questions } = this.parts
    this.transport!.release(question)
    const twin = questions.twin[question]!
    if (twin !== NONE) {
      questions.moveWaiters(question, twin)
      questions.twin[twin] = NONE
      return questions.close(question)
    }
    if (this.answerStale(question)) return questions.close(question)
    const said = questions.ede[question]!
    const failure = this.failureOf(said === NO_EDE ? EDE_NETWORK_ERROR : said)
    // What is remembered says so of itself, unless the upstream gave a reason.
    failure.ede = said
    cache.insert(this.keyOfQuestion(question), failure, clock.nowSeconds)
    failure.ede = said === NO_EDE ? EDE_NETWORK_ERROR : said
    this.finish(question, failure)
  }

  private failureOf(ede: number): AnswerRecords {
    this.failure.ede = ede
    this.failure.ttlSeconds = FAILURE_TTL_SECONDS
    return this.failure
  }

  /** Answers who waits with what the cache has, whether still true or old, and keeps upstreams from being asked for it for a while; false where it has nothing. */
  private answerStale(question: number): boolean {
    const { cache, clock, staleSecondsMax } = this.parts
    const entry = cache.findStale(this.keyOfQuestion(question), clock.nowSeconds, staleSecondsMax)
    if (entry === MISS) return false
    cache.hold(entry, clock.nowSeconds)
    cache.read(entry, clock.nowSeconds, this.stale)
    this.answerWaiters(question, this.stale)
    return true
  }

  private keyOfQuestion(question: number): AnswerKey {
    const { questions } = this.parts
    this.key.nameAt = questions.nameAt(question)
    this.key.nameOctets = questions.nameOctets[question]!
    this.key.hash = questions.hash[question]!
    this.key.type = questions.type[question]!
    this.key.keyFlags = questions.keyFlags[question]!
    return this.key
  }

  /** Answers all who wait for a question or its twin, and closes both. */
  private finish(question: number, records: AnswerRecords): void {
    const { questions } = this.parts
    const twin = questions.twin[question]!
    this.answerWaiters(question, records)
    questions.close(question)
    if (twin === NONE) return
    this.transport!.release(twin)
    this.answerWaiters(twin, records)
    questions.close(twin)
  }

  private answerWaiters(question: number, records: AnswerRecords): void {
    const { questions, clock } = this.parts
    const late = this.late
    for (;;) {
      const sinceMs = questions.takeWaiter(question, late)
      if (sinceMs < 0) return
      if (!this.outlet!.reserve(late)) continue
      late.source = FROM_UPSTREAM
      if (this.parts.resume(late, records) !== ANSWERED) continue
      this.parts.countLate(late, clock.nowMs - sinceMs)
      this.outlet!.send(late)
    }
  }
}
