/**
 * Large lists in little memory: the whole program loads a list, and loads it again and again while it answers. What the system says of its memory at
 * its highest is what counts, Node and everything in it, and of the process that compiles all that is not shared with it: both at the same moment.
 *
 * QALQAN_REAL_NAMES sets how many names (default 2,000,000; 10,000,000 take two minutes). Prints what was measured.
 */
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { childrenOf } from '../support/processes.ts'
import { until } from '../transport/clients.ts'
import { LargeList, RELOAD_MS } from './large-list.ts'
import { memoryOf, statusOf } from './resident.ts'

const NAMES = Number(process.env.QALQAN_REAL_NAMES ?? 2_000_000)
const MIB = 2 ** 20
const LIMIT_MIB = 2048
/** The image in force, the one that the compiling process has made, and what has arrived of it here. */
const IMAGES_MAX = 3
/**
 * What was let go of and is not looked for yet (MUCH_OCTETS of src/platform/collect.ts), the log, which comes and goes in pieces of 4 MiB, and Node's own garbage, which no timer
 * of V8 looks for (bin/qalqan).
 */
const SLACK_MIB = 64 + 32 + 16
/** The compiling process before it has read anything. */
const NODE_MIB = 40
const RELOADS = 3

let list: LargeList
beforeAll(async () => {
  list = await LargeList.write(NAMES)
}, 120_000)
afterAll(() => list.close())

test(
  `${NAMES} names are loaded again and again in at most ${IMAGES_MAX} times their image besides Node`,
  async () => {
    const server = await list.serve()
    const rest = memoryOf(server).VmRSS!
    // From here on: the first load has no former image beside it.
    const watch = new MemoryWatch(server.process.pid!)
    await list.change(server, RELOADS)
    await until(() => childrenOf(server.process.pid!).length === 0, RELOAD_MS)
    const { peak, ofChild } = watch.stop()
    expect(ofChild).toBeGreaterThan(0)
    const image = Number(server.logged().findLast(own => own.msg === 'filter image in force')!.octets) / MIB
    const figures = { names: NAMES, image, rest, peak, ofChild, ofImage: peak / image }
    console.log(JSON.stringify(figures, (_, value) => (typeof value === 'number' ? Number(value.toFixed(2)) : value)))
    expect(peak).toBeLessThan(LIMIT_MIB)
    expect(peak - (rest - image)).toBeLessThan(IMAGES_MAX * image + SLACK_MIB + NODE_MIB)
  },
  RELOAD_MS * (RELOADS + 1),
)

const SAMPLE_MS = 20

/** What the program and the process that compiles for it take together, again and again. */
class MemoryWatch {
  private peak = 0
  private ofChild = 0
  private readonly timer: NodeJS.Timeout

  constructor(pid: number) {
    // The highest of the program alone, between two looks: from here on.
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
    this.timer = setInterval(() => this.look(pid), SAMPLE_MS)
  }

  private look(pid: number): void {
    const child = childrenOf(pid).reduce((sum, own) => sum + ownMemoryOf(own), 0)
    const { VmRSS, VmHWM } = statusOf(pid)
    this.ofChild = Math.max(this.ofChild, child)
    this.peak = Math.max(this.peak, VmHWM!, VmRSS! + child)
  }

  stop(): { readonly peak: number; readonly ofChild: number } {
    clearInterval(this.timer)
    return { peak: this.peak, ofChild: this.ofChild }
  }
}

/** Without the pages of Node's own file, which are there once for both; 0 for one that has ended. */
function ownMemoryOf(pid: number): number {
  try {
    const { RssAnon, RssShmem } = statusOf(pid)
    return (RssAnon ?? 0) + (RssShmem ?? 0)
  } catch {
    return 0
  }
}
