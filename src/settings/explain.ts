/** From zod's issues to faults: sentences that say what was expected, what was found, and what was probably meant. */
import type { z } from 'zod'
import { hint, nearest } from './nearest.ts'
import { type Fault, type Path, quote } from './problems.ts'

type Issue = z.core.$ZodIssue

export interface Explained {
  readonly faults: readonly Fault[]
  /** Where something is missing only because its key was mistyped: one mistake, which the mistyped key's fault tells. */
  readonly implied: readonly Path[]
}

export function explain(issues: readonly Issue[]): Explained {
  const known = issues.flatMap(issue => decided(issue, []))
  const unknownKeys = known.filter(issue => issue.code === 'unrecognized_keys')
  const meant = new Set(unknownKeys.flatMap(meantPaths))
  const isImplied = (issue: Issue) => issue.input === undefined && meant.has(JSON.stringify(issue.path))
  const others = known.filter(issue => issue.code !== 'unrecognized_keys')
  return {
    faults: [
      ...unknownKeys.flatMap(unknownKeyFaults),
      ...others
        .filter(issue => !isImplied(issue))
        .map((issue): Fault => ({ path: issue.path as Path, part: 'value', message: sentence(issue) })),
    ],
    implied: others.filter(isImplied).map(issue => issue.path as Path),
  }
}

type UnknownKeys = z.core.$ZodIssueUnrecognizedKeys

function meantPaths(issue: UnknownKeys): string[] {
  const meant = issue.keys.map(key => nearest(key, issue.message.split(' ')))
  return meant.filter(key => key !== null).map(key => JSON.stringify([...issue.path, key]))
}

function unknownKeyFaults(issue: UnknownKeys): Fault[] {
  const keys = issue.message.split(' ')
  return issue.keys.map(key => ({
    path: [...issue.path, key] as Path,
    part: 'key',
    message: `unknown key ${quote(key)}${hint(key, keys)}`,
  }))
}

/** Of a union, the issues of the kind that was written, if it is one of them: a listen entry's mapping, for one. */
function decided(issue: Issue, above: Path): Issue[] {
  const path = [...above, ...(issue.path as Path)]
  if (issue.code !== 'invalid_union') return [{ ...issue, path }]
  const meant = issue.errors.filter(branch =>
    branch.every(inner => inner.code !== 'invalid_type' || inner.path.length > 0),
  )
  if (meant.length !== 1) return [{ ...issue, path }]
  return meant[0]!.flatMap(inner => decided(inner, path))
}

function sentence(issue: Issue): string {
  const expected = `expected ${issue.message}`
  if (issue.input === undefined) return `missing key ${quote(String(issue.path.at(-1) ?? ''))}: ${expected}`
  if (issue.code === 'invalid_value' && typeof issue.input === 'string') {
    const meant = nearest(issue.input, issue.values.map(String))
    if (meant !== null) return `${expected}, got ${quote(issue.input)}: did you mean "${meant}"?`
  }
  const quotes = issue.code === 'invalid_type' && issue.expected === 'string' && typeof issue.input === 'number'
  return `${expected}, got ${shown(issue.input)}${quotes ? ': text that looks like a number needs quotes' : ''}`
}

function shown(input: unknown): string {
  if (typeof input === 'string') return quote(input)
  if (input === null) return 'nothing'
  if (Array.isArray(input)) return input.length === 0 ? 'an empty list' : 'a list'
  return typeof input === 'object' ? 'a mapping' : String(input)
}
