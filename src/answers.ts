/**
 * How a running server answers who asked it from the command line: `<data>/answers/<number of the request>.json`, written anew with each step. The one who asked takes it
 * away; what nobody waits for any more goes after an hour, and with the next start.
 */
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeFolder } from './platform/make-folder.ts'
import type { RefreshOutcome, RefreshStage } from './refresh.ts'

const KEEP_MS = 3_600_000
const LOOK_MS = 50
/** A server looks for requests twice a second; its main thread may be busy for longer. */
const TAKEN_MS = 5000

export type Answer =
  | { readonly state: 'taken' | RefreshStage }
  | { readonly state: 'done'; readonly outcomes: readonly RefreshOutcome[] }
  | { readonly state: 'failed'; readonly problem: string }

export function isRequestId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{32}$/.test(value)
}

function folderOf(dataFolder: string): string {
  return join(dataFolder, 'answers')
}

function answerPath(dataFolder: string, id: string): string {
  return join(folderOf(dataFolder), `${id}.json`)
}

/** The server's side. Its methods never throw. */
export class Answers {
  private readonly dataFolder: string
  private readonly onProblem: (problem: string) => void

  constructor(dataFolder: string, onProblem: (problem: string) => void) {
    this.dataFolder = dataFolder
    this.onProblem = onProblem
    this.attempt(() => rmSync(folderOf(dataFolder), { recursive: true, force: true }))
  }

  /** Says that the request has come; what it gives back says the rest. */
  begin(id: string): (answer: Answer) => void {
    this.attempt(() => {
      makeFolder(folderOf(this.dataFolder))
      this.removeOld()
    })
    const answer = (own: Answer) => this.attempt(() => this.write(id, own))
    answer({ state: 'taken' })
    return answer
  }

  private write(id: string, answer: Answer): void {
    const path = answerPath(this.dataFolder, id)
    writeFileSync(`${path}.new`, `${JSON.stringify(answer)}\n`, { mode: 0o600 })
    renameSync(`${path}.new`, path)
  }

  private removeOld(): void {
    const folder = folderOf(this.dataFolder)
    for (const name of readdirSync(folder)) {
      const path = join(folder, name)
      const writtenMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity
      if (writtenMs < Date.now() - KEEP_MS) rmSync(path, { force: true })
    }
  }

  private attempt(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.onProblem(`a request could not be answered: ${(error as Error).message}`)
    }
  }
}

export interface Waiting {
  readonly timeoutMs: number
  /** Called again and again while it lasts. */
  readonly onState?: (state: Answer['state'], waitedMs: number) => void
  /** Ends the waiting; `AbortError`. */
  readonly signal?: AbortSignal
}

/** The server has said that it could not do what was asked, and why. */
export class RequestFailed extends Error {}

/** What came of a request. Rejects, with a sentence, where no server takes it, where it takes longer than that, and (`RequestFailed`) where it could not be done. */
export async function awaitAnswer(
  dataFolder: string,
  id: string,
  { timeoutMs, onState, signal }: Waiting,
): Promise<readonly RefreshOutcome[]> {
  const startMs = performance.now()
  for (;;) {
    const answer = readAnswer(dataFolder, id)
    const waitedMs = performance.now() - startMs
    if (answer?.state === 'done' || answer?.state === 'failed') {
      rmSync(answerPath(dataFolder, id), { force: true })
      if (answer.state === 'done') return answer.outcomes
      throw new RequestFailed(answer.problem)
    }
    if (answer === null && waitedMs > Math.min(TAKEN_MS, timeoutMs)) throw new TypeError(notTaken(dataFolder))
    if (waitedMs > timeoutMs)
      throw new TypeError(`no outcome within ${timeoutMs / 1000} s; a server that still runs goes on with it`)
    if (answer !== null) onState?.(answer.state, waitedMs)
    await sleep(LOOK_MS, undefined, { ...(signal === undefined ? {} : { signal }) })
  }
}

function readAnswer(dataFolder: string, id: string): Answer | null {
  try {
    return JSON.parse(readFileSync(answerPath(dataFolder, id), 'utf8')) as Answer
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function notTaken(dataFolder: string): string {
  return `no server answers: none runs with the data folder ${dataFolder}, or it is not done starting`
}
