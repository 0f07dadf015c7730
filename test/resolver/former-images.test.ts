/** What a swap leaves behind: nothing. An image that something still points to is hundreds of megabytes that never come back. */
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { collector } from '../../src/platform/collect.ts'
import { images } from '../support/images.ts'
import { TestPlane } from '../support/plane.ts'

const RULES = [{ name: 'flagged.example', category: 'a' }]
const POLICIES = [{ categories: ['a'] }]

test('the images of the start are let go of when others take their place', async () => {
  const collect = collector().all
  const own = new TestPlane({ rules: RULES, policies: POLICIES })
  const { plane } = own.assembled
  const former = new WeakRef(plane.images)
  const formerFilter = new WeakRef(plane.images.filter)
  const { categories: _, ...next } = images(RULES, POLICIES)
  plane.images = next
  // A reference that was just read lives until the end of the turn.
  await wait(10)
  collect()
  expect([former.deref(), formerFilter.deref()]).toEqual([undefined, undefined])
  expect(plane.images.filter.names).toBe(1)
})
