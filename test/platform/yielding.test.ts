/** Threads that go last, seen with the system's own eyes. In a process of their own. */
import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'

const MODULE = new URL('../../src/platform/yielding.ts', import.meta.url).href
const isLinux = process.platform === 'linux'

/** Runs statements that have the module as `own`, and `stat(thread)`: what proc(5) says of a thread from its third field on. */
function run(statements: string): unknown {
  const program = `
    import { readFileSync } from 'node:fs'
    import * as own from '${MODULE}'
    const read = (task, file) => readFileSync('/proc/self/task/' + task + '/' + file, 'utf8')
    const stat = task => read(task, 'stat').replace(/^.*\\) /s, '').split(' ')
    const nice = task => Number(stat(task)[16])
    ${statements}`
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  return JSON.parse(output)
}

describe.skipIf(!isLinux)('on Linux', () => {
  test('a thread that goes last has a low priority too, and keeps that when it goes on', () => {
    const own = 'const me = own.ownThread(); own.goLast(me); const last = [Number(stat(me)[38]), nice(me)]'
    expect(run(`${own}; console.log(JSON.stringify(last))`)).toEqual([5, 19])
    const mayComeBack = process.getuid?.() === 0
    if (mayComeBack)
      expect(run(`${own}; own.goOn(me); console.log(JSON.stringify([Number(stat(me)[38]), nice(me)]))`)).toEqual([
        0, 19,
      ])
  })

  test('what cannot be done is left undone', () => {
    expect(run('own.goLast(2147483646); own.goOn(2147483646); console.log(1)')).toBe(1)
  })
})
