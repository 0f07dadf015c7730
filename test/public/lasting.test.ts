/** What costs much to tell is made once for many visitors, also where it cannot be made. */
import { expect, test } from 'vitest'
import { lasting } from '../../src/public/service.ts'

test('what was made lasts for some seconds, and so does the failure to make it', () => {
  let now = 100
  let isBroken = true
  let made = 0
  const get = lasting(
    () => {
      made++
      if (isBroken) throw new Error('a file cannot be read')
      return made
    },
    () => now,
  )
  for (let visit = 0; visit < 3; visit++) expect(get).toThrow(/a file cannot be read/)
  expect(made).toBe(1)
  isBroken = false
  now += 4
  expect(get).toThrow(/a file cannot be read/)
  now += 2
  expect([get(), get()]).toEqual([2, 2])
  isBroken = true
  now += 4
  expect(get()).toBe(2)
  // A clock that goes back keeps nothing for ever.
  now -= 60
  expect(get).toThrow(/a file cannot be read/)
  expect(made).toBe(3)
})
