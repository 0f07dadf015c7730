/**
 * `npm run bench -- [--small] [--only NAME] [--write]`: the benches of this folder, one after the other.
 *
 * Owns: which benches there are. Each is a file that can also be run by itself; how they measure is in `support/measure.ts`. `--write` puts
 * each result between its markers in README.md, and adds the minute of churn.
 */
import { parseArgs } from 'node:util'
import { run as accept } from './accept.ts'
import { run as admit } from './admit.ts'
import { run as answer } from './answer.ts'
import { run as cache } from './cache.ts'
import { FULL as CHURN, churn, churnText } from './cache-churn.ts'
import { run as cacheSharing } from './cache-sharing.ts'
import { run as counters } from './counters.ts'
import { run as filter } from './filter.ts'
import { run as identify } from './identify.ts'
import { run as stages } from './stages.ts'
import type { Size } from './support/measure.ts'
import { writeSection } from './support/readme.ts'
import { asMarkdown, asText, type BenchResult } from './support/result.ts'

export const BENCHES: Readonly<Record<string, (size: Size) => BenchResult>> = {
  admit,
  identify,
  filter,
  cache,
  accept,
  answer,
  counters,
  stages,
  'cache-sharing': cacheSharing,
}
const USAGE = `usage: npm run bench -- [--small] [--only NAME] [--write]
  --small  a blink for each, to see that they run; the figures say nothing
  --only   one of ${Object.keys(BENCHES).join(', ')}; churn with --write
  --write  puts the results into bench/README.md`

const FLAGS = {
  help: { type: 'boolean', default: false },
  small: { type: 'boolean', default: false },
  only: { type: 'string' },
  write: { type: 'boolean', default: false },
} as const

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: FLAGS })
  if (values.help) return console.log(USAGE)
  if (values.small && values.write) throw new Error(`figures of --small are not for the README\n${USAGE}`)
  const names = [...Object.keys(BENCHES), ...(values.write ? ['churn'] : [])]
  const chosen = names.filter(name => values.only === undefined || values.only === name)
  if (chosen.length === 0) throw new Error(`there is no bench "${values.only}"\n${USAGE}`)
  for (const name of chosen) {
    if (name === 'churn') await runChurn()
    else runOne(name, values.small ? 'small' : 'full', values.write)
  }
}

function runOne(name: string, size: Size, write: boolean): void {
  const result = BENCHES[name]!(size)
  console.log(`${asText(result)}\n`)
  if (write) writeSection(name, asMarkdown(result))
}

async function runChurn(): Promise<void> {
  const text = churnText(CHURN.seconds, await churn(CHURN))
  console.log(text)
  writeSection('churn', text)
}

if (import.meta.main) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  })
}
