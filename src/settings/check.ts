/**
 * From an unknown value to a checked configuration, or to as much of one as is sound.
 *
 * Whoever repairs a file wants all its problems at once, also those that only settling finds. So what breaks the schema is left
 * out and the rest checked again: an entry of a top-level list goes whole, elsewhere what stands behind the broken key.
 * `incomplete` names the sections that something is missing from, so that settling does not complain of what follows from that.
 */
import type { z } from 'zod'
import { explain } from './explain.ts'
import { nearest } from './nearest.ts'
import type { Fault, Path } from './problems.ts'
import { type Config, configSchema } from './schema.ts'

export interface Checked {
  /** Null when nothing sound is left. */
  readonly config: Config | null
  readonly faults: readonly Fault[]
  readonly incomplete: ReadonlySet<string>
  /** A path in `config` as it is in the file, where list entries may have been left out before it. */
  readonly pathInFile: (path: Path) => Path
}

export function check(value: unknown): Checked {
  const whole = configSchema.safeParse(value, { reportInput: true })
  if (whole.success) return { config: whole.data, faults: [], incomplete: new Set(), pathInFile: path => path }

  const { faults, implied } = explain(whole.error.issues as z.core.$ZodIssue[])
  const unknown = faults.filter(fault => fault.part === 'key').map(fault => fault.path)
  const broken = [...faults.filter(fault => fault.part === 'value').map(fault => fault.path), ...implied]
  const { rest, pathInFile } = leaveOut(value, unknown, broken)
  return {
    config: configSchema.safeParse(rest).data ?? null,
    faults,
    incomplete: incompleteSections(unknown, broken, value),
    pathInFile,
  }
}

type Tree = Record<string | number, unknown>

function leaveOut(
  value: unknown,
  unknown: readonly Path[],
  broken: readonly Path[],
): { rest: unknown } & Pick<Checked, 'pathInFile'> {
  const rest = structuredClone(value) as Tree
  const doomed = new Map<string, Set<number>>()
  for (const path of unknown) removeKey(rest, path)
  for (const path of broken) {
    const [section, index] = path
    if (typeof index !== 'number' || !Array.isArray(rest[section!])) removeKey(rest, path.slice(0, keysOnly(path)))
    else doomed.set(String(section), (doomed.get(String(section)) ?? new Set()).add(index))
  }
  const kept = new Map([...doomed].map(([section, indexes]) => [section, removeEntries(rest, section, indexes)]))
  return { rest, pathInFile: path => inFile(path, kept) }
}

/** How many leading parts of a path are keys: of a list under a key, all goes or nothing. */
function keysOnly(path: Path): number {
  const index = path.findIndex(part => typeof part === 'number')
  return index < 0 ? path.length : index
}

function removeKey(rest: Tree, path: Path): void {
  let parent: unknown = rest
  for (const part of path.slice(0, -1)) parent = isTree(parent) ? parent[part] : undefined
  if (isTree(parent) && path.length > 0) delete parent[path.at(-1)!]
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null
}

/** Returns the places that the kept entries have in the file. */
function removeEntries(rest: Tree, section: string, doomed: ReadonlySet<number>): number[] {
  const entries = rest[section] as unknown[]
  const kept = [...entries.keys()].filter(index => !doomed.has(index))
  rest[section] = kept.map(index => entries[index])
  return kept
}

function inFile(path: Path, kept: ReadonlyMap<string, number[]>): Path {
  const [section, index, ...deeper] = path
  return typeof index === 'number' ? [section!, kept.get(String(section))?.[index] ?? index, ...deeper] : path
}

function incompleteSections(unknown: readonly Path[], broken: readonly Path[], value: unknown): Set<string> {
  const sections = Object.keys(configSchema.shape)
  const incomplete = new Set(broken.map(path => String(path[0])))
  for (const path of unknown) {
    const section = String(path[0])
    if (path.length === 1) incomplete.add(nearest(section, sections) ?? section)
    // An unknown key in a list's entry leaves the entry as it is; in a section it may stand for one that now has its default.
    else if (!Array.isArray((value as Tree)[section])) incomplete.add(section)
  }
  return incomplete
}
