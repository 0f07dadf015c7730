/**
 * What is wrong with a configuration, and where.
 *
 * A `Fault` names its place by a path of keys and indexes, because whoever finds it looks at values; a `Problem` names it by
 * line and column, because whoever repairs it looks at the file. Only `read.ts` knows how to get from one to the other.
 */

/** Keys and indexes from the root: `['feeds', 0, 'category']`. */
export type Path = readonly (string | number)[]

export interface Fault {
  readonly path: Path
  /** Whether the key is wrong, or what stands behind it. */
  readonly part: 'key' | 'value'
  readonly message: string
}

export interface Problem {
  /** As the user gave it. */
  readonly file: string
  /** Line and column count from 1; a column is one UTF-16 unit, as editors count. */
  readonly line: number
  readonly column: number
  readonly message: string
}

/** What could be read, or why it could not. */
export type Result<T> = { readonly value: T } | { readonly why: string }

export function formatProblem(problem: Problem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`
}

/** In the order of the file, each once. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const sorted = problems.toSorted(
    (a, b) => a.line - b.line || a.column - b.column || compareText(a.message, b.message),
  )
  return sorted.filter((problem, index) => index === 0 || formatProblem(problem) !== formatProblem(sorted[index - 1]!))
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

const SHOWN_UNITS_MAX = 60

/** Text from the file as a message may show it: quoted, short, and without anything a terminal would obey. */
export function quote(text: string): string {
  const short = text.length > SHOWN_UNITS_MAX ? `${text.slice(0, SHOWN_UNITS_MAX)}…` : text
  return visible(JSON.stringify(short))
}

/** Control and direction characters written out as escapes: a message is one line and says what it shows. */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
