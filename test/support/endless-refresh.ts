/**
 * A process that refreshes for ever, to be killed at any moment: each round a new version of a list takes the place of the former, is compiled,
 * and is written down as the server does. Says `round` when a round begins.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileAndRecord } from './compile-and-record.ts'
import { listOf, ordersIn } from './refreshes.ts'

const folder = process.argv[2]!
for (let round = Number(process.argv[3]); ; round++) {
  process.stdout.write('round\n')
  writeFileSync(join(folder, 'list.new'), listOf(round))
  renameSync(join(folder, 'list.new'), join(folder, 'list.txt'))
  const orders = ordersIn(folder, round)
  const problems = compileAndRecord(orders)
  if (problems.length > 0) throw new Error(problems.join('; '))
}
