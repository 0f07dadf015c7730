/** The compiling process seen from who asked: what its image must be, and what each of its ends means. */
import { execFileSync } from 'node:child_process'
import { symlinkSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Compiler } from '../../src/feeds/compiler.ts'
import { Arrival, piecesOf, sumOf } from '../../src/feeds/handover.ts'
import { FilterBuilder } from '../../src/images/filter/builder.ts'
import { Folder } from '../cli/program.ts'
import { listOf, ordersIn } from '../support/refreshes.ts'

const path = (name: string) => fileURLToPath(new URL(`../support/compilers/${name}`, import.meta.url))

/** Those that Node has open itself are about twenty. */
const FEW_DESCRIPTORS = 64

let folder: Folder
let compiler: Compiler
beforeEach(() => {
  folder = new Folder()
})
afterEach(async () => {
  compiler?.close()
  delete process.env.QALQAN_TEST_COMPILER
  await folder.remove()
})

/** Resolves with the message that a compilation by a process that goes wrong is rejected with. */
async function rejectionOf(how: string): Promise<string> {
  process.env.QALQAN_TEST_COMPILER = how
  compiler = new Compiler(path('compiler.ts'))
  try {
    await compiler.compile(ordersIn(folder.path, 1), () => {})
    return 'none'
  } catch (error) {
    return (error as Error).message
  }
}

describe('an image that is not what was announced is never taken', () => {
  test.each([
    ['one-bit-off', 'no image came of a compilation: its checksum is wrong'],
    ['as-announced', 'no image came of a compilation: it is no filter image of this version'],
    ['too-small', 'no image came of a compilation: it is no filter image'],
    ['killed-half-way', 'no image came of a compilation: the compiling process ended by SIGKILL'],
    ['ends-half-way', 'no image came of a compilation: it is not whole'],
    ['ends-early', 'the compiling process ended with code 3'],
    ['says-nothing', 'the compiling process ended without an image'],
    ['throws', 'too much of it'],
  ])('%s', async (how, message) => {
    expect(await rejectionOf(how)).toBe(message)
  })

  test('octets beyond its length, or fewer, are noticed', () => {
    const image = new FilterBuilder(5).finish(1)
    const whole = [...piecesOf(image)].map(piece => piece.slice())
    const arrival = new Arrival(image.byteLength, sumOf(image))
    for (const piece of whole) arrival.take(piece)
    expect(new Uint8Array(arrival.finish())).toEqual(new Uint8Array(image))
    expect(() => arrival.take(new Uint8Array(1))).toThrow('it is longer than it should be')
    expect(() => new Arrival(image.byteLength, sumOf(image)).finish()).toThrow('it is not whole')
  })
})

describe('a list that is compiled in a process of its own', () => {
  const compileOnce = (...flags: readonly string[]) =>
    JSON.parse(
      execFileSync(process.execPath, [...flags, path('compile-once.ts'), folder.path], {
        encoding: 'utf8',
        env: { ...process.env, NODE_OPTIONS: '' },
      }),
    ) as unknown
  const whole = { names: 3000, blocked: 3000, isWrittenDown: true, problems: [] }

  test('arrives whole, and is written down', () => {
    folder.write('list.txt', listOf(1))
    expect(compileOnce()).toEqual({ ...whole, hasKoffi: process.platform === 'linux' })
  })

  test('the same without koffi', () => {
    folder.write('list.txt', listOf(1))
    expect(compileOnce('--require', path('without-koffi.cjs'))).toEqual({ ...whole, hasKoffi: false })
  })

  test.skipIf(process.platform !== 'linux')(
    'is an error where too few descriptors are left, and nothing ends by it',
    () => {
      folder.write('list.txt', listOf(1))
      const command = `ulimit -n ${FEW_DESCRIPTORS}; exec "$0" "$@"`
      const args = ['-c', command, process.execPath, path('few-descriptors.ts'), folder.path]
      const output = execFileSync('sh', args, { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } })
      const outcomes = JSON.parse(output) as string[]
      expect(outcomes[0]).toMatch(/^the compiling process failed: .* EMFILE$/)
      expect(outcomes.at(-1)).toBe('3000 names')
      expect(outcomes.filter(own => own !== '3000 names' && !/EMFILE$/.test(own))).toEqual([])
    },
  )

  test('of which one cannot be looked at is compiled without it, and leaves no process behind', async () => {
    symlinkSync('list.txt', folder.file('list.txt'))
    compiler = new Compiler()
    const { compiled, ended } = await compiler.compile(ordersIn(folder.path, 1), () => {})
    await ended
    expect(compiled.reports[0]).toMatchObject({ cause: 'unreadable', failure: expect.stringMatching(/circle/) })
  })

  test('is in force when it cannot be written down, and that is said', async () => {
    folder.write('list.txt', listOf(1))
    // A file where the folder should be: as good as a full disk.
    writeFileSync(folder.file('data'), '')
    const problems: string[] = []
    compiler = new Compiler()
    const { compiled, ended } = await compiler.compile(ordersIn(folder.path, 1), problem => problems.push(problem))
    await ended
    expect(compiled.reports[0]).toMatchObject({ blocked: 3000, failure: null })
    expect(problems).toEqual(expect.arrayContaining([expect.stringMatching(/^the filter image is not kept: /)]))
  })

  test('one compilation after another, each with its own image', async () => {
    compiler = new Compiler()
    for (const round of [1, 2, 3]) {
      folder.write('list.txt', listOf(round))
      const { compiled, ended } = await compiler.compile(
        { ...ordersIn(folder.path, round), generation: round },
        () => {},
      )
      await ended
      expect(compiled.reports[0]).toMatchObject({ blocked: 3000, failure: null })
    }
  })
})
