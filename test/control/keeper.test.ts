import { renameSync, rmSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type NeverBlockNames, NOTHING_OF_YOUR_OWN } from '../../src/feeds/guards/never-block.ts'
import { FeedKeeper } from '../../src/feeds/keeper.ts'
import type { SavedImage } from '../../src/feeds/saved-image.ts'
import { FilterBuilder } from '../../src/images/filter/builder.ts'
import { FilterReader } from '../../src/images/filter/reader.ts'
import type { FeedSettings } from '../../src/settings/settings.ts'
import { Folder, ndjson } from '../cli/program.ts'
import { SEED } from '../support/images.ts'
import { delay, until } from '../transport/clients.ts'

interface InForce {
  readonly generation: number
  readonly names: number
}

let folder: Folder
let keeper: FeedKeeper
let images: InForce[]
let problems: string[]
let now: () => number
/** By the machine's own clock, when the first image was handed over; null before. */
let firstImageMs: number | null

function keeperOf(
  feeds: readonly Partial<FeedSettings>[],
  neverBlock: NeverBlockNames = NOTHING_OF_YOUR_OWN,
  saved: SavedImage | null = null,
): FeedKeeper {
  const settled = feeds.map((feed, i) => ({
    name: `list${i}`,
    source: folder.file(`list${i}.txt`),
    format: 'auto' as const,
    class: 'hotline' as const,
    category: 'illegal',
    scope: 'page' as const,
    subdomains: null,
    answer: null,
    remote: null,
    transfer: null,
    limits: null,
    signature: null,
    mode: 'enforce' as const,
    ...feed,
  }))
  keeper = new FeedKeeper({
    feeds: settled,
    dataFolder: folder.file('data'),
    seed: SEED,
    categories: ['illegal', '-not-listed'],
    neverBlock,
    keeping: { keepMs: 3_600_000, octetsMax: 2 ** 20 },
    saved,
    now,
    onImage: ({ image, generation }) => {
      firstImageMs ??= performance.now()
      images.push({ generation, names: new FilterReader(image).names })
    },
    onProblem: problem => void problems.push(problem),
  })
  return keeper
}

beforeEach(() => {
  folder = new Folder()
  images = []
  problems = []
  now = Date.now
  firstImageMs = null
})
afterEach(async () => {
  keeper.close()
  await delay(50)
  await folder.remove()
})

async function startedOf(feeds: readonly Partial<FeedSettings>[]): Promise<FeedKeeper> {
  const started = keeperOf(feeds)
  await started.start()
  return started
}

/** A clock that begins to run with the first image, however long the machine takes for that. */
const runningFrom = (second: number) => () =>
  second * 1000 + (firstImageMs === null ? 0 : performance.now() - firstImageMs)

const list = (...names: readonly string[]) => names.map(name => `${name}\n`).join('')
/** Longer than a file must lie still before it is read. */
const SETTLED_MS = 900
/** A compilation goes behind everything else: where no core is idle it takes many seconds. */
const COMPILED_MS = 30_000
/** Between two writes of one burst: well below how long a file must lie still. */
const GAP_MS_MAX = 150

/** Writes a file ten times; returns the longest pause between two writes. */
async function longestGapOfBurst(): Promise<number> {
  const writtenMs: number[] = []
  for (let i = 0; i < 10; i++) {
    if (i > 0) await delay(20)
    folder.write('list0.txt', list('a.example', `n${i}.example`))
    writtenMs.push(performance.now())
  }
  return Math.max(...writtenMs.slice(1).map((ms, i) => ms - writtenMs[i]!))
}

describe('the keeper of feeds', { timeout: 150_000 }, () => {
  test('hands over an image of all feeds before it has started', async () => {
    folder.write('list0.txt', list('a.example', 'b.example'))
    folder.write('list1.txt', list('c.example'))
    await keeperOf([{}, {}]).start()
    expect(images).toEqual([{ generation: 1, names: 3 }])
    expect(keeper.notInForce()).toBeNull()
    expect([...keeper.states.values()].map(({ report }) => report?.blocked)).toEqual([2, 1])
  })

  test('however many reasons come up during a compilation, one more follows, and all who wait see its image', async () => {
    folder.write('list0.txt', list('a.example'))
    await keeperOf([{}]).start()
    const first = keeper.refresh()
    folder.write('list0.txt', list('a.example', 'b.example'))
    const others = Array.from({ length: 20 }, () => keeper.refresh())
    await Promise.all([first, ...others])
    // The start, the one under way, one for all the others; the watch may have seen the file meanwhile and asked for one of its own.
    expect(images.length).toBeGreaterThanOrEqual(3)
    expect(images.length).toBeLessThanOrEqual(4)
    expect(images.at(-1)!.names).toBe(2)
  })

  test('a refresh that the end of the server overtakes, and one after it, came to nothing, and say why', async () => {
    folder.write('list0.txt', list('a.example'))
    await keeperOf([{}]).start()
    const underWay = keeper.refresh()
    keeper.close()
    await underWay
    expect([images.length, keeper.failure]).toEqual([1, 'the server is ending'])
    await keeper.refresh()
    expect([images.length, keeper.failure, problems]).toEqual([1, 'the server is ending', []])
  })

  test('a burst of changes to a file is one compilation', async () => {
    folder.write('list0.txt', list('a.example'))
    await keeperOf([{}]).start()
    images = []
    // A machine that was held up in the middle has written two bursts: then once more, when all is quiet.
    while ((await longestGapOfBurst()) > GAP_MS_MAX) {
      await delay(SETTLED_MS)
      await keeper.refresh()
      images = []
    }
    expect(await until(() => images.length > 0, COMPILED_MS)).toBe(true)
    await delay(SETTLED_MS)
    expect(images.length).toBe(1)
  })

  test('a file that did not change is not read again, though its folder is busy', async () => {
    folder.write('list0.txt', list('a.example'))
    await keeperOf([{}]).start()
    folder.write('something-else.txt', 'x')
    rmSync(folder.file('something-else.txt'))
    await delay(SETTLED_MS)
    expect(images).toHaveLength(1)
  })

  test('a feed that goes, or turns bad, keeps its last good names; its state says so; and it comes back', async () => {
    folder.write('list0.txt', list('a.example', 'b.example'))
    await keeperOf([{}]).start()
    rmSync(folder.file('list0.txt'))
    expect(await until(() => images.length >= 2, COMPILED_MS)).toBe(true)
    expect(images[1]!.names).toBe(2)
    expect(keeper.states.get('list0')!.report).toMatchObject({ fromLastGood: true })
    expect(keeper.states.get('list0')!.failures).toMatchObject({ unreadable: 1, form: 0 })
    const before = keeper.states.get('list0')!.lastSuccessAt
    expect(before).not.toBeNull()
    renameSync(folder.write('new.txt', list('c.example')), folder.file('list0.txt'))
    expect(await until(() => images.length >= 3, COMPILED_MS)).toBe(true)
    expect(images[2]!.names).toBe(1)
    expect(keeper.states.get('list0')!.report).toMatchObject({ fromLastGood: false, failure: null })
  })

  test('what failed in the last run is no failure of this one: its state is known, and counted when it fails again', async () => {
    folder.write('list0.txt', list('a.example'))
    const first = await startedOf([{}])
    rmSync(folder.file('list0.txt'))
    expect(await until(() => first.states.get('list0')!.failures.unreadable >= 1, COMPILED_MS)).toBe(true)
    const { report } = first.states.get('list0')!
    first.close()
    images = []
    const saved = { image: new FilterBuilder(SEED).finish(0), reports: [report!], seed: SEED, savedAt: 1000 }
    await keeperOf([{}], NOTHING_OF_YOUR_OWN, saved).start()
    if (images.length === 1 && images[0]!.generation === 0)
      expect(keeper.states.get('list0')).toMatchObject({ lastAttemptAt: 1000, failures: { unreadable: 0 } })
    expect(await until(() => images.at(-1)!.generation >= 1, COMPILED_MS)).toBe(true)
    expect(keeper.states.get('list0')).toMatchObject({
      report: { fromLastGood: true },
      lastSuccessAt: null,
      failures: { unreadable: 1 },
    })
  })

  test('one bad feed costs the others nothing', async () => {
    folder.write('list0.txt', '<html></html>\n')
    folder.write('list1.txt', list('c.example'))
    await keeperOf([{}, {}]).start()
    expect(images).toEqual([{ generation: 1, names: 1 }])
    expect(keeper.notInForce()).toBe('not in force: list0')
    expect(problems).toEqual([])
  })

  test('entries go when they expire, each at its time, without anybody asking', async () => {
    const second = Math.floor(Date.now() / 1000)
    now = runningFrom(second)
    const at = (offset: number) => new Date((second + offset) * 1000).toISOString()
    folder.write(
      'list0.txt',
      ndjson({ host: 'a.example', expires: at(2) }, { host: 'b.example', expires: at(6) }, { host: 'c.example' }),
    )
    await keeperOf([{}]).start()
    expect(images[0]!.names).toBe(3)
    expect(await until(() => images.some(({ names }) => names === 2), COMPILED_MS)).toBe(true)
    expect(now()).toBeGreaterThanOrEqual((second + 2) * 1000)
    expect(await until(() => images.at(-1)!.names === 1, COMPILED_MS)).toBe(true)
    expect(now()).toBeGreaterThanOrEqual((second + 6) * 1000)
    expect(images.length).toBeLessThanOrEqual(5)
  })

  test('the guard holds again when its exception ends, without anybody asking', async () => {
    const second = Math.floor(Date.now() / 1000)
    now = runningFrom(second)
    const end = second + 2
    const one = { name: 'bank.example', by: 'A. Person', reason: 'sample', until: end }
    folder.write('list0.txt', list('bank.example', 'b.example'))
    await keeperOf([{}], { ...NOTHING_OF_YOUR_OWN, protected: ['bank.example'], exceptions: [one] }).start()
    expect(images[0]!.names).toBe(2)
    expect(await until(() => images.at(-1)!.names === 1, COMPILED_MS)).toBe(true)
    expect(now()).toBeGreaterThanOrEqual(end * 1000)
    expect(keeper.states.get('list0')!.report).toMatchObject({
      quarantined: { protected: 1 },
      warnings: [expect.stringMatching(/bank\.example by A\. Person ended/)],
    })
  })

  test('an expiry beyond the longest timer is not taken for one that is due', async () => {
    folder.write('list0.txt', ndjson({ host: 'a.example', expires: '2090-01-01' }))
    await keeperOf([{}]).start()
    await delay(1300)
    expect(images).toHaveLength(1)
  })

  test('closed, it hands over nothing more', async () => {
    folder.write('list0.txt', list('a.example'))
    await keeperOf([{}]).start()
    const refreshing = keeper.refresh()
    keeper.close()
    await refreshing
    folder.write('list0.txt', list('b.example'))
    await delay(SETTLED_MS)
    expect(images).toHaveLength(1)
  })
})
