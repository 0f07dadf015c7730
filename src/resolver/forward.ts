/**
 * Data plane. The forward stage, and what follows from it: asking an upstream, judging what comes back, asking the next one, and
 * answering everyone who waits. Questions in flight stand in `questions.ts`, servers in `servers.ts`; the sockets are the transport's.
 *
 *     forward ─▶ ask ─▶ (transport) ─▶ receive ─┬─ accepted ─▶ cache, answer all who wait
 *                 ▲                             ├─ cut short, or not ours ─▶ the same server over TCP
 *                 │                             └─ ill-formed ─▶ wait on, as if it had not come
 *                 └── time out, failure, error ◀┘
 */
import {
  ANSWERED_BY_UPSTREAM,
  FAILED,
  FROM_UPSTREAM,
  MALFORMED,
  MISMATCHED,
  TIMED_OUT,
  TRUNCATED,
  UNREACHABLE,
} from '../images/counters.ts'
import { writeOpt } from '../wire/edns.ts'
import { FLAG_AD, FLAG_CD, FLAG_RD, HEADER_OCTETS, writeHeader } from '../wire/header.ts'
import { copyOctets, putU16 } from '../wire/octets.ts'
import {
  CLASS_IN,
  EDE_NETWORK_ERROR,
  EDE_NO_REACHABLE_AUTHORITY,
  EDE_NOT_READY,
  FORMERR,
  NO_EDE,
  NOERROR,
  NOTIMP,
  SERVFAIL,
} from '../wire/types.ts'
import { ACCEPTED, type Acceptor, CUT_SHORT, type Expected, ILL_FORMED, NOT_OURS } from './accept.ts'
import type { AnswerCache, AnswerKey, AnswerRecords } from './cache.ts'
import { answerFrom, keyOf } from './cached.ts'
import { KEY_CD, KEY_DO, KEY_NOT_RECURSIVE } from './key.ts'
import type { Outlet, UpstreamTransport } from './outlet.ts'
import type { Clock } from './plane.ts'
import { ANSWERED, PARKED, QuerySlot, type Verdict } from './query.ts'
import { NONE, OVER_TCP, OVER_UDP, type Questions } from './questions.ts'
import { answerEmpty } from './reply.ts'
import { bitOf, type Servers } from './servers.ts'

/** For how long a failure is remembered: long enough to spare servers in trouble, short enough to be forgiven (RFC 9520 §3.2). */
const FAILURE_TTL_SECONDS = 2
const FAILURE: AnswerRecords = {
  bytes: new Uint8Array(0),
  at: 0,
  octets: 0,
  answers: 0,
  authorities: 0,
  rcode: SERVFAIL,
  authenticData: false,
  ttlOffsets: new Uint16Array(0),
  ttlCount: 0,
  ttlSeconds: FAILURE_TTL_SECONDS,
  ageSeconds: 0,
}

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
  readonly countShed: () => void
  readonly countCoalesced: () => void
}

export class Forwarder {
  private readonly parts: ForwarderParts
  private transport: UpstreamTransport | null = null
  private outlet: Outlet | null = null
  private readonly message = new Uint8Array(HEADER_OCTETS + 255 + 4 + 11)
  private readonly expected: Expected
  private readonly late = new QuerySlot(new Uint8Array(0), new Uint8Array(0))
  private readonly key: { -readonly [field in keyof AnswerKey]: AnswerKey[field] }

  constructor(parts: ForwarderParts) {
    this.parts = parts
    const names = parts.questions.names
    this.expected = { id: 0, names, nameAt: 0, nameOctets: 0, type: 0, dnssecOk: false }
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
    if (servers.count === 0) return this.giveUp(query, EDE_NO_REACHABLE_AUTHORITY)
    const key = keyOf(query)
    const known = questions.find(key)
    if (known !== NONE) {
      if (!questions.join(known, query, clock.nowMs)) return this.shed(query)
      this.parts.countCoalesced()
      return PARKED
    }
    const question = questions.open(key)
    if (question === NONE) return this.shed(query)
    if (!questions.join(question, query, clock.nowMs)) {
      questions.close(question)
      return this.shed(query)
    }
    this.ask(question)
    return PARKED
  }

  private shed(query: QuerySlot): Verdict {
    this.parts.countShed()
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
    const { questions, servers, clock } = this.parts
    while (questions.attempts[question]! < this.parts.attempts) {
      const server = servers.choose(questions.tried[question]!, clock.nowMs)
      questions.tried[question] = questions.tried[question]! | bitOf(server)
      // What one server does not understand says nothing of the next.
      questions.plain[question] = 0
      if (this.put(question, server, OVER_UDP)) return
      this.parts.countAttempt(UNREACHABLE, server, 0)
      servers.failed(server, 0, clock.nowMs)
    }
    this.answerFailure(question)
  }

  /** One attempt. False where the transport could not take it. */
  private put(question: number, server: number, via: number): boolean {
    const { questions, clock, random } = this.parts
    const transport = this.transport!
    questions.attempts[question]!++
    questions.id[question] = random()
    questions.server[question] = server
    questions.via[question] = via
    questions.sentMs[question] = clock.nowMs
    const octets = this.write(question)
    transport.release(question)
    const sent =
      via === OVER_TCP
        ? transport.sendTcp(question, server, this.message, octets)
        : transport.sendUdp(question, server, this.message, octets)
    if (sent) questions.list(question, clock.nowMs + this.parts.timeoutMs)
    return sent
  }

  /** Writes the upstream's message: a new one, with an OPT of our own (RFC 6891 §6.1.1) and AD, so that its verdict comes back (RFC 6840 §5.7). */
  private write(question: number): number {
    const { questions } = this.parts
    const { message } = this
    const flags = questions.keyFlags[question]!
    const recursive = (flags & KEY_NOT_RECURSIVE) !== 0 ? 0 : FLAG_RD
    const checking = (flags & KEY_CD) !== 0 ? FLAG_CD : 0
    const plain = questions.plain[question] === 1
    writeHeader(message, 0, questions.id[question]!, recursive | checking | FLAG_AD, 1, 0, 0, plain ? 0 : 1)
    const name = questions.nameAt(question)
    let at = copyOctets(questions.names, name, message, HEADER_OCTETS, questions.nameOctets[question]!)
    at = putU16(message, at, questions.type[question]!)
    at = putU16(message, at, CLASS_IN)
    return plain ? at : writeOpt(message, at, NOERROR, (flags & KEY_DO) !== 0)
  }

  /** What came back for a question, from the server it was put to. The octets are the transport's. */
  receive(question: number, bytes: Uint8Array, start: number, end: number): void {
    const { acceptor, questions, clock, servers } = this.parts
    clock.tick()
    const server = questions.server[question]!
    const verdict = acceptor.accept(bytes, start, end, this.expect(question))
    if (verdict === ILL_FORMED) this.parts.countAttempt(MALFORMED, server, 0)
    else if (verdict === NOT_OURS) this.askOverTcp(question, MISMATCHED)
    else if (verdict === CUT_SHORT) this.askOverTcp(question, TRUNCATED)
    else if (verdict === ACCEPTED) {
      const tookMs = clock.nowMs - questions.sentMs[question]!
      servers.answered(server, tookMs)
      this.parts.countAttempt(ANSWERED_BY_UPSTREAM, server, tookMs)
      this.keepAndAnswer(question, acceptor)
    } else this.handleRefusal(question, acceptor.rcode)
  }

  private expect(question: number): Expected {
    const { questions } = this.parts
    this.expected.id = questions.id[question]!
    this.expected.nameAt = questions.nameAt(question)
    this.expected.nameOctets = questions.nameOctets[question]!
    this.expected.type = questions.type[question]!
    this.expected.dnssecOk = (questions.keyFlags[question]! & KEY_DO) !== 0
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
    if (!this.put(question, server, OVER_TCP)) this.fail(question, UNREACHABLE)
  }

  /** A server that says it could not answer. One that may not know EDNS is asked once more without (RFC 6891 §7). */
  private handleRefusal(question: number, rcode: number): void {
    const { questions } = this.parts
    const mayDislikeEdns = rcode === FORMERR || rcode === NOTIMP
    if (!mayDislikeEdns || questions.plain[question] === 1) return this.fail(question, FAILED)
    questions.plain[question] = 1
    questions.attempts[question]!--
    if (!this.put(question, questions.server[question]!, questions.via[question]!)) this.fail(question, UNREACHABLE)
  }

  /** An attempt that ended without an answer: the next server's turn. Also called by the transport. */
  fail(question: number, outcome: number): void {
    const { questions, servers, clock } = this.parts
    const server = questions.server[question]!
    this.parts.countAttempt(outcome, server, 0)
    servers.failed(server, clock.nowMs - questions.sentMs[question]!, clock.nowMs)
    this.transport!.release(question)
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
      this.answerAll(question, null, EDE_NOT_READY)
    }
  }

  private keepAndAnswer(question: number, records: AnswerRecords): void {
    const { cache, clock } = this.parts
    if (records.ttlSeconds > 0) cache.insert(this.keyOfQuestion(question), records, clock.nowSeconds)
    this.transport!.settle(question)
    // The cached ages count from now on; those who waited get the TTLs as they came.
    records.ageSeconds = 0
    this.answerAll(question, records, NO_EDE)
  }

  private answerFailure(question: number): void {
    const { cache, clock } = this.parts
    cache.insert(this.keyOfQuestion(question), FAILURE, clock.nowSeconds)
    this.transport!.release(question)
    this.answerAll(question, null, EDE_NETWORK_ERROR)
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

  /** Answers all who wait for a question, with records or with SERVFAIL, and closes it. */
  private answerAll(question: number, records: AnswerRecords | null, ede: number): void {
    const { questions, clock } = this.parts
    const late = this.late
    for (;;) {
      const sinceMs = questions.takeWaiter(question, late)
      if (sinceMs < 0) break
      if (!this.outlet!.reserve(late)) continue
      late.source = FROM_UPSTREAM
      late.ede = ede
      if (records === null) answerEmpty(late, SERVFAIL)
      else answerFrom(late, records)
      this.parts.countLate(late, clock.nowMs - sinceMs)
      this.outlet!.send(late)
    }
    questions.close(question)
  }
}
