/** The block of counters: every counter has a place of its own, and none lies outside. */
import { describe, expect, test } from 'vitest'
import {
  allocateCounters,
  COUNTED_RCODES,
  COUNTED_TYPES,
  LATENCY_BOUNDS_MS,
  layOutCounters,
  OUTCOMES,
  SCALARS,
  SOURCES,
  TRANSPORTS,
} from '../../src/images/counters.ts'

describe.each([
  { categories: [], upstreams: 0 },
  { categories: ['one'], upstreams: 1 },
  { categories: Array.from({ length: 70 }, (_, i) => `c${i}`), upstreams: 9 },
])('the layout for %o', shape => {
  const layout = layOutCounters(shape)
  const tables: readonly (readonly [start: number, size: number])[] = [
    ...Object.values(layout.scalar).map(at => [at, 1] as const),
    [layout.queries, TRANSPORTS.length * COUNTED_TYPES.length],
    [layout.answers, SOURCES.length * COUNTED_RCODES.length],
    [layout.blocks, 3 * shape.categories.length],
    [layout.upstream, OUTCOMES.length * shape.upstreams],
    [layout.upstreamSeconds, shape.upstreams],
    [layout.latency, SOURCES.length * (LATENCY_BOUNDS_MS.length + 1)],
    [layout.latencySeconds, SOURCES.length],
  ]

  test('gives every counter one place and leaves none over', () => {
    const uses = new Uint8Array(layout.length)
    for (const [start, size] of tables) for (let at = start; at < start + size; at++) uses[at]!++
    expect(tables.reduce((sum, [, size]) => sum + size, 0)).toBe(layout.length)
    expect([...uses].every(own => own === 1)).toBe(true)
  })

  test('is allocated zeroed and shared', () => {
    const block = allocateCounters(layout)
    expect(block.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect(block).toHaveLength(layout.length)
    expect(block.every(own => own === 0)).toBe(true)
  })
})

test('no scalar and no type is listed twice', () => {
  expect(new Set(SCALARS).size).toBe(SCALARS.length)
  expect(new Set(COUNTED_TYPES.map(([, number]) => number)).size).toBe(COUNTED_TYPES.length)
  expect([...LATENCY_BOUNDS_MS].sort((a, b) => a - b)).toEqual([...LATENCY_BOUNDS_MS])
})
