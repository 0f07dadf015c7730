/**
 * Large lists in little memory: the whole program loads a list, and loads it again and again while it answers. What the system says of its memory at
 * its highest is what counts, Node and everything in it.
 *
 * QALQAN_REAL_NAMES sets how many names (default 2,000,000; 10,000,000 take two minutes). Prints what was measured.
 */
import { appendFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeList } from '../../bench/scale/list-file.ts'
import { flaggedName } from '../../bench/support/names.ts'
import { freePort } from '../cli/program.ts'
import { PAGE_ADDRESS, Serving } from '../cli/serving.ts'
import { memoryOf } from './resident.ts'

const NAMES = Number(process.env.QALQAN_REAL_NAMES ?? 2_000_000)
const MIB = 2 ** 20
const LIMIT_MIB = 2048
/** The image in force, the one that is made, and the log of names that it is made of, which goes as the image comes: half of each. */
const IMAGES_MAX = 2.5
/** The log comes and goes in pieces of 4 MiB; and the compiling thread itself. */
const SLACK_MIB = 64
const RELOADS = 3
/** On a machine whose cores are never idle the compiler gets its turn after two minutes. */
const RELOAD_MS = 280_000

let serving: Serving
let list = ''
beforeAll(async () => {
  serving = await Serving.prepare()
  list = serving.folder.file('list.txt')
  writeList(list, NAMES)
}, 120_000)
afterAll(() => serving.close())

test(
  `${NAMES} names are loaded again and again in at most ${IMAGES_MAX} times their image besides Node`,
  async () => {
    const server = serving.folder.start('serve', '--config', serving.config(await configuration()))
    await server.printed(/^Try: /m, RELOAD_MS)
    expect(await serving.ask(flaggedName(NAMES - 1))).toBe(PAGE_ADDRESS)
    const rest = memoryOf(server).VmRSS!
    // From here on: the first load has no former image beside it.
    writeFileSync(`/proc/${server.process.pid}/clear_refs`, '5')
    for (let reload = 1; reload <= RELOADS; reload++) {
      appendFileSync(list, `new${reload}.example\n`)
      const isTaken = await serving.becomes(`new${reload}.example`, PAGE_ADDRESS, RELOAD_MS)
      expect(isTaken, server.stdout + server.stderr).toBe(true)
      expect(await serving.ask(flaggedName(reload))).toBe(PAGE_ADDRESS)
    }
    const peak = memoryOf(server).VmHWM!
    const image = Number(server.logged().findLast(own => own.msg === 'filter image in force')!.octets) / MIB
    const figures = { names: NAMES, image, rest, peak, ofImage: peak / image }
    console.log(JSON.stringify(figures, (_, value) => (typeof value === 'number' ? Number(value.toFixed(2)) : value)))
    expect(peak).toBeLessThan(LIMIT_MIB)
    expect(peak - (rest - image)).toBeLessThan(IMAGES_MAX * image + SLACK_MIB)
  },
  RELOAD_MS * (RELOADS + 1),
)

async function configuration() {
  return {
    workers: 1,
    feeds: [{ name: 'list', source: 'list.txt', format: 'domains', class: 'hotline', category: 'illegal' }],
    http: { admin: `127.0.0.1:${await freePort()}` },
  }
}
