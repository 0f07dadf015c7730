/** Threads that go last, seen with the system's own eyes. In a process of their own, whose helpers are nobody else's. */
import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'

const MODULE = new URL('../../src/platform/yielding.ts', import.meta.url).href
const isLinux = process.platform === 'linux'

/** Runs statements that have the module as `own`, and `policies()`: the scheduling policy of each thread by name (proc(5), field 41). */
function run(statements: string, ...flags: readonly string[]): unknown {
  const program = `
    import { readdirSync, readFileSync } from 'node:fs'
    import * as own from '${MODULE}'
    const read = (task, file) => readFileSync('/proc/self/task/' + task + '/' + file, 'utf8')
    const stat = task => read(task, 'stat').replace(/^.*\\) /s, '').split(' ')
    const policies = () => readdirSync('/proc/self/task').map(task => [read(task, 'comm').trim(), Number(stat(task)[38])])
    const nice = task => Number(stat(task)[16])
    ${statements}`
  const output = execFileSync(process.execPath, [...flags, '--input-type=module', '-e', program], { encoding: 'utf8' })
  return JSON.parse(output)
}

describe.skipIf(!isLinux)('on Linux', () => {
  test('V8’s helpers go last, and no other thread does; but not where they take part in collections', () => {
    const program = 'own.helpersGoLast(); console.log(JSON.stringify(policies()))'
    const found = run(program, '--single-threaded-gc') as [string, number][]
    const helpers = found.filter(([name]) => name.startsWith('node-V8Worker'))
    expect(helpers.length).toBeGreaterThan(0)
    expect(found.filter(([, policy]) => policy === 5)).toEqual(helpers)
    expect((run(program) as [string, number][]).filter(([, policy]) => policy === 5)).toEqual([])
  })

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
