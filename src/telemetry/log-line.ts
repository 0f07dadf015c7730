/**
 * One line of the log, made fit to be looked at: control characters that a feed or a peer put into a string are shown, not obeyed.
 */
import { createRequire } from 'node:module'

/** From one line of JSON to the text of a terminal, final line feed included. */
export type PrettyLine = (line: string) => string

/** JSON writes C0 controls as escapes (`\n`, `\u001b`) but lets DEL, C1 and direction overrides stand raw; here they become escapes too. */
export function withVisibleControls(line: string): string {
  return RAW_CONTROLS.test(line) ? line.replace(ALL_RAW_CONTROLS, escapeUnit) : line
}

const RAW_CONTROLS = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/
const ALL_RAW_CONTROLS = new RegExp(RAW_CONTROLS, 'g')

function escapeUnit(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Null where pino-pretty is not installed. */
export function loadPretty(colorize = !process.env.NO_COLOR): PrettyLine | null {
  try {
    const { prettyFactory }: typeof import('pino-pretty') = createRequire(import.meta.url)('pino-pretty')
    const format = prettyFactory({ colorize, translateTime: 'SYS:HH:MM:ss', singleLine: true })
    return line => format(keptAsEscapes(line)).replaceAll(STACK_BREAK, '\n              at ')
  } catch {
    return null
  }
}

/** Doubles the backslash of every escape in a JSON text that stands for a control character, so that parsing leaves the escape. */
export function keptAsEscapes(line: string): string {
  return line.replace(/\\(.)/g, (written, unit: string) => ('\\"/'.includes(unit) ? written : `\\${written}`))
}

/** The line breaks of an error's stack, and nothing else, come back as breaks. */
const STACK_BREAK = '\\n    at '
