/** A refresh that is killed at any moment, often enough to meet every moment. */
import { expect, test } from 'vitest'
import { killRefreshes } from '../support/refreshes.ts'

test('three hundred deaths leave every file whole', async () => {
  expect(await killRefreshes(300)).toEqual([])
}, 600_000)
