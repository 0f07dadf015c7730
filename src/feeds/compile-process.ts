/**
 * The process in which feeds become a filter image: wiring only, started by `compiler.ts`. It lives for one compilation, and all memory that this took is
 * gone with it; and it ends when its parent does.
 */
import { writeFileSync, writeSync } from 'node:fs'
import { returnLargeBlocks } from '../platform/malloc.ts'
import { endWithParent } from '../platform/orphan.ts'
import { type Compiled, compile, newAside, writeDown } from './compilation.ts'
import { type FromCompiler, IMAGE_PIPE, piecesOf, type Start, sumOf } from './handover.ts'

/** oom_score_adj of proc(5): where memory ends, this process goes, and what is in force stays. */
const FIRST_TO_GO = '500'

process.once('message', async (start: Start) => {
  try {
    await run(start)
  } catch (error) {
    await say({ kind: 'failed', problem: (error as Error).message })
  }
  process.disconnect?.()
})

async function run({ orders, parent }: Start): Promise<void> {
  endWithParent(parent)
  // Before anything large is made.
  returnLargeBlocks()
  offerToGo()
  const aside = newAside(orders)
  const compiled = compile(orders, aside)
  await handOver(compiled)
  await say({ kind: 'aftermath', warnings: await writeDown(orders, compiled, aside) })
}

async function handOver({ image, reports, seconds }: Compiled): Promise<void> {
  await say({ kind: 'finished', octets: image.byteLength, sum: sumOf(image), reports, seconds })
  for (const piece of piecesOf(image))
    for (let sent = 0; sent < piece.length; ) sent += writeSync(IMAGE_PIPE, piece, sent, piece.length - sent)
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
