/**
 * A configuration file → settings, or everything that is wrong with it.
 *
 * Owns: the order read → check → settle, and that problems come out together, in the order of the file. Nothing outside this
 * folder needs more than this, `formatProblem` and the type `Settings`.
 */
import { resolve } from 'node:path'
import { check } from './check.ts'
import type { Environment } from './environment.ts'
import { type Problem, sortProblems } from './problems.ts'
import { readText, readYaml } from './read.ts'
import type { Settings } from './settings.ts'
import { settle } from './settle.ts'

export { type Environment, systemEnvironment } from './environment.ts'

export type Loaded = { readonly settings: Settings } | { readonly problems: readonly Problem[] }

export function loadSettings(file: string, environment: Environment): Loaded {
  const text = readText(file)
  if ('why' in text) return { problems: [{ file, line: 1, column: 1, message: text.why }] }
  return settingsFromText(file, text.value, environment)
}

/** As if `file` had this text. */
export function settingsFromText(file: string, text: string, environment: Environment): Loaded {
  const read = readYaml(file, text)
  if (!('value' in read)) return { problems: sortProblems(read.problems) }

  const checked = check(read.value)
  const settled =
    checked.config === null ? null : settle(checked.config, resolve(file), environment, checked.incomplete)
  const consequences = settled?.faults.map(fault => ({ ...fault, path: checked.pathInFile(fault.path) })) ?? []
  const problems = sortProblems([...read.problems, ...[...checked.faults, ...consequences].map(read.locate)])
  return problems.length > 0 || settled === null ? { problems } : { settings: settled.settings }
}
