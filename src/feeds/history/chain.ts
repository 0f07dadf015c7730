/**
 * Which version of which list was in force when, and what guards kept back of it: `<data>/history.ndjson`, a line each time that changes, never changed afterwards. Each line has
 * the SHA-256 of the line before it, so that whoever knows the newest one can tell whether any was changed, left out or put in later.
 */
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../../platform/make-folder.ts'
import { sha256Of } from '../../platform/sha256.ts'
import type { FeedSettings } from '../../settings/settings.ts'
import type { GuardException } from '../guards/exception.ts'
import type { QuarantineReason } from '../guards/never-block.ts'

/** How a list was read then, so that it can be read the same way again. */
export type Reading = Pick<FeedSettings, 'format' | 'mode' | 'class' | 'category' | 'scope' | 'subdomains' | 'answer'>

/** What guards did to a version while it was in force. */
export interface GuardRecord {
  /** Rules that were kept back, by reason; reasons of none are left out. */
  readonly quarantined: Readonly<Partial<Record<QuarantineReason, number>>>
  /** SHA-256 of the list of these rules, hexadecimal, which is kept beside the version; null: there were none. */
  readonly list: string | null
  /** Exceptions by which rules counted all the same, and how many. */
  readonly spared: readonly (GuardException & { readonly rules: number })[]
}

export interface Change {
  /** ISO 8601. */
  readonly at: string
  readonly feed: string
  readonly act: 'in force' | 'out of force'
  /** Of the list's octets, hexadecimal; of the version that went, where one went. */
  readonly sha256: string
  readonly serial: number | null
  readonly block: number
  readonly allow: number
  readonly reading: Reading
  /** Absent in lines of before this was recorded. */
  readonly guards?: GuardRecord
}

export interface HistoryLine extends Change {
  readonly v: 1
  readonly seq: number
  /** SHA-256 of the line before, hexadecimal; zeroes before the first. */
  readonly before: string
}

export interface History {
  readonly lines: readonly HistoryLine[]
  /** SHA-256 of the newest line: who writes it down elsewhere can prove all lines up to it. */
  readonly head: string
  /** Where the chain is broken. A line that a power cut left unfinished breaks nothing. */
  readonly problems: readonly string[]
}

const NOTHING = '0'.repeat(64)

export function historyPath(dataFolder: string): string {
  return join(dataFolder, 'history.ndjson')
}

/** Throws what the file system throws, but for a file that is not there. */
export function readHistory(dataFolder: string): History {
  const lines: HistoryLine[] = []
  const problems: string[] = []
  let head = NOTHING
  for (const [index, text] of contents(historyPath(dataFolder)).split('\n').entries()) {
    const line = text === '' ? null : lineIn(text)
    if (line === null) continue
    if (line.before !== head || line.seq !== lines.length + 1)
      problems.push(`line ${index + 1} does not follow from the one before it`)
    lines.push(line)
    head = sha256Of(text)
  }
  return { lines, head, problems }
}

function contents(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

function lineIn(text: string): HistoryLine | null {
  try {
    const read = JSON.parse(text) as Partial<HistoryLine>
    const texts = [read.at, read.feed, read.act, read.sha256, read.before]
    const isLine = read.v === 1 && Number.isInteger(read.seq) && texts.every(own => typeof own === 'string')
    return isLine && typeof read.reading === 'object' ? (read as HistoryLine) : null
  } catch {
    return null
  }
}

/** Adds lines, and waits until the disk has them. Throws what the file system throws. */
export function appendHistory(dataFolder: string, changes: readonly Change[]): void {
  if (changes.length === 0) return
  makeFolder(dataFolder)
  let { head, lines } = readHistory(dataFolder)
  let seq = lines.length
  const texts = changes.map(change => {
    const line: HistoryLine = { v: 1, seq: ++seq, ...change, before: head }
    const text = JSON.stringify(line)
    head = sha256Of(text)
    return `${text}\n`
  })
  const path = historyPath(dataFolder)
  const fd = openSync(path, 'a+', 0o600)
  try {
    writeSync(fd, `${endsWithBreak(fd) ? '' : '\n'}${texts.join('')}`)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** A line that was left unfinished stays a line of its own. */
function endsWithBreak(fd: number): boolean {
  const { size } = fstatSync(fd)
  if (size === 0) return true
  const last = new Uint8Array(1)
  readSync(fd, last, 0, 1, size - 1)
  return last[0] === 0x0a
}

/** The newest line about each feed, where a version of it is in force. */
export function versionsInForce(lines: readonly HistoryLine[]): Map<string, HistoryLine> {
  const newest = new Map<string, HistoryLine>()
  for (const line of lines) {
    if (line.act === 'in force') newest.set(line.feed, line)
    else newest.delete(line.feed)
  }
  return newest
}
