import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FAILED, UNREACHABLE } from '../../src/images/counters.ts'
import type { Endpoint } from '../../src/settings/settings.ts'
import { UpstreamTcp } from '../../src/transport/upstream-tcp.ts'
import { decode, query } from '../support/messages.ts'
import { delay, frame, until } from './clients.ts'
import { answering, answerTo, closedEndpoint, ScriptedUpstream, silent } from './scripted-upstream.ts'

interface Received {
  readonly question: number
  readonly message: Buffer
}

/** Records what the transport reports, and lets go of a question when it is answered or has failed, as the forwarder does. */
class Recorder {
  readonly received: Received[] = []
  readonly failed: { question: number; outcome: number }[] = []
  readonly tcp: UpstreamTcp

  constructor(servers: readonly Endpoint[], random: () => number) {
    const events = {
      receive: (question: number, bytes: Uint8Array, start: number, end: number) => {
        this.received.push({ question, message: Buffer.from(bytes.slice(start, end)) })
        this.tcp.release(question)
      },
      fail: (question: number, outcome: number) => {
        this.failed.push({ question, outcome })
        this.tcp.release(question)
      },
      settled: () => {},
    }
    this.tcp = new UpstreamTcp(servers, events, random)
  }

  send(question: number, id: number, name = `q${question}.test`): boolean {
    const message = query({ name, id })
    return this.tcp.send(question, 0, message, message.length)
  }

  answers(count: number): Promise<boolean> {
    return until(() => this.received.length >= count)
  }
}

describe('questions to an upstream over TCP', () => {
  let upstream: ScriptedUpstream
  let own: Recorder
  let nextRandom = 1

  beforeEach(async () => {
    upstream = await ScriptedUpstream.start(answering)
    own = new Recorder([upstream.endpoint], () => (nextRandom = (nextRandom * 25_173 + 13_849) & 0xffff))
  })
  afterEach(() => {
    own.tcp.close()
    upstream.close()
  })

  test('share one connection, used again', async () => {
    for (let question = 0; question < 5; question++) {
      own.send(question, 100 + question)
      await own.answers(question + 1)
    }
    expect(own.received.map(({ question }) => question)).toEqual([0, 1, 2, 3, 4])
    expect(upstream.connections).toHaveLength(1)
  })

  test('get their own id back, whatever they had on the connection', async () => {
    own.send(3, 0xbeef)
    await own.answers(1)
    expect(decode(own.received[0]!.message)).toMatchObject({ id: 0xbeef, questions: [{ name: 'q3.test' }] })
  })

  test('never share an id while they are in flight, even where the same one is drawn', async () => {
    const fixed = new Recorder([upstream.endpoint], () => 0xffff)
    upstream.script = silent
    for (let question = 0; question < 100; question++) fixed.send(question, 7)
    await until(() => upstream.asked.length === 100)
    expect(new Set(upstream.asked.map(({ id }) => id)).size).toBe(100)
    for (const asked of upstream.asked.toReversed()) asked.reply(answerTo(asked.message))
    await fixed.answers(100)
    fixed.tcp.close()
    const names = fixed.received.map(({ question, message }) => [question, decode(message).questions![0]!.name])
    expect(names).toEqual(Array.from({ length: 100 }, (_, i) => [99 - i, `q${99 - i}.test`]))
  })

  test('beyond what one connection takes at a time are not taken', () => {
    upstream.script = silent
    const taken = Array.from({ length: 300 }, (_, question) => own.send(question, question))
    expect(taken.filter(Boolean)).toHaveLength(256)
  })

  test('fail when the server closes in the middle of an answer; the next question gets a new connection', async () => {
    upstream.script = ({ connection, message }) => {
      connection!.write(frame(answerTo(message)).subarray(0, 20))
      connection!.end()
    }
    own.send(1, 11)
    own.send(2, 12)
    await until(() => own.failed.length === 2)
    expect(own.failed).toEqual([
      { question: 1, outcome: FAILED },
      { question: 2, outcome: FAILED },
    ])
    expect(own.received).toEqual([])
    upstream.script = answering
    own.send(3, 13)
    await own.answers(1)
    expect(own.received[0]!.question).toBe(3)
    expect(upstream.connections).toHaveLength(2)
  })

  test('fail when the server resets the connection', async () => {
    upstream.script = ({ connection }) => void connection!.resetAndDestroy()
    own.send(1, 11)
    await until(() => own.failed.length === 1)
    expect(own.failed).toEqual([{ question: 1, outcome: FAILED }])
  })

  test('are unreachable where nothing listens', async () => {
    const nowhere = new Recorder([await closedEndpoint()], () => 5)
    nowhere.send(1, 11)
    await until(() => nowhere.failed.length === 1)
    nowhere.tcp.close()
    expect(nowhere.failed).toEqual([{ question: 1, outcome: UNREACHABLE }])
  })

  test('a connection that the server has closed while it was idle is not used again', async () => {
    own.send(1, 11)
    await own.answers(1)
    upstream.connections[0]!.end()
    await delay(50)
    own.send(2, 12)
    await own.answers(2)
    expect(own.failed).toEqual([])
    expect(own.received[1]!.question).toBe(2)
  })

  test('answers to ids that are not in flight, and frames that are no messages, are passed over', async () => {
    upstream.script = ({ connection, message }) => {
      const stray = Buffer.from(answerTo(message))
      stray.writeUInt16BE(stray.readUInt16BE(0) ^ 0x5555, 0)
      const nothing = [frame(new Uint8Array(0)), frame(Uint8Array.of(9)), frame(stray)]
      connection!.write(Buffer.concat([...nothing, frame(answerTo(message))]))
    }
    own.send(6, 66)
    await own.answers(1)
    await delay(30)
    expect(own.received).toHaveLength(1)
    expect(decode(own.received[0]!.message).id).toBe(66)
  })

  test('what was released is not reported when it is answered after all', async () => {
    upstream.script = asked => setTimeout(() => asked.reply(answerTo(asked.message)), 50)
    own.send(1, 11)
    await until(() => upstream.asked.length === 1)
    own.tcp.release(1)
    own.send(2, 12)
    await own.answers(1)
    expect(own.received.map(({ question }) => question)).toEqual([2])
    expect(own.failed).toEqual([])
  })
})
