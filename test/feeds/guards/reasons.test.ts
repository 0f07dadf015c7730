/** The names that guards know: none is missed, the first reason stays, and asking about others leaves nothing in memory. */
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { Reasons } from '../../../src/feeds/guards/reasons.ts'

const GUARDS = new URL('../../../src/feeds/guards/never-block.ts', import.meta.url).href

test('each name has the reason that it was given first, and no other name has one', () => {
  const reasons = new Reasons()
  const name = (i: number) => `n${i}.example`
  // Enough to grow eight times.
  for (let i = 0; i < 20_000; i++) reasons.add(name(i), i % 2 === 0 ? 'protected' : 'top-list')
  for (let i = 0; i < 20_000; i++) reasons.add(name(i), 'root')
  for (let i = 0; i < 20_000; i++) expect(reasons.get(name(i))).toBe(i % 2 === 0 ? 'protected' : 'top-list')
  for (let i = 20_000; i < 60_000; i++) expect(reasons.get(name(i))).toBeUndefined()
  for (const other of ['', 'example', 'n1.exampl', 'n1.examplee', 'N1.example'])
    expect(reasons.get(other)).toBeUndefined()
})

/** MiB that the old space has grown by while names that are not guarded were judged. In a process of its own. */
function grownBy(names: number): number {
  const program = `
    import { getHeapSpaceStatistics } from 'node:v8'
    import { NeverBlock, NOTHING_OF_YOUR_OWN } from '${GUARDS}'
    const never = new NeverBlock(NOTHING_OF_YOUR_OWN, 0)
    const oldSpace = () => getHeapSpaceStatistics().find(own => own.space_name === 'old_space').space_used_size / 2 ** 20
    const judge = (from, to) => {
      const wire = Buffer.from('\\x0cn00000000000\\x07example\\x00', 'latin1')
      for (let i = from; i < to; i++) {
        wire.write(String(i).padStart(11, '0'), 2, 'latin1')
        if (never.verdict(wire, 0) !== null) throw new Error('it is guarded')
      }
    }
    judge(0, 50_000)
    const before = oldSpace()
    judge(50_000, 50_000 + ${names})
    console.log(oldSpace() - before)`
  const args = ['--max-semi-space-size=1', '--input-type=module', '-e', program]
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }))
}

test('names that are not guarded leave no lasting strings behind', () => {
  // As keys of a Map they take 8 MiB.
  expect(grownBy(200_000)).toBeLessThan(3)
})
