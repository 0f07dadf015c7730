/** A refresh that is killed at any moment loses nothing; `test/real` does it some hundreds of times. */
import { expect, test } from 'vitest'
import { killRefreshes } from '../support/refreshes.ts'

test('a dozen deaths leave every file whole', async () => {
  expect(await killRefreshes(12)).toEqual([])
}, 60_000)
