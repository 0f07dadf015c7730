/** `qalqan feeds refresh`, `flush`, `block` and `unblock`: ask the running server, and wait for what comes of it. */
import { isIP } from 'node:net'
import { awaitAnswer, RequestFailed } from './answers.ts'
import { refuseMistaken } from './asked-name.ts'
import type { Said } from './command-output.ts'
import { sentenceOf } from './data-folder.ts'
import { feedCalled } from './feeds-command.ts'
import { isAllWell, outcomesText, type RefreshOutcome } from './refresh.ts'
import { requestFlush, requestRefresh, requestUrgent } from './requests.ts'
import type { Settings } from './settings/settings.ts'
import { DAY_MS, DURATION_PATTERN, durationMs } from './settings/units.ts'
import { recordUrgent, type UrgentRequest } from './urgent-command.ts'
import { WaitingLine } from './waiting-line.ts'

const TIMEOUT_DEFAULT = '5m'
/** For what is done as soon as it is taken. */
const AT_ONCE_MS = 5000
/** As shells have it for a program that SIGINT ended. */
export const INTERRUPTED = 130

export interface RefreshRequest {
  /** Empty: all feeds. */
  readonly name: string
  readonly isWaitedFor: boolean
  /** Such as `90s`. */
  readonly timeout: string | undefined
  readonly isJson: boolean
}

/** Throws TypeError where there is no such feed, no such duration, no server, or no outcome in time. */
export async function refreshCommand(
  settings: Settings,
  { name, isWaitedFor, timeout = TIMEOUT_DEFAULT, isJson }: RefreshRequest,
): Promise<Said> {
  const timeoutMs = timeoutOf(timeout)
  const feed = name === '' ? null : feedCalled(settings, name).name
  const { id } = requestRefresh(settings.data, feed)
  const what = feed ?? 'all feeds'
  if (!isWaitedFor) return { text: `${what}: asked; a running server fetches and reads it`, code: 0 }
  const line = new WaitingLine()
  const outcomes = await interruptible(signal =>
    awaitAnswer(settings.data, id, { timeoutMs, signal, onState: showState(what, line) }),
  ).finally(() => line.clear())
  if (outcomes === null)
    return { text: `${what}: not waited for any longer; a server that still runs goes on with it`, code: INTERRUPTED }
  return {
    text: isJson ? JSON.stringify(outcomes, null, 2) : outcomesText(outcomes),
    code: isAllWell(outcomes) ? 0 : 1,
  }
}

function timeoutOf(written: string): number {
  const timeoutMs = DURATION_PATTERN.test(written) ? durationMs(written) : Number.NaN
  if (timeoutMs > 0 && timeoutMs <= DAY_MS) return timeoutMs
  throw new TypeError(`--timeout is a duration up to 1d, such as 90s or 5m, not ${JSON.stringify(written)}`)
}

/** Null: SIGINT has ended it. */
async function interruptible(
  wait: (signal: AbortSignal) => Promise<readonly RefreshOutcome[]>,
): Promise<readonly RefreshOutcome[] | null> {
  const interruption = new AbortController()
  const interrupt = () => interruption.abort()
  process.once('SIGINT', interrupt)
  try {
    return await wait(interruption.signal)
  } catch (error) {
    if (interruption.signal.aborted) return null
    throw error
  } finally {
    process.off('SIGINT', interrupt)
  }
}

/** What the server is at, for how long. */
function showState(what: string, line: WaitingLine): (state: string, waitedMs: number) => void {
  return (state, waitedMs) => line.show(`${what}: ${state}, ${Math.floor(waitedMs / 1000)} s`)
}

/** Throws TypeError for what is no name, and where no server runs. */
export async function flushCommand(settings: Settings, name: string, below: boolean): Promise<Said> {
  if (isIP(name) !== 0) throw new TypeError(`${name} is an address: what is forgotten is the answers for a name`)
  refuseMistaken(name)
  const asked = requestFlush(settings.data, name, below)
  await awaitAnswer(settings.data, asked.id, { timeoutMs: AT_ONCE_MS })
  return { text: `${asked.name}: the running server forgets it${below ? ' and all below it' : ''}`, code: 0 }
}

/** Puts an urgent change on record and has the running server put it in force. Throws TypeError for what cannot be one. */
export async function urgentCommand(
  settings: Settings,
  request: UrgentRequest,
): Promise<Said & { warning: string | null }> {
  const { name, text } = recordUrgent(settings, request)
  try {
    await awaitAnswer(settings.data, requestUrgent(settings.data, name).id, { timeoutMs: AT_ONCE_MS })
    return { text, code: 0, warning: null }
  } catch (error) {
    // What is on record holds from the next start on: without a server nothing has gone wrong.
    const isRefused = error instanceof RequestFailed
    const known = isRefused ? 'on record, but not in force' : 'on record, but no server says that it is in force'
    return { text, code: isRefused ? 1 : 0, warning: `${known}: ${sentenceOf(error)}` }
  }
}
