/** Compiles the list of a folder in a process of its own, as the keeper does, and prints what came of it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Compiler } from '../../../src/feeds/compiler.ts'
import { FilterReader } from '../../../src/images/filter/reader.ts'
import { libcFunction } from '../../../src/platform/libc.ts'
import { ordersIn } from '../refreshes.ts'

const folder = process.argv[2]!
const problems: string[] = []
const compiler = new Compiler()
const { compiled, ended } = await compiler.compile(ordersIn(folder, 1), problem => problems.push(problem))
await ended
const { names } = new FilterReader(compiled.image)
const isWrittenDown = existsSync(join(folder, 'data', 'image', 'filter.image'))
const hasKoffi = libcFunction('int getpid(void)') !== null
process.stdout.write(
  JSON.stringify({ names, blocked: compiled.reports[0]?.blocked, isWrittenDown, hasKoffi, problems }),
)
compiler.close()
