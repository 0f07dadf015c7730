/** The bench of reloads at a small size, against the real program: that it runs, and counts what it says it counts. What it measures then says nothing. */
import { expect, test } from 'vitest'
import { measureReloads } from '../../bench/reload.ts'

test('lists are reloaded while questions are asked, and every answer is timed', async () => {
  const size = {
    listed: 5000,
    questions: 1000,
    rounds: 1,
    seconds: 3,
    versionsASecond: 2,
    capacitySeconds: 1,
    loads: ['light load'] as const,
  }
  const [calm, reloading] = await measureReloads(size, () => {})
  expect(calm).toMatchObject({ load: 'light load', reloading: false, reloads: 0, asked: 6000, lost: 0 })
  expect(reloading).toMatchObject({ load: 'light load', reloading: true, asked: 6000, lost: 0 })
  expect(reloading!.reloads).toBeGreaterThan(0)
  expect(reloading!.p99Ms).toBeGreaterThan(0)
}, 120_000)
