/** A little of each target in every test run, from a seed that is said; `npm run fuzz` does the rest. The seeds are tried as they are. */
import { describe, expect, test } from 'vitest'
import { Random } from './random.ts'
import { seedsOf } from './seeds.ts'
import { faultIn } from './strict.ts'
import { TARGETS, targetOf } from './targets.ts'

const EXECUTIONS = 20_000
const SEED = Date.now() % 2 ** 31

describe.each(TARGETS)('%s', name => {
  test(`holds for ${EXECUTIONS} changed seeds (seed ${SEED})`, () => {
    const target = targetOf(name, new Random(SEED))
    for (let i = 0; i < EXECUTIONS; i++) {
      try {
        target.run()
      } catch (error) {
        throw new Error(`seed ${SEED}: ${(error as Error).message}: ${Buffer.from(target.octets()).toString('hex')}`)
      }
    }
  })

  test('has seeds', () => expect(seedsOf(name).length).toBeGreaterThan(0))
})

describe('the judge', () => {
  test('passes a sound message', () => {
    expect(
      faultIn(Buffer.from('12348180000100010000000004746573740000010001c00c00010001000000050004c0000201', 'hex')),
    ).toBeNull()
  })
  test.each([
    ['a record past the end', '12348180000100010000000004746573740000010001c00c00010001000000050004c00002'],
    ['octets behind the last record', '12348180000100010000000004746573740000010001c00c00010001000000050004c000020100'],
    [
      'a pointer that does not lead back',
      '12348180000100010000000004746573740000010001c01600010001000000050004c0000201',
    ],
    ['an A that is none', '12348180000100010000000004746573740000010001c00c00010001000000050003c00002'],
    ['a name past the end', '1234818000010002000000000474657374000001'],
  ])('finds %s', (fault, octets) => expect(faultIn(Buffer.from(octets, 'hex'))).toBe(fault))
})
