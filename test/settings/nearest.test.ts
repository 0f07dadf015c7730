import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { editDistance, hint, nearest } from '../../src/settings/nearest.ts'

const KEYS = ['listen', 'workers', 'upstream', 'upstreams', 'ttl_min', 'ttl_max', 'feeds', 'data', 'page']

describe('the nearest word', () => {
  test.each([
    ['a letter missing', 'lisen', 'listen'],
    ['a letter too many', 'listenn', 'listen'],
    ['a letter wrong', 'listan', 'listen'],
    ['two neighbours swapped', 'lsiten', 'listen'],
    ['a hyphen for an underscore', 'ttl-min', 'ttl_min'],
    ['capitals', 'Workers', 'workers'],
    ['camel case', 'ttlMax', 'ttl_max'],
    ['a swap in a short word', 'feesd', 'feeds'],
    ['of two near ones the nearer', 'upstrems', 'upstreams'],
    ['nothing alike', 'colour', null],
    ['a short word too different', 'pipe', null],
    ['an empty word', '', null],
    ['a word longer than any', 'listen'.repeat(20), null],
  ])('%s: %s', (_, written, meant) => expect(nearest(written, KEYS)).toBe(meant))
})

test('a hint offers the choice where no word is near', () => {
  expect(hint('colour', ['page', 'zero'])).toBe(': expected one of page, zero')
  expect(hint('colour', [], 'there are')).toBe('')
  const many = Array.from({ length: 20 }, (_, i) => `long-word-${i}`)
  expect(hint('colour', many, 'there are')).toMatch(/^: there are long-word-0, .*long-word-15, …$/)
})

test('editDistance counts what the definition counts', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 })
  fc.assert(fc.property(word, word, (a, b) => editDistance(a, b) === byDefinition(a, b)))
})

/** The definition itself, exponential in the length. */
function byDefinition(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length
  const swapped = a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1)
  return Math.min(
    byDefinition(a.slice(0, -1), b) + 1,
    byDefinition(a, b.slice(0, -1)) + 1,
    byDefinition(a.slice(0, -1), b.slice(0, -1)) + (a.at(-1) === b.at(-1) ? 0 : 1),
    swapped ? byDefinition(a.slice(0, -2), b.slice(0, -2)) + 1 : Number.POSITIVE_INFINITY,
  )
}
