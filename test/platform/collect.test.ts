/** Memory that is let go of comes back: when it is worth it, and to the system. */
import { execFileSync } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { LettingGo, MUCH_OCTETS, WORTH_OCTETS } from '../../src/platform/collect.ts'

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
