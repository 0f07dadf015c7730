/**
 * The data plane causes no garbage: five million answers, and each stage by itself, without one collection. See run.ts for how the
 * count is made sharp: with a young generation of 1 MiB, one octet a query would be found out.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'

interface Counted {
  readonly stage: string
  readonly queries: number
  readonly collections: number
  /** By how much the heap has grown meanwhile, where nothing was collected. */
  readonly octets: number
  readonly ms: number
}

const STAGES = ['admit', 'probe', 'filter hit', 'filter miss', 'cache hit', 'block answer', 'refusal'] as const
const PATHS = ['whole path, blocked', 'whole path, cached', 'whole path, mixed'] as const
const RUN = fileURLToPath(new URL('run.ts', import.meta.url))

let counted: ReadonlyMap<string, Counted> = new Map()

beforeAll(async () => {
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, ['--expose-gc', '--max-semi-space-size=1', RUN], { timeout: 110_000 })
  const lines = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Counted)
  counted = new Map(lines.map(own => [own.stage, own]))
}, 120_000)

describe('no collection is caused by', () => {
  test.each([...STAGES, ...PATHS])('%s', stage => {
    const own = counted.get(stage)
    expect(own, 'was run').toBeDefined()
    expect(own!.collections, `${own!.queries} queries`).toBe(0)
  })

  test('five million answers in all', () => {
    const answers = PATHS.map(path => counted.get(path)!.queries).reduce((sum, own) => sum + own, 0)
    expect(answers).toBeGreaterThanOrEqual(5_000_000)
  })
})

test('a stage leaves no octet a query behind, and the whole path not one: a batch reads the clock, that is all', () => {
  for (const stage of [...STAGES, ...PATHS]) {
    const own = counted.get(stage)!
    expect(own.octets / own.queries, stage).toBeLessThan(0.5)
  }
})

test('a forwarded query leaves some numbers behind, 64 octets at most', () => {
  const own = counted.get('forwarded and answered')!
  expect((own.collections * 1_048_576) / own.queries).toBeLessThan(64)
})
