/** Memory that is let go of comes back: when it is worth it, and to the system. */
import { execFileSync } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { LettingGo, lingeringOctets, MUCH_OCTETS, WORTH_OCTETS } from '../../src/platform/collect.ts'

const MODULE = new URL('../../src/platform/collect.ts', import.meta.url).href

describe('what is let go of', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const rows: readonly (readonly [what: string, octets: readonly number[], young: number, all: number])[] = [
    ['an image of some size', [WORTH_OCTETS], 1, 0],
    ['a small one is not worth it', [WORTH_OCTETS - 1], 0, 0],
    ['many small ones are, together', Array.from({ length: 5 }, () => WORTH_OCTETS / 4), 1, 0],
    ['counting begins anew each time', [WORTH_OCTETS, WORTH_OCTETS / 2, WORTH_OCTETS / 2, 1], 2, 0],
    ['a large one is worth looking through everything', [MUCH_OCTETS], 0, 1],
    ['so are several together, and then not before as many more', Array(9).fill(MUCH_OCTETS / 4), 7, 2],
  ]
  test.each(rows)('%s', (_what, octets, young, all) => {
    const collect = { young: vi.fn(), all: vi.fn() }
    const lettingGo = new LettingGo(collect, 50)
    for (const one of octets) lettingGo.note(one)
    vi.advanceTimersByTime(49)
    expect([collect.young, collect.all].map(own => own.mock.calls.length)).toEqual([0, 0])
    vi.advanceTimersByTime(1)
    expect([collect.young, collect.all].map(own => own.mock.calls.length)).toEqual([young, all])
  })
})

describe('where it is known what lingers', () => {
  const IMAGE = MUCH_OCTETS / 2
  /** How often young objects, and all, are looked through while images of a size are let go of. */
  function collections(size: number, lingering: readonly (number | null)[]): readonly [young: number, all: number] {
    vi.useFakeTimers()
    const collect = { young: vi.fn(), all: vi.fn() }
    const lettingGo = new LettingGo(collect, 50)
    for (const own of lingering) lettingGo.note(size, own)
    vi.runAllTimers()
    vi.useRealTimers()
    return [collect.young.mock.calls.length, collect.all.mock.calls.length]
  }

  test.each([
    ['nothing does', IMAGE, [0, 0, 0, 0, 0, 0], [6, 0]],
    ['what others are about to collect', IMAGE, [0, IMAGE, 0, IMAGE, 0, IMAGE], [6, 0]],
    ['more and more', IMAGE, [0, IMAGE, 2 * IMAGE, 0, IMAGE, 2 * IMAGE], [4, 2]],
    ['a start, whose image was counted elsewhere', IMAGE, [Number.POSITIVE_INFINITY, 0, 0], [2, 1]],
    ['nobody knows', IMAGE, [null, null, null, null], [2, 2]],
    ['it, and then nobody does', IMAGE, [0, 0, 0, null, null], [4, 1]],
    ['an image is much itself', MUCH_OCTETS, [0, 0], [0, 2]],
  ] as const)('%s', (_what, size, lingering, expected) => {
    expect(collections(size, lingering)).toEqual(expected)
  })

  test.each([
    [null, 5, null],
    [5, 5, 0],
    [12, 5, 7],
    [0, 0, 0],
    // Made by another thread, as what is kept on disk is at the start.
    [1, 5, Number.POSITIVE_INFINITY],
  ])('%o octets besides the new image, the former has %o: %o', (others, former, expected) => {
    expect(lingeringOctets(others, former)).toBe(expected)
  })
})

/** MiB of anonymous memory that a process has after a start that made many objects and let go of them. */
function keptBy(collector: string): number {
  const program = `
    import { readFileSync } from 'node:fs'
    import * as own from '${MODULE}'
    const collect = own.${collector}
    let all = []
    for (let i = 0; i < 400_000; i++) all.push({ i, text: 'object ' + i })
    all = null
    collect()
    await new Promise(resolve => setTimeout(resolve, 300))
    console.log(Number(/^RssAnon:\\s+(\\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024)`
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }))
}

test.skipIf(process.platform !== 'linux')('a thorough collection gives back what the engine would keep', () => {
  expect(keptBy('collector().all') - keptBy('thoroughCollector()')).toBeGreaterThan(24)
})
