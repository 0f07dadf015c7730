/**
 * The log: one JSON object a line, or readable lines on a terminal. For operators, about the resolver itself.
 *
 * Never: who asked, and for what. Code above `debug` has no field to put that in: `PERSONAL_FIELDS` are the only names under
 * which a query's facts may be logged, and above `debug` they are removed before a line is written, wherever in the object
 * they stand two levels deep. Messages are constant sentences; what varies goes into fields.
 *
 * A reader that stalls must not stall the resolver: what a pipe does not take waits in a buffer of a bounded size, and what
 * does not fit is dropped and counted. (A terminal is written to directly, and so can hold up the main thread, never a worker.)
 */
import type { Writable } from 'node:stream'
import pino from 'pino'
import type { Settings } from '../settings/settings.ts'
import { loadPretty, type PrettyLine, withVisibleControls } from './log-line.ts'

export type LogLevel = Settings['log']['level']
export type Logger = pino.Logger

/** The query's facts, by the only names they may have in a log. */
export const PERSONAL_FIELDS = ['client', 'host', 'domain', 'question'] as const

/** About 5,000 lines. */
const BUFFERED_BYTES_MAX = 1024 * 1024

export interface LogOutput {
  /** Such as `process.stdout`. */
  readonly stream: Writable
  readonly isTerminal: boolean
  readonly bufferedBytesMax?: number
}

export interface Log {
  readonly logger: Logger
  linesDropped(): number
  /** Waits until the buffer is written, or for `timeoutMs` when its reader does not take it. Call before the process ends. */
  flush(timeoutMs?: number): Promise<void>
}

/** `pretty` is what makes a line readable for a terminal; null, where it is not installed, leaves JSON. */
export function createLog(
  level: LogLevel,
  output: LogOutput,
  pretty: PrettyLine | null = output.isTerminal ? loadPretty() : null,
): Log {
  const destination = new BoundedDestination(output, output.isTerminal ? pretty : null)
  return {
    logger: pino(loggerOptions(level), destination),
    linesDropped: () => destination.linesDropped,
    flush: (timeoutMs = 500) => flush(output.stream, timeoutMs),
  }
}

function loggerOptions(level: LogLevel): pino.LoggerOptions {
  const tellsPersonal = level === 'debug' || level === 'trace'
  return {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: label => ({ level: label }) },
    ...(tellsPersonal ? {} : { redact: { paths: personalPaths(), remove: true } }),
  }
}

function personalPaths(): string[] {
  return PERSONAL_FIELDS.flatMap(field => [field, `*.${field}`, `*.*.${field}`])
}

class BoundedDestination {
  linesDropped = 0
  readonly #output: LogOutput
  readonly #pretty: PrettyLine | null

  constructor(output: LogOutput, pretty: PrettyLine | null) {
    this.#output = output
    this.#pretty = pretty
    // A reader that is gone (EPIPE) costs the lines, not the process; `write` sees that the stream is no longer writable.
    output.stream.on('error', () => {})
  }

  write(line: string): void {
    const { stream, bufferedBytesMax = BUFFERED_BYTES_MAX } = this.#output
    if (!stream.writable || stream.writableLength + line.length > bufferedBytesMax) {
      this.linesDropped++
      return
    }
    const visible = withVisibleControls(line)
    stream.write(this.#pretty === null ? visible : this.#pretty(visible))
  }
}

function flush(stream: Writable, timeoutMs: number): Promise<void> {
  if (!stream.writable || stream.writableLength === 0) return Promise.resolve()
  return new Promise(resolve => {
    const deadline = setTimeout(resolve, timeoutMs)
    stream.write('', () => {
      clearTimeout(deadline)
      resolve()
    })
  })
}
