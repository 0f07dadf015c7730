/** What commands have in common: the settings that they work with, and how they say what came of it. */
import { dataFolderProblem } from './data-folder.ts'
import { loadSettings, systemEnvironment } from './settings/load.ts'
import { formatProblem } from './settings/problems.ts'
import type { Settings } from './settings/settings.ts'

/** What a command says on stdout, and its exit code. */
export interface Said {
  readonly text: string
  readonly code: number
}

export function print(text: string): number {
  process.stdout.write(`${text.trimEnd()}\n`)
  return 0
}

/** The settings of a file, or null when its problems were printed. */
export function settingsOf(file: string): Settings | null {
  const loaded = loadSettings(file, systemEnvironment())
  if ('settings' in loaded) return loaded.settings
  for (const problem of loaded.problems) process.stderr.write(`${formatProblem(problem)}\n`)
  return null
}

/** The same for a command that looks into the data folder, or writes there. Throws TypeError where it cannot. */
export function settingsAndData(file: string): Settings | null {
  const settings = settingsOf(file)
  const problem = settings === null ? null : dataFolderProblem(settings.data)
  if (problem !== null) throw new TypeError(problem)
  return settings
}

export function say({ text, code }: Said): number {
  print(text)
  return code
}

/** For a person, or for machines. */
export function show<T>(value: T, text: (value: T) => string, isJson: boolean): number {
  return print(isJson ? JSON.stringify(value, null, 2) : text(value))
}
