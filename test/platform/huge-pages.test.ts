/** Large pages: asked for where there is at least one, and never a fault where there is none. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { adviseHugePages, allocateForRandomReads, HUGE_PAGE_OCTETS } from '../../src/platform/huge-pages.ts'

const MODE = '/sys/kernel/mm/transparent_hugepage/enabled'
const mode = () => {
  try {
    return /\[(\w+)\]/.exec(readFileSync(MODE, 'utf8'))?.[1] ?? 'none'
  } catch {
    return 'none'
  }
}
const canHave = mode() === 'madvise' || mode() === 'always'

/** Of this process, in octets. */
function onHugePages(): number {
  const found = /^AnonHugePages:\s+(\d+) kB/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))
  return Number(found?.[1] ?? 0) * 1024
}

describe('memory for random reads', () => {
  test('is zeroed, shared, of the size asked for, and can be written from end to end', () => {
    for (const octets of [0, 1, 4096, HUGE_PAGE_OCTETS, 5 * HUGE_PAGE_OCTETS + 17]) {
      const memory = new Uint8Array(allocateForRandomReads(octets))
      expect([memory.buffer instanceof SharedArrayBuffer, memory.length]).toEqual([true, octets])
      expect(memory.every(octet => octet === 0)).toBe(true)
      memory.fill(0xa5)
      expect(memory.every(octet => octet === 0xa5)).toBe(true)
    }
  })

  test('what has no whole large page is left as it is', () => {
    expect(adviseHugePages(new ArrayBuffer(HUGE_PAGE_OCTETS))).toBe(false)
    expect(adviseHugePages(new ArrayBuffer(0))).toBe(false)
  })

  test.skipIf(!canHave)(`lies on large pages (skipped where the kernel gives none: ${mode()})`, () => {
    const before = onHugePages()
    const memory = new Uint8Array(allocateForRandomReads(32 * HUGE_PAGE_OCTETS))
    memory.fill(1)
    // Some may be scattered by others' needs: most is enough.
    expect(onHugePages() - before).toBeGreaterThan(16 * HUGE_PAGE_OCTETS)
    expect(memory[memory.length - 1]).toBe(1)
  })
})
