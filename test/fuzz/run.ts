/**
 * `npm run fuzz [-- --executions N] [--seed N] [--target NAME]`: runs the targets by turns until so many executions are done. The first thing
 * that does not hold ends it, with the octets that did it: put them into seeds/<target>.txt.
 */
import { parseArgs } from 'node:util'
import { Random } from './random.ts'
import { TARGETS, type TargetName, targetOf } from './targets.ts'

const ROUND = 100_000

const { values } = parseArgs({
  options: {
    executions: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    target: { type: 'string' },
  },
})
const wanted = Number(values.executions)
const seed = Number(values.seed)
if (!(wanted > 0) || !Number.isInteger(seed)) throw new TypeError('--executions and --seed are whole numbers')
const names = values.target === undefined ? TARGETS : TARGETS.filter(name => name === values.target)
if (names.length === 0) throw new TypeError(`--target is one of ${TARGETS.join(', ')}`)

console.log(`seed ${seed}`)
const targets = names.map((name, i) => ({ name, target: targetOf(name, new Random(seed + i)), executions: 0 }))
const startedMs = performance.now()
let done = 0
for (let turn = 0; done < wanted; turn++) {
  const own = targets[turn % targets.length]!
  const count = Math.min(ROUND, wanted - done)
  for (let i = 0; i < count; i++) execute(own.name, own.target)
  own.executions += count
  done += count
  if (turn % 50 === 49) report()
}
report()

function execute(name: TargetName, target: { run: () => void; octets: () => Uint8Array }): void {
  try {
    target.run()
  } catch (error) {
    console.error(`${name}: ${(error as Error).stack}\n${Buffer.from(target.octets()).toString('hex')}`)
    process.exit(1)
  }
}

function report(): void {
  const seconds = (performance.now() - startedMs) / 1000
  const each = targets.map(({ name, executions }) => `${name} ${executions}`).join(', ')
  console.log(`${done} executions in ${seconds.toFixed(0)} s (${each}), nothing found`)
}
