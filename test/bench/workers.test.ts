/** Two workers beside one, at a small size: that threads start, answer, stop, and are counted. What it measures then says nothing. */
import { expect, test } from 'vitest'
import { scaleWorkers, scalingText } from '../../bench/workers.ts'

test('one thread and two of them answer, and all of them end', async () => {
  const { one, two, ratio } = await scaleWorkers({ listed: 500, cached: 64, questions: 512, rounds: 2, ms: 60 })
  for (const rates of [one, two]) {
    expect(rates).toHaveLength(2)
    for (const rate of rates) expect(rate).toBeGreaterThan(1000)
  }
  expect(ratio).toBeGreaterThan(0)
})

test('what they answer is told with the goal, met or not', () => {
  const text = scalingText({ one: [1e6, 2e6, 3e6], two: [2e6, 3.9e6, 6e6], ratio: 1.95 })
  expect(text).toContain('One thread answers 2,000,000 blocked queries a second')
  expect(text).toContain('two answer 3,900,000')
  expect(text).toContain('Two over one: 1.95, goal ≥ 1.8: met.')
  expect(scalingText({ one: [1], two: [1.5], ratio: 1.5 })).toContain('**not met**')
})
