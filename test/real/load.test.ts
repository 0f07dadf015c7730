/**
 * dnsperf at full load while the list is reloaded every few seconds: no query may be lost, none answered wrongly.
 *
 * QALQAN_REAL_SECONDS sets how long (default 20 s); QALQAN_REAL_LONG=1 takes 60 s. Prints what was measured.
 */
import { renameSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Folder, freePort } from '../cli/program.ts'
import { outcome } from '../cli/serving.ts'
import { query } from '../support/messages.ts'
import { delay, UdpClient } from '../transport/clients.ts'
import { outputLater, type RealServer } from './programs.ts'
import { startNsd } from './servers.ts'
import { addressOfHost, HOSTS, ZONE } from './zones.ts'

const SECONDS = Number(process.env.QALQAN_REAL_SECONDS ?? (process.env.QALQAN_REAL_LONG === '1' ? 60 : 20))
const RELOAD_MS = 5000
/** A compilation gives way for some seconds, and here no core is ever idle: changes that come up meanwhile share the next one. */
const IN_FORCE_WITHIN_S = 20
const LISTED = 100_000
const PAGE_ADDRESS = '192.0.2.80'
/** Blocked by both versions of the list; the names of `h…` by neither. */
const inBoth = (i: number) => `both${i}.list.test`
const inOne = (version: number, i: number) => `only${version}-${i}.list.test`

let folder: Folder
let nsd: RealServer
let port: number
let admin: number

beforeAll(async () => {
  folder = new Folder()
  nsd = await startNsd(folder.path, [ZONE])
  ;[port, admin] = [await freePort(), await freePort()]
  putList(0)
  await folder.serve(
    folder.config({
      listen: [`127.0.0.1:${port}`],
      workers: 2,
      upstreams: [`127.0.0.1:${nsd.port}`],
      feeds: [{ name: 'list', source: 'list.txt', format: 'domains', class: 'hotline', category: 'illegal' }],
      blocking: { page: { ipv4: PAGE_ADDRESS } },
      http: { admin: `127.0.0.1:${admin}` },
    }),
  )
})
afterAll(async () => {
  await nsd?.stop()
  await folder.remove()
})

/** Puts a version of the list in place at once, as a careful publisher does. */
function putList(version: number): void {
  const own = Array.from({ length: LISTED / 2 }, (_, i) => inOne(version % 2, i))
  const both = Array.from({ length: LISTED / 2 }, (_, i) => inBoth(i))
  renameSync(folder.write('list.new', `${[...both, ...own].join('\n')}\n`), folder.file('list.txt'))
}

/** The image that each worker answers from. */
async function generations(): Promise<number[]> {
  const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text()
  return [...text.matchAll(/^qalqan_worker_image_generation\{worker="\d+"\} (\d+)$/gm)].map(([, value]) =>
    Number(value),
  )
}

function questionsFile(): string {
  const blocked = Array.from({ length: 2000 }, (_, i) => `www.${inBoth(i * 7)} A`)
  const allowed = Array.from({ length: 2000 }, (_, i) => `h${i % HOSTS}.zone.test A`)
  return folder.write('questions.txt', `${blocked.flatMap((line, i) => [line, allowed[i]!]).join('\n')}\n`)
}

interface Checked {
  asked: number
  readonly wrong: string[]
  readonly slowestMs: { value: number }
}

/** Asks names whose answer no reload changes, and compares, until told to stop. */
async function check(stop: () => boolean, checked: Checked): Promise<void> {
  const client = await UdpClient.to(port)
  for (let i = 0; !stop(); i++) {
    const isBlocked = i % 2 === 0
    const name = isBlocked ? inBoth(i % (LISTED / 2)) : `h${i % HOSTS}.zone.test`
    const startMs = performance.now()
    const got = outcome(await client.ask(query({ name, id: i & 0xffff }), 5000))
    checked.slowestMs.value = Math.max(checked.slowestMs.value, performance.now() - startMs)
    checked.asked++
    const wanted = isBlocked ? PAGE_ADDRESS : addressOfHost(i % HOSTS)
    if (got !== wanted) checked.wrong.push(`${name}: ${got}`)
  }
  client.close()
}

const figure = (text: string, pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? Number.NaN)

describe('under full load', () => {
  test(
    `${SECONDS} s of dnsperf with a reload every ${RELOAD_MS / 1000} s: no query lost, no wrong answer`,
    async () => {
      let isOver = false
      let version = 0
      const checked: Checked = { asked: 0, wrong: [], slowestMs: { value: 0 } }
      const reloading = setInterval(() => putList(++version), RELOAD_MS)
      const checking = Promise.all([1, 2, 3, 4].map(() => check(() => isOver, checked)))
      const before = await generations()
      const args = ['-s', '127.0.0.1', '-p', String(port), '-d', questionsFile(), '-l', String(SECONDS)]
      const text = await outputLater('dnsperf', [...args, '-c', '16', '-q', '200', '-t', '5'], (SECONDS + 30) * 1000)
      clearInterval(reloading)
      const after = await generations()
      isOver = true
      await checking

      const sent = figure(text, /Queries sent:\s+(\d+)/)
      const lost = figure(text, /Queries lost:\s+(\d+)/)
      const perSecond = figure(text, /Queries per second:\s+([\d.]+)/)
      const meanMs = figure(text, /Average Latency \(s\):\s+([\d.]+)/) * 1000
      const worstMs = figure(text, /Average Latency \(s\):.*max ([\d.]+)/) * 1000
      console.log(
        `dnsperf, ${SECONDS} s, ${version} reloads of ${LISTED} names: ${sent} sent, ${lost} lost, ${Math.round(perSecond)} a second, ` +
          `latency mean ${meanMs.toFixed(2)} ms, worst ${worstMs.toFixed(1)} ms; checked beside it: ${checked.asked} answers, ` +
          `${checked.wrong.length} wrong, slowest ${checked.slowestMs.value.toFixed(1)} ms; image ${before} to ${after}`,
      )
      expect(lost, text).toBe(0)
      expect(text).toMatch(/Response codes:\s+NOERROR \d+ \(100\.00%\)/)
      expect(checked.wrong).toEqual([])
      expect(checked.asked).toBeGreaterThan(100)
      expect(before).toHaveLength(2)
      for (const [worker, generation] of after.entries()) {
        expect(generation - before[worker]!).toBeGreaterThanOrEqual(
          Math.max(1, Math.floor(SECONDS / IN_FORCE_WITHIN_S)),
        )
      }
    },
    (SECONDS + 60) * 1000,
  )

  test('after the last reload, what only the version in force lists is blocked, and what only the other lists is not', async () => {
    putList(3)
    const client = await UdpClient.to(port)
    const isInForce = async () => outcome(await client.ask(query({ name: inOne(1, 5), id: 1 }))) === PAGE_ADDRESS
    for (let tries = 0; tries < 100 && !(await isInForce()); tries++) await delay(100)
    expect(await isInForce()).toBe(true)
    // Neither the zone nor any other here has it: NSD refuses it, and that is SERVFAIL.
    expect(outcome(await client.ask(query({ name: inOne(0, 5), id: 2 })))).toBe('SERVFAIL')
    client.close()
  })
})
