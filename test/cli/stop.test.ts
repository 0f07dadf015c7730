import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { query } from '../support/messages.ts'
import { frame, TcpClient, until } from '../transport/clients.ts'
import { addressFor, answerTo, silent } from '../transport/scripted-upstream.ts'
import type { Ended, Program } from './program.ts'
import { freePort } from './program.ts'
import { outcome, Serving } from './serving.ts'

const STOP_MS_MAX = 5000
const AT_ONCE_MS = 2000
// Where no core is idle a server needs many seconds to start.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

let own: Serving
beforeEach(async () => {
  own = await Serving.prepare()
  own.folder.write('list.txt', 'bad.example\n')
})
afterEach(() => own.close())

const FEEDS = { feeds: [{ name: 'list', source: 'list.txt', class: 'hotline', category: 'illegal' }] }

async function timed(program: Program, signal: NodeJS.Signals): Promise<Ended & { tookMs: number }> {
  const startMs = performance.now()
  program.signal(signal)
  const tooLong = setTimeout(() => program.signal('SIGKILL'), STOP_MS_MAX + 3000)
  const ended = await program.ended
  clearTimeout(tooLong)
  return { ...ended, tookMs: performance.now() - startMs }
}

describe('told to stop', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s: it ends at once where nothing is in flight, with exit code 0',
    async signal => {
      let bestMs = Number.POSITIVE_INFINITY
      // Whatever it waited for, it would wait for each time; a machine that is held up is not so each time.
      for (let tries = 0; tries < 4 && bestMs >= AT_ONCE_MS; tries++) {
        const program = await own.serve(FEEDS)
        const { code, stderr, tookMs } = await timed(program, signal)
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
        bestMs = Math.min(bestMs, tookMs)
      }
      expect(bestMs).toBeLessThan(AT_ONCE_MS)
    },
  )

  test('it answers what is in flight, over UDP and TCP', async () => {
    own.upstream.script = asked => setTimeout(() => asked.reply(answerTo(asked.message)), 800)
    const program = await own.serve(FEEDS)
    const overUdp = Promise.all(Array.from({ length: 20 }, (_, i) => own.ask(`u${i}.example`)))
    const tcp = await TcpClient.to(own.port)
    tcp.send(query({ name: 'tcp.example', id: 1 }))
    await until(() => own.upstream.asked.length >= 21)
    const ending = timed(program, 'SIGTERM')
    expect(await overUdp).toEqual(Array.from({ length: 20 }, (_, i) => addressFor(`u${i}.example`)))
    expect((await tcp.answers(1)).map(outcome)).toEqual([addressFor('tcp.example')])
    const { code, tookMs } = await ending
    expect(code).toBe(0)
    expect(tookMs).toBeLessThan(STOP_MS_MAX)
  })

  test('what no upstream answers does not keep it: SERVFAIL, and the end within 5 s', async () => {
    own.upstream.script = silent
    const program = await own.serve({ ...FEEDS, upstream: { timeout: '30s' } })
    const waiting = own.ask('never.example', { withinMs: STOP_MS_MAX + 1000 })
    await until(() => own.upstream.asked.length >= 1)
    const { code, tookMs } = await timed(program, 'SIGTERM')
    expect(await waiting).toBe('SERVFAIL')
    expect(code).toBe(0)
    expect(tookMs).toBeLessThan(STOP_MS_MAX)
  })

  test('open connections do not keep it: DNS over TCP, idle or in the middle of a query, and HTTP', async () => {
    const admin = await freePort()
    const program = await own.serve({ ...FEEDS, tcp: { idle: '5m' }, http: { admin: `127.0.0.1:${admin}` } })
    const idle = await TcpClient.to(own.port)
    const within = await TcpClient.to(own.port)
    within.write(frame(query({ name: 'bad.example' })).subarray(0, 9))
    const http = await TcpClient.to(admin)
    http.write(Buffer.from('GET /metrics HTTP/1.1\r\nHost: x\r\n'))
    const { code, tookMs } = await timed(program, 'SIGTERM')
    for (const client of [idle, within, http]) client.close()
    expect(code).toBe(0)
    expect(tookMs).toBeLessThan(STOP_MS_MAX)
  })

  test('a client that does not read its answers does not keep it', async () => {
    const program = await own.serve({ ...FEEDS, tcp: { idle: '5m' } })
    const deaf = await TcpClient.to(own.port, { reads: false })
    deaf.socket.pause()
    const many = Buffer.concat(Array.from({ length: 1000 }, (_, id) => frame(query({ name: 'bad.example', id }))))
    let sent = 0
    while (deaf.socket.writableLength < 4_000_000 && sent++ < 2000) deaf.write(many)
    await new Promise(resolve => setTimeout(resolve, 1500))
    const { code, signal, tookMs } = await timed(program, 'SIGTERM')
    deaf.close()
    expect({ code, signal }).toEqual({ code: 0, signal: null })
    expect(tookMs).toBeLessThan(STOP_MS_MAX)
  })

  test('its ports are free afterwards: it can be started again at once', async () => {
    for (let i = 0; i < 2; i++) {
      const program = await own.serve(FEEDS)
      expect(await own.ask('bad.example')).toBe('192.0.2.80')
      await timed(program, 'SIGTERM')
    }
  })
})
