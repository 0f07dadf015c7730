/**
 * A million names in little memory: the whole program, Node and all, with one worker and its metrics, takes at most 200 MiB: when it has loaded them, when it has
 * answered a million queries, and when the list has changed three times. Prints what was measured.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { flaggedName } from '../../bench/support/names.ts'
import { LargeList } from './large-list.ts'
import { output } from './programs.ts'
import { memoryOf } from './resident.ts'

const NAMES = 1_000_000
const RESIDENT_MIB_MAX = 200
const QUESTIONS = 100_000
const ROUNDS = 10
const RELOADS = 3
/** What was needed for a moment is given back by then. */
const SETTLED_MS = 3000

let list: LargeList
beforeAll(async () => {
  list = await LargeList.write(NAMES)
})
afterAll(() => list.close())

test(`${NAMES} names take at most ${RESIDENT_MIB_MAX} MiB, loaded, under load and reloaded`, async () => {
  const server = await list.serve()
  const residentMib = async () => {
    await sleep(SETTLED_MS)
    return Math.round(memoryOf(server).VmRSS!)
  }
  const loaded = await residentMib()
  askAll()
  const asked = await residentMib()
  await list.change(server, RELOADS)
  const figures = { loaded, asked, reloaded: await residentMib() }
  console.log(JSON.stringify({ ...figures, peak: Math.round(memoryOf(server).VmHWM!) }))
  for (const [when, mib] of Object.entries(figures)) expect(mib, when).toBeLessThanOrEqual(RESIDENT_MIB_MAX)
})

function askAll(): void {
  const step = NAMES / QUESTIONS
  const lines = Array.from({ length: QUESTIONS }, (_, i) => `${flaggedName(i * step)} A\n`)
  const { serving } = list
  const questions = serving.folder.write('questions.txt', lines.join(''))
  const said = output('dnsperf', ['-s', '127.0.0.1', '-p', `${serving.port}`, '-d', questions, '-n', `${ROUNDS}`])
  expect(said).toMatch(new RegExp(`Queries completed: +${QUESTIONS * ROUNDS} `))
}
