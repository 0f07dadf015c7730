/** Processor time as the kernel tells it. */
import { expect, test } from 'vitest'
import { processorMs } from '../../src/platform/processor-time.ts'

test.skipIf(process.platform !== 'linux')('is what this process itself knows of its own', () => {
  const endMs = performance.now() + 100
  while (performance.now() < endMs);
  const ownMs = () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  }
  const least = ownMs()
  const told = processorMs(process.pid)!
  // Both of its parts are rounded down to hundredths of a second.
  expect(told).toBeGreaterThan(least - 30)
  expect(told).toBeLessThan(ownMs() + 30)
})

test('nobody knows it of what is not there', () => {
  expect(processorMs(2147483646)).toBeNull()
})
