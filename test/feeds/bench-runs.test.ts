import { expect, test } from 'vitest'
import { run } from '../../bench/feed-readers.ts'

test('the bench of the readers runs, and its checksum is that of its names', () => {
  const lines: string[] = []
  expect(run(1000, line => lines.push(line))).toBe(run(1000, () => {}))
  expect(lines.at(-1)).toMatch(/^checksum [0-9a-f]+$/)
  expect(lines).toHaveLength(9)
})
