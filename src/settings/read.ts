/**
 * The first of the three types of a configuration: text → an unknown value, and the way from its parts back to lines.
 *
 * Owns: everything about YAML and about the file as octets. Knows no key. The text may be hostile, so its size, its tokens, its
 * depth and its aliases are bounded before anything that costs more than one pass looks at it.
 */
import { isUtf8 } from 'node:buffer'
import { readFileSync, statSync } from 'node:fs'
import { type Document, isAlias, isMap, isScalar, isSeq, Lexer, type Node, type Pair, parseDocument, visit } from 'yaml'
import { type Fault, type Problem, quote, type Result, visible } from './problems.ts'

export const CONFIG_BYTES_MAX = 4 * 2 ** 20

/** About 75,000 lines; 4 MiB of nothing but brackets would take the YAML parser gigabytes. */
const TOKENS_MAX = 400_000
const DEPTH_MAX = 32
/** The YAML library walks the document for each alias. */
const ALIASES_MAX = 1000
/** What one alias may stand for, aliases in it counted through. */
const ALIAS_WEIGHT_MAX = 100
/** After the first few, errors of syntax are consequences of each other. */
const SYNTAX_ERRORS_MAX = 10

export interface Read {
  readonly value: unknown
  /** Keys that stand twice. The later one is in `value`. */
  readonly problems: readonly Problem[]
  /** A fault found in `value`, at its place in the text. */
  readonly locate: (fault: Fault) => Problem
}
export type ReadOutcome = Read | { readonly problems: readonly Problem[] }

/** Reads a file whole, as text. */
export function readText(file: string): Result<string> {
  try {
    const status = statSync(file)
    if (status.isDirectory()) return { why: 'is a directory, expected a file' }
    // A pipe or a device may have no end.
    if (!status.isFile()) return { why: 'is not a regular file' }
    if (status.size > CONFIG_BYTES_MAX) return { why: `is larger than ${CONFIG_BYTES_MAX / 2 ** 20} MiB` }
    return decode(readFileSync(file))
  } catch (error) {
    return { why: systemReason(error) }
  }
}

/** Why the file system refused, in words. */
export function systemReason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'no such file'
  if (code === 'EACCES' || code === 'EPERM') return 'no permission to read it'
  return `cannot be read (${code ?? visible(String(error))})`
}

export function decode(bytes: Uint8Array): Result<string> {
  if (bytes.length > CONFIG_BYTES_MAX) return { why: `is larger than ${CONFIG_BYTES_MAX / 2 ** 20} MiB` }
  if (isUtf8(bytes)) return { value: new TextDecoder('utf-8').decode(bytes) }
  let line = 1
  for (let start = 0; ; line++) {
    const end = bytes.indexOf(0x0a, start)
    if (end < 0 || !isUtf8(bytes.subarray(start, end))) return { why: `is not UTF-8 text (line ${line})` }
    start = end + 1
  }
}

/** `file` is only named in problems. */
export function readYaml(file: string, text: string): ReadOutcome {
  const place = placer(file)
  const excess = excessOf(text)
  if (excess !== null) return { problems: [place(1, 1, excess)] }
  try {
    return readDocument(text, place)
  } catch (error) {
    // The parser recurses: what the bounds above let through can still be deeper than the stack.
    if (error instanceof RangeError) return { problems: [place(1, 1, 'nested too deeply')] }
    return { problems: [place(1, 1, `not valid YAML: ${visible(String((error as Error).message))}`)] }
  }
}

type Place = (line: number, column: number, message: string) => Problem
const placer =
  (file: string): Place =>
  (line, column, message) => ({ file, line, column, message })

function readDocument(text: string, place: Place): ReadOutcome {
  const at = placeByOffset(text, place)
  // The core schema whatever `%YAML` says: in YAML 1.1 `no` is false and 53:30 is a number. Repeated keys are looked
  // for below, because the parser compares each with all others.
  const document = parseDocument(text, {
    prettyErrors: false,
    uniqueKeys: false,
    schema: 'core',
    resolveKnownTags: false,
  })

  const syntax = [...document.errors, ...document.warnings].slice(0, SYNTAX_ERRORS_MAX)
  if (syntax.length > 0) return { problems: syntax.map(error => at(error.pos[0], syntaxMessage(error, text))) }
  if (document.contents === null) return { problems: [place(1, 1, 'the file is empty')] }

  const { repeated, impossible } = inspectKeys(document, at)
  if (impossible.length > 0) return { problems: impossible }
  return {
    value: document.toJS({ maxAliasCount: ALIAS_WEIGHT_MAX }) as unknown,
    problems: repeated,
    locate: locator(document, at),
  }
}

/** The library's own counter of lines misses some after an error. */
function placeByOffset(text: string, place: Place): At {
  const starts = [0]
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) starts.push(end + 1)
  return (offset, message) => {
    const inside = Math.min(offset, text.length)
    let line = 0
    let after = starts.length
    while (after - line > 1) {
      const middle = (line + after) >> 1
      if (starts[middle]! <= inside) line = middle
      else after = middle
    }
    return place(line + 1, inside - starts[line]! + 1, message)
  }
}

function syntaxMessage(error: { code: string; message: string; pos: [number, number] }, text: string): string {
  if (error.code === 'MULTIPLE_DOCS') return 'expected one document, and here a second begins: leave out the line ---'
  const reason = `not valid YAML: ${visible(error.message.split('\n')[0]!)}`
  return BARE_BRACKETS.test(lineAround(text, error.pos[0])) ? `${reason} (${BRACKETS_NEED_QUOTES})` : reason
}

const BARE_BRACKETS = /(^|[^"'])\[[0-9a-fA-F]*:[0-9a-fA-F:.]*\]/
const BRACKETS_NEED_QUOTES = 'an IPv6 address in brackets stands in quotes, such as "[::1]:53"'

function lineAround(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const end = text.indexOf('\n', offset)
  return text.slice(start, Math.min(end < 0 ? text.length : end, start + 1000))
}

/** What the text has too much of, in one linear pass that builds nothing; null if it keeps to the bounds. */
function excessOf(text: string): string | null {
  let tokens = 0
  let aliases = 0
  let open = 0
  let indicatorsInLine = 0
  for (const token of new Lexer().lex(text)) {
    if (++tokens > TOKENS_MAX) return `too long: expected at most ${TOKENS_MAX} words and signs`
    if (token.startsWith('*') && ++aliases > ALIASES_MAX) return `expected at most ${ALIASES_MAX} aliases`
    if (token === '[' || token === '{') open++
    else if (token === ']' || token === '}') open--
    else if (token === '\n' || token === '\r\n') indicatorsInLine = 0
    else if (open === 0 && (token === '-' || token === '?' || token === ':')) indicatorsInLine++
    if (open > DEPTH_MAX || indicatorsInLine > DEPTH_MAX) return 'nested too deeply'
  }
  return null
}

type At = (offset: number, message: string) => Problem

/** Keys that stand twice in their mapping, and keys that no mapping of a configuration can have. */
function inspectKeys(document: Document, at: At): { repeated: Problem[]; impossible: Problem[] } {
  const repeated: Problem[] = []
  const impossible: Problem[] = []
  visit(document, {
    Map(_, map, ancestors) {
      if (ancestors.length > DEPTH_MAX) throw new RangeError('nested too deeply')
      const seen = new Set<string>()
      for (const { key } of map.items) {
        const offset = startOf(key as Node | null)
        if (!isScalar(key))
          impossible.push(at(offset, `a key is a word, not a list or a mapping (${BRACKETS_NEED_QUOTES})`))
        // JavaScript's own; no configuration needs it, and every library would have to be trusted with it.
        else if (key.value === '__proto__') impossible.push(at(offset, 'unknown key "__proto__"'))
        else if (seen.size === seen.add(keyText(key)).size)
          repeated.push(at(offset, `the key ${quote(keyText(key))} stands twice in this mapping`))
      }
    },
  })
  return { repeated, impossible }
}

/** A key as the value has it: the YAML library turns what is not text into text the same way. */
function keyText(key: unknown): string {
  const value = isScalar(key) ? key.value : null
  return value === null ? '' : String(value)
}

/** From paths to places. A path that leads to nothing, such as that of a missing key, ends at the last part that there is. */
function locator(document: Document, at: At): (fault: Fault) => Problem {
  const indexes = new WeakMap<object, Map<string, Pair>>()
  const pairIn = (map: { items: Pair[] }, key: string) => {
    const index = indexes.get(map) ?? new Map(map.items.map(pair => [keyText(pair.key), pair]))
    indexes.set(map, index)
    return index.get(key)
  }

  return ({ path, part, message }) => {
    let node = document.contents as Node | null
    let key: Node | null = null
    for (const [depth, segment] of path.entries()) {
      const container = isAlias(node) ? node.resolve(document) : node
      const pair = isMap(container) ? pairIn(container as { items: Pair[] }, String(segment)) : undefined
      const item = isSeq(container) ? (container.items[Number(segment)] as Node | undefined) : undefined
      if (pair === undefined && item === undefined) break
      key = pair === undefined ? null : (pair.key as Node)
      node = pair === undefined ? item! : (pair.value as Node | null)
      if (depth === path.length - 1 && part === 'key' && key !== null) return at(startOf(key), message)
    }
    // An empty value has no place of its own.
    return at(isEmpty(node) && key !== null ? startOf(key) : startOf(node), message)
  }
}

function startOf(node: Node | null): number {
  return node?.range?.[0] ?? 0
}

function isEmpty(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.range?.[0] === node.range?.[1])
}
