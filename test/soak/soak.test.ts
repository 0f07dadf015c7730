/**
 * The batch driver under load while memory is collected and compacted every few milliseconds: blocked, cached and forwarded questions, each
 * answer checked. QALQAN_SOAK_SECONDS makes it longer than the ten seconds of every test run.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { median } from '../../bench/peers/harness/report.ts'
import { kernelHere } from '../transport/loopback-plane.ts'
import { SoakClient, SoakUpstream } from './load.ts'
import type { SoakOrders, SoakReport } from './server.ts'

const SECONDS = Number(process.env.QALQAN_SOAK_SECONDS ?? 10)
const CLIENTS = 4
const LAST_ANSWERS_MS = 10_000
/** What resident memory may vary by: the collector's own pages. */
const RESIDENT_SLACK_OCTETS = 6 << 20
/** Memory grows while code is compiled and pools fill up; it is then that it must stay. */
const SETTLING_SHARE = 0.2
/** Far below what it reaches, for machines that are busy. */
const ANSWERS_A_SECOND_MIN = 300

const hasBatches = kernelHere().kernel !== null

class Server {
  exit: string | null = null
  private readonly child: ChildProcess

  constructor() {
    const flags = ['--expose-gc', '--compact-on-every-full-gc']
    this.child = fork(fileURLToPath(new URL('server.ts', import.meta.url)), { execArgv: flags })
    this.child.on('exit', (code, signal) => {
      this.exit = `${code ?? signal}`
    })
  }

  ask<T>(message: SoakOrders | 'report'): Promise<T> {
    return new Promise((resolve, reject) => {
      this.child.once('message', answer => resolve(answer as T))
      this.child.once('exit', code => reject(new Error(`the server ended with ${code}`)))
      this.child.send(message)
    })
  }

  close(): void {
    this.child.disconnect()
  }
}

describe.runIf(hasBatches)(`${SECONDS} seconds of load, memory collected all the time`, () => {
  const clients: SoakClient[] = []
  let server: Server
  let upstream: SoakUpstream
  let report: SoakReport

  beforeAll(
    async () => {
      server = new Server()
      upstream = await SoakUpstream.start()
      const { port } = await server.ask<{ port: number }>({ upstream: upstream.endpoint })
      for (let i = 0; i < CLIENTS; i++) clients.push(await SoakClient.start(port, i))
      await new Promise(resolve => setTimeout(resolve, SECONDS * 1000))
      await Promise.all(clients.map(client => client.finish(LAST_ANSWERS_MS)))
      report = await server.ask<SoakReport>('report')
    },
    SECONDS * 1000 + 60_000,
  )

  afterAll(() => {
    server.close()
    upstream.close()
  })

  test('every answer is right, and every question has one', () => {
    expect(clients.flatMap(client => client.problems).slice(0, 5)).toEqual([])
    expect(report.sendFailed).toBe(0)
  })

  test('it was load: thousands of questions, many of them forwarded, and a cache that was full', () => {
    const answered = clients.reduce((sum, client) => sum + client.answered, 0)
    expect(answered).toBeGreaterThan(ANSWERS_A_SECOND_MIN * SECONDS)
    expect(upstream.asked).toBeGreaterThan(answered / 20)
    expect(report.evictions).toBeGreaterThan(0)
  })

  test('memory was collected over and over, between the batches', () => {
    expect(report.collections).toBeGreaterThan(20 * SECONDS)
    expect(report.batchCalls).toBeGreaterThan(report.collections)
  })

  test('the kernel was given mapped memory only, and it is still what both see', () => {
    expect(report.problems).toEqual([])
  })

  test('resident memory is flat', () => {
    const settled = report.resident.slice(Math.floor(report.resident.length * SETTLING_SHARE))
    const middle = settled.length >> 1
    const [first, second] = [median(settled.slice(0, middle)), median(settled.slice(middle))]
    expect(second, `${first} octets in the first half`).toBeLessThan(first * 1.02 + RESIDENT_SLACK_OCTETS)
  })

  test('the server is still there', () => expect(server.exit).toBeNull())
})
