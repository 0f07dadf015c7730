/**
 * What the running server is asked to do at once: `qalqan flush`, `feeds refresh`, `block` and `unblock` write a line, the server reads it and answers; see `answers.ts`. A file and not a
 * socket, so that who may write into the data folder may do this, and nobody else.
 */
import { randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Answers, isRequestId } from './answers.ts'
import { watchFeeds } from './feeds/watch.ts'
import { makeFolder } from './platform/make-folder.ts'
import { giveToOwnerOfFolder } from './platform/ownership.ts'
import type { RefreshOutcome, RefreshStage } from './refresh.ts'
import { BAD_NAME, nameFromText, nameToText } from './wire/name.ts'

const DEBOUNCE_MS = 50
const POLL_MS = 500
const ID_OCTETS = 16

function requestsPath(dataFolder: string): string {
  return join(dataFolder, 'flush.ndjson')
}

export interface Requested {
  /** What its answer is found by. */
  readonly id: string
}

/** Asks the running server to forget a name, with `below` all names below it. Returns the name as understood; throws TypeError for what is none. */
export function requestFlush(dataFolder: string, name: string, below: boolean): Requested & { readonly name: string } {
  const wire = new Uint8Array(256)
  const end = nameFromText(name, wire)
  if (end === BAD_NAME) throw new TypeError(`${JSON.stringify(name)} is no domain name`)
  const text = nameToText(wire)
  return { ...append(dataFolder, { name: text, below }), name: text }
}

/** Asks the running server to fetch and read a feed again; null: all of them. */
export function requestRefresh(dataFolder: string, feed: string | null): Requested {
  return append(dataFolder, { refresh: feed })
}

/** Asks the running server to put in force now what the file of urgent changes has for a name, written as there. */
export function requestUrgent(dataFolder: string, name: string): Requested {
  return append(dataFolder, { urgent: name })
}

function append(dataFolder: string, asked: object): Requested {
  // A server makes it at its start. Made here it could be somebody's whom the server is not.
  if (!existsSync(dataFolder))
    throw new TypeError(`no server has run with the data folder ${dataFolder}: it is not there`)
  const id = randomBytes(ID_OCTETS).toString('hex')
  const path = requestsPath(dataFolder)
  appendFileSync(path, `${JSON.stringify({ ...asked, id })}\n`, { mode: 0o600 })
  giveToOwnerOfFolder(path)
  return { id }
}

export interface RequestEvents {
  /** Never rejects. */
  readonly onRefresh: (feed: string | null, onStage: (stage: RefreshStage) => void) => Promise<RefreshOutcome[]>
  readonly onFlush: (name: Uint8Array, below: boolean) => void
  /** Returns why the change for that name is not in force, or null. */
  readonly onUrgent: (name: string) => string | null
  readonly onProblem: (problem: string) => void
}

/** Acts on what is asked for from now on; what stood in the file before is of another run. */
export function watchRequests(dataFolder: string, events: RequestEvents): { close(): void } {
  const path = requestsPath(dataFolder)
  const answers = new Answers(dataFolder, events.onProblem)
  let done = 0
  attempt(events, () => {
    makeFolder(dataFolder)
    rmSync(path, { force: true })
  })
  const look = () =>
    attempt(events, () => {
      const lines = linesOf(path)
      const from = lines.length < done ? 0 : done
      done = lines.length
      for (const line of lines.slice(from)) attempt(events, () => act(line, events, answers))
    })
  return watchFeeds([{ name: 'requests', source: path }], look, { debounceMs: DEBOUNCE_MS, pollMs: POLL_MS })
}

function linesOf(path: string): string[] {
  // Taken away, it asks for nothing.
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
}

function act(line: string, { onFlush, onRefresh, onUrgent }: RequestEvents, answers: Answers): void {
  const asked = JSON.parse(line) as Partial<Record<'name' | 'below' | 'refresh' | 'urgent' | 'id', unknown>>
  // A line that somebody wrote by hand has no number, and is not answered.
  const answer = isRequestId(asked.id) ? answers.begin(asked.id) : null
  if (asked.refresh !== undefined) {
    const feed = typeof asked.refresh === 'string' ? asked.refresh : null
    void onRefresh(feed, stage => answer?.({ state: stage })).then(outcomes => answer?.({ state: 'done', outcomes }))
    return
  }
  if (typeof asked.urgent === 'string') {
    const problem = onUrgent(asked.urgent)
    answer?.(problem === null ? { state: 'done', outcomes: [] } : { state: 'failed', problem })
    return
  }
  const wire = new Uint8Array(256)
  const end = typeof asked.name === 'string' ? nameFromText(asked.name, wire) : BAD_NAME
  if (end === BAD_NAME) throw new TypeError('a line without a domain name')
  onFlush(wire.slice(0, end), asked.below === true)
  answer?.({ state: 'done', outcomes: [] })
}

function attempt({ onProblem }: Pick<RequestEvents, 'onProblem'>, act: () => void): void {
  try {
    act()
  } catch (error) {
    onProblem((error as Error).message)
  }
}
