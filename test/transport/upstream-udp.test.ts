import { createSocket } from 'node:dgram'
import { readdirSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { IDLE_MIN } from '../../src/transport/upstream-udp.ts'
import { decode, query, replyTo } from '../support/messages.ts'
import { delay, UdpClient, until } from './clients.ts'
import { DRIVERS, type LoopbackOptions, LoopbackPlane } from './loopback-plane.ts'
import {
  addressFor,
  answering,
  answerTo,
  closedEndpoint,
  type Script,
  ScriptedUpstream,
  silent,
} from './scripted-upstream.ts'

const TRUNCATED = 0x0200
const FORGED = '192.0.2.66'

function result(message: Uint8Array | null): string {
  const { rcode, answers } = decode(message)
  const first = answers?.[0]
  return first !== undefined && 'data' in first ? String(first.data) : rcode
}

const forgedReply = (message: Uint8Array, id?: number): Uint8Array => {
  const { name } = decode(message).questions![0]!
  const answers = [{ type: 'A' as const, name, ttl: 60, data: FORGED }]
  return replyTo(message, id === undefined ? { answers } : { answers, id })
}

describe.each(DRIVERS)('upstreams over UDP (%s)', driver => {
  const openOnes: { close(): void }[] = []
  afterEach(() => {
    for (const one of openOnes.splice(0)) one.close()
  })

  async function upstreamThat(script: Script): Promise<ScriptedUpstream> {
    const made = await ScriptedUpstream.start(script)
    openOnes.push(made)
    return made
  }

  async function serving(options: LoopbackOptions): Promise<{ own: LoopbackPlane; client: UdpClient }> {
    const own = await LoopbackPlane.start({ driver, ...options })
    const client = await UdpClient.to(own.udpPort())
    openOnes.push(own, client)
    return { own, client }
  }

  test('every question leaves from a port and with an id of its own, neither of which can be foretold (RFC 5452 §9)', async () => {
    const upstream = await upstreamThat(answering)
    const { client } = await serving({ upstreams: [upstream.endpoint] })
    for (let i = 0; i < 300; i++) await client.ask(query({ name: `n${i}.test`, id: i }))
    const ports = upstream.asked.map(asked => asked.from.port)
    const ids = upstream.asked.map(asked => asked.id)
    const sequential = ids.filter((id, i) => i > 0 && Math.abs(id - ids[i - 1]!) <= 1).length
    const portSteps = ports.filter((port, i) => i > 0 && Math.abs(port - ports[i - 1]!) <= 2).length
    expect(upstream.asked).toHaveLength(300)
    expect(new Set(ports).size).toBeGreaterThanOrEqual(150)
    expect(new Set(ids).size).toBeGreaterThanOrEqual(290)
    expect(sequential).toBeLessThan(20)
    expect(portSteps).toBeLessThan(20)
  })

  test('an answer with another id is not taken: the server is asked again over TCP', async () => {
    const upstream = await upstreamThat(asked => {
      if (asked.via === 'udp') asked.reply(forgedReply(asked.message, asked.id ^ 1))
      else asked.reply(answerTo(asked.message))
    })
    const { own, client } = await serving({ upstreams: [upstream.endpoint] })
    expect(result(await client.ask(query({ name: 'forged.test' })))).toBe(addressFor('forged.test'))
    expect(upstream.asked.map(asked => asked.via)).toEqual(['udp', 'tcp'])
    expect(own.attempts('mismatch')).toBe(1)
  })

  test('a thousand guesses at the id do not get an answer in', async () => {
    const upstream = await upstreamThat(asked => {
      if (asked.via === 'tcp') return asked.reply(answerTo(asked.message))
      for (let guess = 1; guess <= 1000; guess++) asked.reply(forgedReply(asked.message, (asked.id + guess) & 0xffff))
    })
    const { client } = await serving({ upstreams: [upstream.endpoint] })
    expect(result(await client.ask(query({ name: 'guessed.test' })))).toBe(addressFor('guessed.test'))
  })

  test('what another address or another port sends is not even seen, whatever it says', async () => {
    const others = await Promise.all(
      ['127.0.0.1', '127.0.0.2'].map(async address => {
        const socket = createSocket('udp4')
        await new Promise<void>(resolve => socket.bind(0, address, resolve))
        openOnes.push(socket)
        return socket
      }),
    )
    const upstream = await upstreamThat(asked => {
      for (const other of others) other.send(forgedReply(asked.message), asked.from.port, asked.from.address, () => {})
      setTimeout(() => asked.reply(answerTo(asked.message)), 80)
    })
    const { own, client } = await serving({ upstreams: [upstream.endpoint] })
    expect(result(await client.ask(query({ name: 'aside.test' })))).toBe(addressFor('aside.test'))
    expect(own.attempts('mismatch') + own.attempts('malformed')).toBe(0)
  })

  test('what is no sound message is passed over: the real answer behind it is taken', async () => {
    const upstream = await upstreamThat(asked => {
      asked.reply(new Uint8Array(0))
      asked.reply(Uint8Array.of(1, 2, 3))
      const sound = answerTo(asked.message)
      asked.reply(sound.subarray(0, sound.length - 1))
      setTimeout(() => asked.reply(answerTo(asked.message)), 30)
    })
    const { client } = await serving({ upstreams: [upstream.endpoint] })
    expect(result(await client.ask(query({ name: 'noise.test' })))).toBe(addressFor('noise.test'))
  })

  test('an echo of the question is no answer: the server is asked again over TCP', async () => {
    const upstream = await upstreamThat(asked =>
      asked.reply(asked.via === 'udp' ? asked.message : answerTo(asked.message)),
    )
    const { client } = await serving({ upstreams: [upstream.endpoint] })
    expect(result(await client.ask(query({ name: 'echo.test' })))).toBe(addressFor('echo.test'))
  })

  test('a server that is not there costs no waiting: the next is asked at once', async () => {
    const upstream = await upstreamThat(answering)
    const timeoutMs = 10_000
    const { client } = await serving({ upstreams: [await closedEndpoint(), upstream.endpoint], timeoutMs })
    const startMs = performance.now()
    for (let i = 0; i < 20; i++) {
      expect(result(await client.ask(query({ name: `there${i}.test`, id: i })))).toBe(addressFor(`there${i}.test`))
    }
    expect(performance.now() - startMs).toBeLessThan(timeoutMs)
  })

  test('a server that is silent costs one timeout: then the next is asked', async () => {
    const mute = await upstreamThat(silent)
    const upstream = await upstreamThat(answering)
    const { own, client } = await serving({ upstreams: [mute.endpoint, upstream.endpoint], timeoutMs: 1000 })
    for (let i = 0; i < 12; i++) {
      const before = mute.asked.length
      expect(result(await client.ask(query({ name: `mute${i}.test`, id: i })))).toBe(addressFor(`mute${i}.test`))
      expect(mute.asked.length - before).toBeLessThanOrEqual(1)
    }
    expect(upstream.asked).toHaveLength(12)
    expect(own.attempts('timeout', 0)).toBe(mute.asked.length)
    expect(own.attempts('answered', 1)).toBe(12)
  })

  test('all servers silent: SERVFAIL after the attempts that are allowed', async () => {
    const mute = await upstreamThat(silent)
    const { client } = await serving({ upstreams: [mute.endpoint], timeoutMs: 100, attempts: 3 })
    expect(result(await client.ask(query({ name: 'never.test' })))).toBe('SERVFAIL')
    expect(mute.asked).toHaveLength(3)
  })

  test('a truncated answer is fetched whole over TCP', async () => {
    const strings = Array.from({ length: 40 }, (_, i) => `${i}`.padStart(100, '-'))
    const upstream = await upstreamThat(asked => {
      if (asked.via === 'udp') return asked.reply(replyTo(asked.message, { flags: TRUNCATED }))
      asked.reply(replyTo(asked.message, { answers: [{ type: 'TXT', name: asked.name, ttl: 60, data: strings }] }))
    })
    const { own, client } = await serving({ upstreams: [upstream.endpoint] })
    const answer = decode(await client.ask(query({ name: 'long.test', type: 'TXT', edns: true })))
    // 4,000 octets do not fit a datagram: the client is told to use TCP in its turn.
    expect(answer.flags & TRUNCATED).toBe(TRUNCATED)
    expect(upstream.asked.map(asked => asked.via)).toEqual(['udp', 'tcp'])
    expect(own.attempts('truncated')).toBe(1)
  })

  test('an answer that comes too late is ignored, and costs the next question nothing', async () => {
    let replyLate = () => {}
    const upstream = await upstreamThat(asked => {
      replyLate = () => asked.reply(answerTo(asked.message))
    })
    const { own, client } = await serving({ upstreams: [upstream.endpoint], timeoutMs: 1000, attempts: 1 })
    expect(result(await client.ask(query({ name: 'late.test', id: 1 })))).toBe('SERVFAIL')
    replyLate()
    await delay(100)
    expect(client.received).toEqual([])
    expect(own.attempts('answered')).toBe(0)
    upstream.script = answering
    expect(result(await client.ask(query({ name: 'intime.test', id: 2 })))).toBe(addressFor('intime.test'))
    expect(client.received).toEqual([])
    expect(own.attempts('answered')).toBe(1)
  })

  test('identical questions of many clients are one upstream question', async () => {
    const upstream = await upstreamThat(asked => setTimeout(() => asked.reply(answerTo(asked.message)), 100))
    const { own, client } = await serving({ upstreams: [upstream.endpoint] })
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, id) => client.ask(query({ name: id % 2 === 0 ? 'same.test' : 'SAME.Test', id }))),
    )
    expect(answers.map(result)).toEqual(answers.map(() => addressFor('same.test')))
    expect(upstream.asked).toHaveLength(1)
    expect(own.counter('coalesced')).toBe(49)
  })

  test('4,000 questions, a quarter of them never answered: descriptors stay bounded, and all are given back', async () => {
    let count = 0
    const upstream = await upstreamThat(asked => {
      if (count++ % 4 !== 0) answering(asked)
    })
    const before = openDescriptors()
    const { own, client } = await serving({ upstreams: [upstream.endpoint], timeoutMs: 60, attempts: 1 })
    const atOnce = 100
    const after: number[] = []
    for (let first = 0; first < 4000; first += atOnce) {
      const ids = Array.from({ length: atOnce }, (_, i) => first + i)
      await Promise.all(ids.map(id => client.ask(query({ name: `d${id}.test`, id }))))
      after.push(openDescriptors())
    }
    expect(await until(() => own.assembled.questions.inFlight === 0)).toBe(true)
    expect(upstream.asked.length).toBeGreaterThanOrEqual(4000)
    // Some may be kept for the next questions: as many as were ever busy at once, and never more as time goes by.
    expect(Math.max(...after)).toBeLessThan(before + IDLE_MIN + 2 * atOnce)
    own.close()
    openOnes.splice(openOnes.indexOf(own), 1)
    expect(await until(() => openDescriptors() <= before + 1)).toBe(true)
  })
})

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length
}
