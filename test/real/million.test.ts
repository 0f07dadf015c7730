/**
 * A million names in little memory: the whole program, Node and all, with one worker and its metrics, takes at most 200 MiB: when it has loaded them, when it has
 * answered a million queries, and when the list has changed three times. Prints what was measured.
 */
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeList } from '../../bench/scale/list-file.ts'
import { flaggedName } from '../../bench/support/names.ts'
import { freePort } from '../cli/program.ts'
import { PAGE_ADDRESS, Serving } from '../cli/serving.ts'
import { output } from './programs.ts'
import { memoryOf } from './resident.ts'

const NAMES = 1_000_000
const RESIDENT_MIB_MAX = 200
const QUESTIONS = 100_000
const ROUNDS = 10
const RELOADS = 3
const RELOAD_MS = 60_000
/** What was needed for a moment is given back by then. */
const SETTLED_MS = 3000

let serving: Serving
let list = ''
beforeAll(async () => {
  serving = await Serving.prepare()
  list = serving.folder.file('list.txt')
  writeList(list, NAMES)
})
afterAll(() => serving.close())

test(`${NAMES} names take at most ${RESIDENT_MIB_MAX} MiB, loaded, under load and reloaded`, async () => {
  const server = serving.folder.start('serve', '--config', serving.config(await configuration()))
  await server.printed(/^Try: /m, RELOAD_MS)
  expect(await serving.ask(flaggedName(NAMES - 1))).toBe(PAGE_ADDRESS)
  const residentMib = async () => {
    await sleep(SETTLED_MS)
    return Math.round(memoryOf(server).VmRSS!)
  }
  const loaded = await residentMib()
  askAll()
  const asked = await residentMib()
  for (let reload = 1; reload <= RELOADS; reload++) {
    appendFileSync(list, `new${reload}.example\n`)
    const isTaken = await serving.becomes(`new${reload}.example`, PAGE_ADDRESS, RELOAD_MS)
    expect(isTaken, server.stdout + server.stderr).toBe(true)
  }
  const figures = { loaded, asked, reloaded: await residentMib() }
  console.log(JSON.stringify({ ...figures, peak: Math.round(memoryOf(server).VmHWM!) }))
  for (const [when, mib] of Object.entries(figures)) expect(mib, when).toBeLessThanOrEqual(RESIDENT_MIB_MAX)
})

async function configuration() {
  return {
    workers: 1,
    feeds: [{ name: 'list', source: 'list.txt', format: 'domains', class: 'hotline', category: 'illegal' }],
    http: { admin: `127.0.0.1:${await freePort()}` },
  }
}

function askAll(): void {
  const step = NAMES / QUESTIONS
  const lines = Array.from({ length: QUESTIONS }, (_, i) => `${flaggedName(i * step)} A\n`)
  const questions = serving.folder.write('questions.txt', lines.join(''))
  const said = output('dnsperf', ['-s', '127.0.0.1', '-p', `${serving.port}`, '-d', questions, '-n', `${ROUNDS}`])
  expect(said).toMatch(new RegExp(`Queries completed: +${QUESTIONS * ROUNDS} `))
}
