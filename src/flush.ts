/**
 * What the running server is asked to do at once: `qalqan flush` and `qalqan feeds refresh` write a line, the server reads it. A file and not a socket, so that who may write
 * into the data folder may do this, and nobody else.
 */
import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { watchFeeds } from './feeds/watch.ts'
import { giveToOwnerOfFolder } from './platform/ownership.ts'
import { BAD_NAME, nameFromText, nameToText } from './wire/name.ts'

const DEBOUNCE_MS = 50
const POLL_MS = 500

function flushPath(dataFolder: string): string {
  return join(dataFolder, 'flush.ndjson')
}

/** Asks the running server to forget a name, with `below` all names below it. Returns the name as understood; throws TypeError for what is none. */
export function requestFlush(dataFolder: string, name: string, below: boolean): string {
  const wire = new Uint8Array(256)
  const end = nameFromText(name, wire)
  if (end === BAD_NAME) throw new TypeError(`${JSON.stringify(name)} is no domain name`)
  const text = nameToText(wire)
  append(dataFolder, { name: text, below })
  return text
}

/** Asks the running server to fetch and read a feed again; null: all of them. */
export function requestRefresh(dataFolder: string, feed: string | null): void {
  append(dataFolder, { refresh: feed })
}

function append(dataFolder: string, asked: object): void {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
  const path = flushPath(dataFolder)
  appendFileSync(path, `${JSON.stringify(asked)}\n`, { mode: 0o600 })
  giveToOwnerOfFolder(path)
}

export interface FlushEvents {
  readonly onRefresh: (feed: string | null) => void
  readonly onFlush: (name: Uint8Array, below: boolean) => void
  readonly onProblem: (problem: string) => void
}

/** Acts on what is asked for from now on; what stood in the file before is of another run. */
export function watchFlushes(dataFolder: string, events: FlushEvents): { close(): void } {
  const path = flushPath(dataFolder)
  let done = 0
  attempt(events, () => {
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
    rmSync(path, { force: true })
  })
  const look = () =>
    attempt(events, () => {
      const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
      if (lines.length < done) done = 0
      for (const line of lines.slice(done)) flushLine(line, events)
      done = lines.length
    })
  return watchFeeds([{ name: 'flush', source: path }], look, { debounceMs: DEBOUNCE_MS, pollMs: POLL_MS })
}

function flushLine(line: string, { onFlush, onRefresh }: FlushEvents): void {
  const asked = JSON.parse(line) as { name?: unknown; below?: unknown; refresh?: unknown }
  if (asked.refresh !== undefined) {
    onRefresh(typeof asked.refresh === 'string' ? asked.refresh : null)
    return
  }
  const wire = new Uint8Array(256)
  const end = typeof asked.name === 'string' ? nameFromText(asked.name, wire) : BAD_NAME
  if (end === BAD_NAME) throw new TypeError('a line without a domain name')
  onFlush(wire.slice(0, end), asked.below === true)
}

function attempt({ onProblem }: FlushEvents, act: () => void): void {
  try {
    act()
  } catch (error) {
    onProblem((error as Error).message)
  }
}
