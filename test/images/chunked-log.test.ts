/** The builder's log: records lie whole in chunks of 4 MiB, come back in order, and can be cut off anywhere between two. */
import { describe, expect, test } from 'vitest'
import { FilterBuilder } from '../../src/images/filter/builder.ts'
import { ChunkedLog } from '../../src/images/filter/chunked-log.ts'
import { FilterReader } from '../../src/images/filter/reader.ts'
import { buildPolicies } from '../../src/images/policies.ts'
import { openImages } from '../../src/resolver/assemble.ts'
import { FILTER_SEED, Filtering } from '../support/filtering.ts'
import { seeded } from '../support/octets.ts'
import { addRule, blockRule } from '../support/reference-filter.ts'

const CHUNK = 1 << 22

/** Writes records of these sizes, each full of its number; returns where they are. */
function append(log: ChunkedLog, sizes: readonly number[], first = 0): number[] {
  return sizes.map((octets, i) => {
    const at = log.reserve(octets)
    log.chunkOf(at).bytes.fill((first + i) & 0xff, log.localOf(at), log.localOf(at) + octets)
    return at
  })
}

/** Reads the log through, checking that it holds records of these sizes and numbers. */
function readThrough(log: ChunkedLog, sizes: readonly number[]): void {
  let at = log.first()
  sizes.forEach((octets, i) => {
    expect(at).toBeLessThan(log.end)
    const { bytes } = log.chunkOf(at)
    const local = log.localOf(at)
    expect(local + octets).toBeLessThanOrEqual(CHUNK)
    expect(bytes[local]).toBe(i & 0xff)
    expect(bytes[local + octets - 1]).toBe(i & 0xff)
    at = log.after(at, octets)
  })
  expect(at).toBe(log.end)
}

const quarter = CHUNK / 4
const rows: readonly (readonly [what: string, sizes: readonly number[]])[] = [
  ['nothing', []],
  ['one record', [10]],
  ['records that fill a chunk exactly', [quarter, quarter, quarter, quarter]],
  ['and one more', [quarter, quarter, quarter, quarter, 1]],
  ['a record that would straddle by one octet', [quarter, quarter, quarter, quarter - 1, 2, 3]],
  ['a record as large as a chunk', [1, CHUNK, 1]],
  ['three chunks, each filled exactly', Array.from({ length: 12 }, () => quarter)],
]

describe('a log', () => {
  test.each(rows)('of %s reads back in order', (_, sizes) => {
    const log = new ChunkedLog()
    append(log, sizes)
    readThrough(log, sizes)
  })

  test('of random sizes reads back in order', () => {
    const random = seeded(5)
    const sizes = Array.from({ length: 3000 }, () => 1 + random(10_000))
    const log = new ChunkedLog()
    append(log, sizes)
    readThrough(log, sizes)
  })

  const cuts: readonly (readonly [what: string, kept: readonly number[], cut: readonly number[]])[] = [
    ['within a chunk', [10, 20], [30, 40]],
    ['at the border of a full chunk', [quarter, quarter, quarter, quarter], [10, 20]],
    ['from the next chunk into one that was left early', [quarter * 3], [quarter * 2, 10]],
    ['over several chunks', [7], [CHUNK, CHUNK, CHUNK]],
    ['to nothing', [], [10, CHUNK]],
    ['of nothing', [10, 20], []],
  ]
  test.each(cuts)('cut back %s goes on as if nothing had been', (_, kept, cut) => {
    const log = new ChunkedLog()
    append(log, kept)
    const end = log.end
    append(log, cut, 100)
    log.cutBack(end)
    const more = [5, CHUNK - 4, 6]
    append(log, more, kept.length)
    readThrough(log, [...kept, ...more])
  })

  test('gives back what was read, and says so when asked for it', () => {
    const log = new ChunkedLog()
    const [first, , third] = append(log, [CHUNK, CHUNK, 10])
    log.letGoBefore(third!)
    expect(() => log.chunkOf(first!)).toThrow(RangeError)
    expect(log.chunkOf(third!).bytes[0]).toBe(2)
  })
})

describe('a builder whose log spans several chunks', () => {
  const long = 'x'.repeat(60)
  const nameOf = (i: number) => `n${i}.${long}.${long}.test`
  const COUNT = 80_000 // about 140 octets each: three chunks

  test('loses no name at a border, and chains repeated names across chunks', () => {
    const builder = new FilterBuilder(FILTER_SEED)
    for (let i = 0; i < COUNT; i++) addRule(builder, blockRule(nameOf(i)))
    for (let i = 0; i < COUNT; i += 1000) addRule(builder, blockRule(nameOf(i), { category: 1, caseNumber: `C-${i}` }))
    const image = builder.finish(1)
    expect(new FilterReader(image).names).toBe(COUNT)
    const policies = buildPolicies(
      [
        { categories: [0], allowOnly: [] },
        { categories: [1], allowOnly: [] },
      ],
      [],
      0,
      2,
    )
    const filtering = new Filtering(
      openImages({ filter: image, overlay: new FilterBuilder(0).finish(0), policies, notListedCategory: 2 }),
    )
    for (let i = 0; i < COUNT; i++) {
      const message = Filtering.message([`n${i}`, long, long, 'test'])
      if (filtering.put(message, 0) === null) throw new Error(`${nameOf(i)} was lost`)
      const second = filtering.put(message, 1)
      if ((second?.caseNumber ?? null) !== (i % 1000 === 0 ? `C-${i}` : null))
        throw new Error(`${nameOf(i)}: wrong case`)
    }
  })

  test('can be cut back across chunks', () => {
    const builder = new FilterBuilder(FILTER_SEED)
    for (let i = 0; i < 1000; i++) addRule(builder, blockRule(nameOf(i)))
    const mark = builder.mark()
    for (let i = 0; i < COUNT; i++) addRule(builder, blockRule(`cut.${nameOf(i)}`))
    builder.cutBack(mark)
    for (let i = 1000; i < 2000; i++) addRule(builder, blockRule(nameOf(i)))
    const image = builder.finish(1)
    const filtering = new Filtering(
      openImages({
        filter: image,
        overlay: new FilterBuilder(0).finish(0),
        policies: buildPolicies([{ categories: [0], allowOnly: [] }], [], 0, 1),
        notListedCategory: 1,
      }),
    )
    expect(new FilterReader(image).names).toBe(2000)
    for (let i = 0; i < 2000; i++) expect(filtering.ask([`n${i}`, long, long, 'test']), String(i)).not.toBeNull()
  })
})
