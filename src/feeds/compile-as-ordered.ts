/** What a compiling process does, in order: takes its orders, compiles, hands the image over, and writes down what came into force. */
import { writeFileSync } from 'node:fs'
import { thoroughCollector } from '../platform/collect.ts'
import { returnLargeBlocks } from '../platform/malloc.ts'
import { endWithParent } from '../platform/orphan.ts'
import { writeWhole } from '../platform/write-whole.ts'
import { type Compiled, compile, newAside, writeDown } from './compilation.ts'
import { type FromCompiler, IMAGE_PIPE, piecesOf, type Start, sumOf } from './handover.ts'

/** oom_score_adj of proc(5): where memory ends, this process goes, and what is in force stays. */
const FIRST_TO_GO = '500'

/** Never rejects: what goes wrong is said to the parent. */
export async function compileAsOrdered(start: Start): Promise<void> {
  try {
    await run(start)
    // The end of a process gives its memory back in one call of the kernel, which lets nobody go first; this does most of it in many.
    thoroughCollector()()
  } catch (error) {
    await say({ kind: 'failed', problem: (error as Error).message })
  }
  process.disconnect?.()
}

async function run({ orders, parent }: Start): Promise<void> {
  endWithParent(parent)
  // Before anything large is made.
  returnLargeBlocks()
  offerToGo()
  const aside = newAside(orders)
  const compiled = compile(orders, aside)
  await handOver(compiled)
  await say({ kind: 'aftermath', warnings: writeDown(orders, compiled, aside) })
}

async function handOver({ image, reports, seconds }: Compiled): Promise<void> {
  await say({ kind: 'finished', octets: image.byteLength, sum: sumOf(image), reports, seconds })
  for (const piece of piecesOf(image)) writeWhole(IMAGE_PIPE, piece)
}

/** Resolves when it is on its way: what runs next may run for seconds. */
function say(message: FromCompiler): Promise<void> {
  return new Promise(resolve => {
    process.send!(message, () => resolve())
  })
}

function offerToGo(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', FIRST_TO_GO)
  } catch {
    // Not Linux: there is nobody to offer it to.
  }
}
