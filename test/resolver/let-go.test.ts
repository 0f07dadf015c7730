/** How much a worker lets go of when other images take the place of its own. */
import { expect, test } from 'vitest'
import { FilterBuilder } from '../../src/images/filter/builder.ts'
import { buildPolicies } from '../../src/images/policies.ts'
import { octetsLetGo, openImages } from '../../src/resolver/assemble.ts'
import { addRule, blockRule } from '../support/reference-filter.ts'

function imageOf(names: number, generation: number): SharedArrayBuffer {
  const builder = new FilterBuilder(0)
  for (let i = 0; i < names; i++) addRule(builder, blockRule(`n${i}.test`))
  return builder.finish(generation)
}

const policies = buildPolicies([{ categories: [0], allowOnly: [] }], [], 0, 1)
const imagesOf = (filter: SharedArrayBuffer, overlay: SharedArrayBuffer) =>
  openImages({ filter, overlay, policies, notListedCategory: 1 })

const filter = imageOf(3000, 1)
const overlay = imageOf(300, 2)

test('with another filter, of the former filter', () => {
  const former = imagesOf(filter, overlay)
  expect(octetsLetGo(former, imagesOf(imageOf(10, 3), overlay))).toBe(filter.byteLength)
})

test('with the same filter, of the former overlay', () => {
  const former = imagesOf(filter, overlay)
  expect(octetsLetGo(former, imagesOf(filter, imageOf(10, 4)))).toBe(overlay.byteLength)
})
