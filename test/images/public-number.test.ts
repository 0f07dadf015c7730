/** Numbers of blocks without a case: the same for ever, since people read them over the telephone and they stand in letters. */
import { describe, expect, test } from 'vitest'
import { PUBLIC_NUMBER_OCTETS, publicNumber, writePublicNumber } from '../../src/images/filter/public-number.ts'
import { join, wireName } from '../support/octets.ts'

describe('a public number', () => {
  // Golden: a change here changes what every resolver says of every name.
  test.each([
    ['bad.test', 'Q-9MP9-YCSV-M4CP'],
    ['casino.example', 'Q-XVY7-FTAY-NANM'],
    ['xn--e1afmkfd.example', 'Q-Z6C5-0V85-6E5Z'],
    ['a', 'Q-4RSZ-9NKZ-0VRP'],
  ])('of %s stays %s', (name, number) => expect(publicNumber(wireName(name))).toBe(number))

  test('is Q and three groups of four letters that cannot be mistaken', () => {
    for (let i = 0; i < 1000; i++) {
      expect(publicNumber(wireName(`n${i}.test`))).toMatch(/^Q(-[0-9A-HJKMNP-TV-Z]{4}){3}$/)
    }
  })

  test('depends on the name alone, not on where it stands', () => {
    const memory = join(new Uint8Array(5).fill(3), wireName('bad.test'), [1, 2, 3])
    expect(publicNumber(memory, 5)).toBe(publicNumber(wireName('bad.test')))
    const out = new Uint8Array(PUBLIC_NUMBER_OCTETS + 4).fill(7)
    writePublicNumber(memory, 5, out, 2)
    expect(Buffer.from(out.subarray(2, -2)).toString('latin1')).toBe(publicNumber(wireName('bad.test')))
    expect([...out.subarray(0, 2), ...out.subarray(-2)]).toEqual([7, 7, 7, 7])
  })

  test('is of one name only, among 200,000', () => {
    const numbers = new Set<string>()
    for (let i = 0; i < 100_000; i++) {
      numbers.add(publicNumber(wireName(`n${i}.test`)))
      numbers.add(publicNumber(wireName(`www.${i.toString(36)}.example`)))
    }
    expect(numbers.size).toBe(200_000)
  })
})
