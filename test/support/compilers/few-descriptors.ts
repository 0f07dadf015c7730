/**
 * Compiles with so few descriptors left that it cannot begin, or not go on, and then with enough. Prints what each compilation was rejected with, or the number
 * of names.
 */
import { closeSync, openSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { Compiler } from '../../../src/feeds/compiler.ts'
import { FilterReader } from '../../../src/images/filter/reader.ts'
import { ordersIn } from '../refreshes.ts'

/** A pipe, a process and its channel take fewer. */
const LEFT_MOST = 12

const folder = process.argv[2]!
const compiler = new Compiler()
const outcomes: string[] = []
for (let left = 0; left <= LEFT_MOST; left++) {
  const taken = takeAllBut(left)
  outcomes.push(await outcome())
  for (const descriptor of taken) closeSync(descriptor)
  // What nobody heard of ends the process in a turn of its own.
  await turn()
}
outcomes.push(await outcome())
compiler.close()
process.stdout.write(JSON.stringify(outcomes))

function takeAllBut(left: number): readonly number[] {
  const taken: number[] = []
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'))
  } catch {
    for (const descriptor of taken.splice(0, left)) closeSync(descriptor)
    return taken
  }
}

async function outcome(): Promise<string> {
  try {
    const { compiled, ended } = await compiler.compile(ordersIn(folder, 1), () => {})
    await ended
    return `${new FilterReader(compiled.image).names} names`
  } catch (error) {
    return (error as Error).message
  }
}
