/**
 * Urgent changes: single names blocked or freed between compilations (`qalqan block`, `qalqan unblock`). They are lines of a file in the data
 * folder, only ever appended to, so that every change stays on record; the last one for a name holds. The resolver watches the file and
 * puts a small overlay image in front of the base: in force in a fraction of a second, whatever the base's size, and after a restart.
 *
 *     {"at":"2026-11-22T10:00:00Z","action":"block","name":"bad.example","class":"hotline","category":"illegal","case":"KZ-2026-000123"}
 *     {"at":"2026-11-22T11:00:00Z","action":"unblock","name":"bad.example","reason":"taken down at the source"}
 *     {"at":"2026-11-22T12:00:00Z","action":"withdraw","name":"mistaken.example","reason":"the feed's publisher has been told"}
 */
import { closeSync, fsyncSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CLASSES, type RuleClass } from '../images/classes.ts'
import { FilterBuilder } from '../images/filter/builder.ts'
import { ANSWER_AS_SET, WITHDRAW_BIT } from '../images/filter/layout.ts'
import { makeFolder } from '../platform/make-folder.ts'
import { giveToOwnerOfFolder } from '../platform/ownership.ts'
import { BAD_NAME, nameFromText } from '../wire/name.ts'
import { isCaseNumber } from './case-number.ts'
import { EXACT, SUBTREE } from './entry.ts'

export interface UrgentBlock {
  readonly action: 'block'
  readonly name: string
  readonly class: RuleClass
  readonly category: string
  readonly case: string
  /** That name alone, not what is below it. */
  readonly exact?: boolean
  readonly reason?: string
}

/** `unblock`: nothing urgent holds for the name any more. `withdraw`: the blocks that feeds have for this very name do not hold. */
export interface UrgentRelease {
  readonly action: 'unblock' | 'withdraw'
  readonly name: string
  readonly reason?: string
}

export type UrgentChange = (UrgentBlock | UrgentRelease) & {
  /** ISO 8601. */
  readonly at: string
}

/** A line is short; a file of more than this is not one of ours. */
const FILE_OCTETS_MAX = 64 * 1024 * 1024

export function urgentPath(dataFolder: string): string {
  return join(dataFolder, 'urgent.ndjson')
}

/**
 * Appends a change and waits until the disk has it. The file belongs to whom the folder belongs to, so that a change made by root is read by a
 * resolver that runs as somebody else. Throws what the file system does.
 */
export function appendUrgent(dataFolder: string, change: UrgentChange): void {
  const path = urgentPath(dataFolder)
  makeFolder(dirname(path))
  const file = openSync(path, 'a', 0o600)
  try {
    // The line break first as well: whatever was left of a write that the power cut short stays a line of its own.
    writeSync(file, `\n${JSON.stringify(change)}\n`)
    giveToOwnerOfFolder(path)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

export interface UrgentState {
  /** The change that holds for each name. */
  readonly changes: readonly UrgentChange[]
  /** Numbers of lines that are none, with the reason. */
  readonly problems: readonly string[]
}

/** The changes in force; none where there is no file. A bad line costs only itself. Throws where the file cannot be read, or is too long. */
export function readUrgent(dataFolder: string): UrgentState {
  const text = contents(urgentPath(dataFolder))
  const changes = new Map<string, UrgentChange>()
  const problems: string[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const change = parseChange(line)
    if (typeof change === 'string') problems.push(`line ${index + 1}: ${change}`)
    else if (change.action === 'unblock') changes.delete(change.name)
    else changes.set(change.name, change)
  }
  return { changes: [...changes.values()], problems }
}

/** Every change that was ever made, in order. Throws as `readUrgent` does. */
export function readUrgentChanges(dataFolder: string): UrgentChange[] {
  return contents(urgentPath(dataFolder))
    .split('\n')
    .flatMap(line => {
      const change = line.trim() === '' ? '' : parseChange(line)
      return typeof change === 'string' ? [] : [change]
    })
}

function contents(path: string): string {
  try {
    if (statSync(path).size > FILE_OCTETS_MAX) throw new RangeError(`${path} is longer than 64 MiB`)
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** A change as a line has it, its name in the form that `nameToText` gives; or what is wrong with it. */
function parseChange(line: string): UrgentChange | string {
  let read: Partial<Record<string, unknown>>
  try {
    read = JSON.parse(line) as typeof read
  } catch {
    return 'not JSON'
  }
  if (typeof read !== 'object' || read === null) return 'not an object'
  const { action, name, at } = read
  if (typeof at !== 'string' || Number.isNaN(Date.parse(at))) return '"at" is no date'
  if (typeof name !== 'string' || !isName(name)) return '"name" is no domain name'
  if (action === 'unblock' || action === 'withdraw') return { action, name, at, ...reasonOf(read) }
  if (action !== 'block') return '"action" is neither "block" nor "unblock" nor "withdraw"'
  if (!CLASSES.includes(read.class as RuleClass)) return `"class" is none of ${CLASSES.join(', ')}`
  if (typeof read.category !== 'string') return '"category" is missing'
  if (!isCaseNumber(read.case)) {
    return '"case" is not 1 to 64 printable ASCII characters'
  }
  const { category, case: caseNumber } = read
  return {
    action,
    name,
    at,
    class: read.class as RuleClass,
    category,
    case: caseNumber,
    exact: read.exact === true,
    ...reasonOf(read),
  }
}

function reasonOf({ reason }: Partial<Record<string, unknown>>): { reason?: string } {
  return typeof reason === 'string' ? { reason } : {}
}

const scratch = () => new Uint8Array(256)

function isName(name: string): boolean {
  const end = nameFromText(name, scratch())
  return end !== BAD_NAME && end >= 2
}

/** The overlay image. Blocks of a category that no feed or policy has are left out, and named in the second value. */
export function compileOverlay(
  changes: readonly UrgentChange[],
  { seed, categories, generation }: { seed: number; categories: readonly string[]; generation: number },
): { image: SharedArrayBuffer; leftOut: readonly string[] } {
  const builder = new FilterBuilder(seed)
  const wire = scratch()
  const leftOut: string[] = []
  for (const change of changes) {
    const octets = nameFromText(change.name, wire)
    const category = change.action === 'block' ? categories.indexOf(change.category) : 0
    if (category < 0) {
      leftOut.push(change.name)
      continue
    }
    const isBlock = change.action === 'block'
    const element = builder.tables.element({
      feed: 0,
      category,
      basis: 0,
      ruleClass: isBlock ? CLASSES.indexOf(change.class) : 0,
      kind: isBlock ? (change.exact === true ? EXACT : SUBTREE) : WITHDRAW_BIT,
      answer: ANSWER_AS_SET,
    })
    const rule = builder.tables.rule(isBlock ? change.case : '', Math.floor(Date.parse(change.at) / 1000))
    builder.add(wire, octets, element, rule)
  }
  return { image: builder.finish(generation), leftOut }
}
