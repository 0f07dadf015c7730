/** What every part of settling is given: the machine, the file's place, and where to say what is wrong. */
import type { Environment } from './environment.ts'
import type { Path, Result } from './problems.ts'

export interface Settling {
  readonly environment: Environment
  /** Absolute. Paths in the configuration are relative to its folder. */
  readonly file: string
  readonly report: (path: Path, message: string, part?: 'key' | 'value') => void
  readonly warn: (sentence: string) => void
  /** Whether nothing had to be left out of a section, so that what is not there was not meant to be there. */
  readonly whole: (section: string) => boolean
}

/** The value, or null with its problem reported. */
export function take<T>(result: Result<T>, path: Path, settling: Settling): T | null {
  if ('value' in result) return result.value
  settling.report(path, result.why)
  return null
}
