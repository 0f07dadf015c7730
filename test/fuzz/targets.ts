/**
 * What is fuzzed, and what must hold whatever comes:
 *
 * - `query`: datagrams of clients through the whole of the data plane. Nothing throws; an answer can be read, has the query's id and is no longer
 *   than the client takes; a response is never answered; a flagged name is never asked for upstream; no slot is left over.
 * - `answer`: messages of upstreams to a question in flight. Nothing throws; what clients get can be read, and has their question.
 * - `frames`: a stream in pieces. The messages that come out are those that went in, wherever it is cut.
 * - `options`, `proxy`: EDNS options and PROXY headers. Nothing is read past the end.
 */
import { buildPolicies } from '../../src/images/policies.ts'
import { FrameReader } from '../../src/transport/framing.ts'
import { type QueryOptions, readOptions } from '../../src/wire/edns.ts'
import { BAD_PROXY, readProxyHeader } from '../../src/wire/proxy-protocol.ts'
import { prefixOf } from '../support/images.ts'
import { TestPlane } from '../support/plane.ts'
import { Mutator } from './mutate.ts'
import type { Random } from './random.ts'
import { seedsOf } from './seeds.ts'
import { faultIn } from './strict.ts'

/** One execution; throws where something does not hold. `octets` is what it was given, for the record. */
export interface Target {
  readonly run: () => void
  readonly octets: () => Uint8Array
}

export const TARGETS = ['query', 'answer', 'frames', 'options', 'proxy'] as const
export type TargetName = (typeof TARGETS)[number]

export function targetOf(name: TargetName, random: Random): Target {
  const mutator = new Mutator(seedsOf(name), random)
  let length = 0
  const make = {
    query: queryTarget,
    answer: answerTarget,
    frames: framesTarget,
    options: optionsTarget,
    proxy: proxyTarget,
  }
  const once = make[name](random)
  return {
    run: () => {
      length = mutator.next()
      once(mutator.octets, length)
    },
    octets: () => mutator.octets.slice(0, length),
  }
}

type Once = (octets: Uint8Array, length: number) => void

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what)
}

const FLAGGED = 'bad.test'
/** Questions are given up after so many executions, and the tables must then be empty. */
const TIDY = 500

function everything(): TestPlane {
  const none = { categories: [], allowOnly: [] }
  return new TestPlane({
    rules: [{ name: FLAGGED, category: 'illegal', ruleClass: 'hotline', caseNumber: 'KZ-1' }],
    policies: [{ categories: ['illegal'] }],
    options: {
      mixCase: true,
      staleSecondsMax: 3600,
      zones: [{ name: 'corp.test', servers: 1 }],
      privateBelow: [],
      clients: buildPolicies([none, none], [prefixOf('0.0.0.0/0', 1)], 0, 1),
      cookieSecrets: [new Uint8Array(16)],
      words: { version: 'v', id: 'i', resolverInfo: ['exterr=15-17'], anyIsMinimal: true },
      forwardsPrivateReverse: false,
    },
  })
}

/** Whether the question of a message is for the flagged name or one below it, in any spelling. */
function asksForFlagged(message: Uint8Array): boolean {
  const ending = '\x03bad\x04test\0'
  let at = 12
  while (message[at] !== 0) {
    const rest = Buffer.from(message.subarray(at, at + ending.length))
      .toString('latin1')
      .toLowerCase()
    if (rest === ending) return true
    at += message[at]! + 1
  }
  return false
}

function queryTarget(): Once {
  const plane = everything()
  let executions = 0
  return (octets, length) => {
    const message = octets.subarray(0, length)
    const [id0, id1, flags] = [message[0], message[1], message[2]]
    const answer = plane.ask(message)
    if (answer !== null) {
      must(length >= 12 && (flags! & 0x80) === 0, 'what is no query was answered')
      must(answer[0] === id0 && answer[1] === id1 && (answer[2]! & 0x80) !== 0, 'an answer that is not to the query')
      must(answer.length <= 1232, 'an answer that is too long')
      const fault = faultIn(answer)
      must(fault === null, `an answer that cannot be read: ${fault}`)
    }
    for (const sent of plane.sent) must(!asksForFlagged(sent.message), 'a flagged name was asked for upstream')
    plane.sent.length = 0
    if (++executions % TIDY === 0) tidy(plane)
  }
}

function tidy(plane: TestPlane): void {
  plane.plane.forwarder.abandon()
  plane.answers.length = 0
  plane.released.length = 0
  plane.advance(1000)
  const { questions } = plane.assembled
  must(questions.inFlight === 0 && questions.waiting === 0, 'a slot was left over')
}

const ASKED = Uint8Array.from(
  Buffer.from('123401000001000000000001036e65770474657374000001000100002904d0000080000000', 'hex'),
)

function answerTarget(random: Random): Once {
  const plane = everything()
  const asked = ASKED.slice()
  let executions = 0
  return (octets, length) => {
    // Another name each time, or the cache would answer.
    for (let i = 13; i < 16; i++) asked[i] = 0x61 + random.below(26)
    // What the last answer led to is not this question's.
    plane.sent.length = 0
    plane.ask(asked.slice())
    const sent = plane.sent.pop()
    if (sent !== undefined) {
      octets.set(sent.message.subarray(0, 2), 0)
      if (random.below(8) !== 0) octets.set(sent.message.subarray(12, 12 + 14), 12)
      plane.reply(octets.subarray(0, length), sent)
    }
    for (const { message } of plane.answers) {
      must(message[0] === 0x12 && message[1] === 0x34, 'an answer to another query')
      const fault = faultIn(message)
      must(fault === null, `what came was passed on unread: ${fault}`)
      for (let i = 12; i < 22; i++) must(message[i] === asked[i], 'an answer to another question')
    }
    if (++executions % 50 === 0) tidy(plane)
    plane.answers.length = 0
  }
}

function framesTarget(random: Random): Once {
  return (octets, length) => {
    const messages: string[] = []
    const reader = new FrameReader()
    const take = (bytes: Uint8Array, start: number, end: number) => {
      messages.push(Buffer.from(bytes.subarray(start, end)).toString('hex'))
      return random.below(4) !== 0
    }
    for (let at = 0; at < length; ) {
      const end = Math.min(length, at + 1 + random.below(1 + random.below(200)))
      let wantsMore = reader.push(octets.slice(at, end), take)
      while (!wantsMore) wantsMore = reader.resume(take)
      at = end
    }
    must(messages.join() === framesOf(octets, length).join(), 'other messages came out than went in')
  }
}

/** The messages of a stream, by the two octets before each. */
function framesOf(octets: Uint8Array, length: number): string[] {
  const frames: string[] = []
  for (let at = 0; at + 2 <= length; ) {
    const end = at + 2 + ((octets[at]! << 8) | octets[at + 1]!)
    if (end > length) break
    frames.push(Buffer.from(octets.subarray(at + 2, end)).toString('hex'))
    at = end
  }
  return frames
}

function optionsTarget(): Once {
  const options: QueryOptions = { cookieAt: -1, cookieOctets: 0, wantsKeepalive: false, wantsStructured: false }
  return (octets, length) => {
    options.cookieAt = -1
    options.cookieOctets = 0
    const well = readOptions(octets, 0, length, options, 0)
    must(options.cookieAt < 0 || options.cookieAt + options.cookieOctets <= length, 'a cookie past the end')
    must(!well || options.cookieAt < 0 || options.cookieOctets <= 40, 'a cookie that is too long')
  }
}

function proxyTarget(): Once {
  const into = new Uint8Array(28)
  return (octets, length) => {
    const after = readProxyHeader(octets, 0, length, into)
    must(after === BAD_PROXY || (after >= 16 && after <= length), 'a header past the end')
  }
}
