/** Memory that is freed goes back to the system, also that of threads that are gone. In a process of its own. */
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const MODULE = new URL('../../src/platform/malloc.ts', import.meta.url).href
const isGlibc =
  process.platform === 'linux' && 'glibcVersionRuntime' in (process.report.getReport() as { header: object }).header

/** What a thread leaves behind that has had eight blocks of 8 MiB and freed them, in MiB of resident memory. */
function leftBehind(setUp: string): number {
  const program = `
    import { readFileSync } from 'node:fs'
    import { Worker } from 'node:worker_threads'
    import * as own from '${MODULE}'
    const resident = () => Number(/^VmRSS:\\s+(\\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024
    const blocks = (count, octets) => {
      const all = Array.from({ length: count }, () => new Uint8Array(octets).fill(1))
      for (const block of all) block.buffer.transfer(0)
    }
    const code = 'const blocks = ' + blocks + '; blocks(1, 32 * 2 ** 20 - 65536); blocks(8, 8 * 2 ** 20)'
    const lifeOfOne = () => new Promise(resolve => new Worker(code, { eval: true }).once('exit', resolve))
    ${setUp}
    const before = resident()
    await lifeOfOne()
    console.log(resident() - before)`
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }))
}

test.skipIf(!isGlibc)(
  'with the threshold a thread that is gone leaves little behind; without it the C library keeps it',
  () => {
    expect(leftBehind('')).toBeGreaterThan(40)
    expect(leftBehind('if (!own.returnLargeBlocks()) throw new Error("not set")')).toBeLessThan(24)
  },
)
