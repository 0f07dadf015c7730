import { expect, test } from 'vitest'
import { whatIsMissing } from './programs.ts'

// Fails rather than skips: a run that tested nothing against real programs must not look like one that did.
test('the real programs are installed', () => {
  expect(whatIsMissing()).toBeNull()
})
