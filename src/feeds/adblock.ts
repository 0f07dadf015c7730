/**
 * Reads Adblock-style lists, as far as their rules can be DNS rules.
 *
 * `||name^` covers the name and all below it, `||*.name^` what is below it, `|name^` and a bare `name` the name alone; `@@` before any
 * of them allows. Rules about parts of pages, paths, kinds of requests, or by patterns are skipped, each for a stated reason. Lines of hosts
 * files among them are read as such.
 */
import { isIP } from 'node:net'
import { BELOW, EXACT, type Extent, SUBTREE } from './entry.ts'
import { EntryWriter } from './entry-writer.ts'
import { HostsReader } from './hosts.ts'
import { skipBlanks, textOf, trimEnd, wordEnd } from './octet-text.ts'
import type { FeedReader, ReaderContext } from './reader.ts'

const BAR = 0x7c
const CARET = 0x5e
const BANG = 0x21
const HASH = 0x23

/** Modifiers under which a rule still says: this whole name. */
const WHOLE_NAME = new Set(['important', 'all', 'document', 'doc'])
/** `##.banner`; a row of `#` or `## words` is a comment. */
const GENERIC_COSMETIC = /^#@?[?$%]{0,2}#[^\s#]/
const COSMETIC = /#@?[?$%]{0,2}#|\$\$|\$@\$|#@?%#/

export function readAdblock(context: ReaderContext): FeedReader {
  return new AdblockReader(context)
}

class AdblockReader implements FeedReader {
  private readonly writer: EntryWriter
  private readonly hosts: HostsReader
  private readonly bareExtent: Extent

  constructor(context: ReaderContext) {
    this.writer = new EntryWriter(context.sink)
    this.hosts = new HostsReader(context)
    this.bareExtent = context.subdomains === true ? SUBTREE : EXACT
  }

  line(bytes: Uint8Array, at: number, end: number, number: number): void {
    const start = skipBlanks(bytes, at, end)
    const stop = trimEnd(bytes, start, end)
    if (start === stop || bytes[start] === BANG) return
    // The form of nearly every line, without a string.
    if (bytes[start] === BAR && bytes[start + 1] === BAR && bytes[stop - 1] === CARET) {
      const nameEnd = trimEnd(bytes, start + 2, stop - 1)
      if (isAllName(bytes, start + 2, nameEnd)) {
        this.writer.block(bytes, start + 2, nameEnd, SUBTREE, null, number)
        return
      }
    }
    this.uncommon(bytes, start, stop, number)
  }

  finish(): void {}

  private uncommon(bytes: Uint8Array, at: number, end: number, number: number): void {
    const text = textOf(bytes, at, end)
    if (text === null) {
      if (bytes[at] !== HASH) this.writer.bad(bytes, at, end, 'not valid UTF-8', number)
      return
    }
    if (/^\[[^\]]*\]$/.test(text)) return // [Adblock Plus 2.0]
    if (text.startsWith('#') && !GENERIC_COSMETIC.test(text)) return
    if (COSMETIC.test(text)) {
      this.writer.sink.skip(number, 'hides a part of a page')
      return
    }
    if (isIP(text.slice(0, wordEnd(bytes, at, end) - at)) !== 0 && hasBlank(bytes, at, end)) {
      this.hosts.line(bytes, at, end, number)
      return
    }
    this.rule(bytes, at, end, text.replace(/\s+#.*$/, ''), number)
  }

  private rule(bytes: Uint8Array, at: number, end: number, text: string, number: number): void {
    const rule = parseRule(text)
    if (typeof rule === 'string') {
      this.writer.sink.skip(number, rule)
      return
    }
    const extent = rule.extent ?? this.bareExtent
    const name = Buffer.from(rule.name)
    if (rule.allow) this.writer.allow(name, 0, name.length, extent, null, number)
    else if (name.length === 0) this.writer.bad(bytes, at, end, 'a rule without a name', number)
    else this.writer.block(name, 0, name.length, extent, null, number)
  }
}

interface AdblockRule {
  readonly allow: boolean
  readonly name: string
  /** Null for a bare name. */
  readonly extent: Extent | null
}

/** The rule in a line, or the reason to skip it. Whether its name is one is not decided here. */
function parseRule(text: string): AdblockRule | string {
  const allow = text.startsWith('@@')
  const body = allow ? text.slice(2) : text
  if (/^\/.*\/(?:\$|$)/.test(body)) return 'a regular expression'
  const dollar = body.indexOf('$')
  const pattern = dollar < 0 ? body : body.slice(0, dollar)
  const problem = dollar < 0 ? null : modifierProblem(body.slice(dollar + 1), allow)
  return problem ?? parsePattern(pattern, allow)
}

function modifierProblem(text: string, allow: boolean): string | null {
  const modifiers = text.split(',').map(modifier => modifier.trim().toLowerCase())
  if (modifiers.includes('badfilter')) return 'cancels another rule ($badfilter)'
  // An exception for documents alone does not lift the block of a name.
  if (allow) return modifiers.every(modifier => modifier === 'important') ? null : 'holds only for some requests'
  const whole = modifiers.some(modifier => WHOLE_NAME.has(modifier))
  return whole && modifiers.every(modifier => WHOLE_NAME.has(modifier) || modifier === 'popup')
    ? null
    : 'holds only for some requests'
}

function parsePattern(pattern: string, allow: boolean): AdblockRule | string {
  const [, anchor, rest] = /^(\|{0,2})(.*)$/s.exec(pattern) as unknown as [string, string, string]
  const [, name, tail] = /^([^^|]*)(.*)$/s.exec(rest) as unknown as [string, string, string]
  if (name.includes('/')) return 'about a path, not a whole name'
  if (!/^(?:\^?\|?)$/.test(tail)) return 'a pattern, not a name'
  if (/:\d+$/.test(name)) return 'about one port of a name'
  const below = name.startsWith('*.')
  const bare = below ? name.slice(2) : name
  if (/[*=&?~%]/.test(bare) || (bare.endsWith('.') && tail === '')) return 'a pattern, not a name'
  if (below) return { allow, name: bare, extent: BELOW }
  // Without an anchor it would match anywhere in a URL; only a whole name means what it says.
  if (anchor === '' && (tail !== '' || /^[^.\s]*$|^[-._]|[-_]$/.test(bare))) return 'a pattern, not a name'
  return { allow, name: bare, extent: anchor === '||' ? SUBTREE : anchor === '|' ? EXACT : null }
}

/** Nothing that makes a rule more than a name: a path, a port, a wildcard, a modifier, a blank. */
function isAllName(bytes: Uint8Array, at: number, end: number): boolean {
  for (let i = at; i < end; i++) {
    const octet = bytes[i]!
    // Letters, digits, hyphens, dots; the rest of a host name is `_`, and UTF-8.
    if ((octet | 0x20) >= 0x61 && (octet | 0x20) <= 0x7a) continue
    if (octet < 0x2d || octet === 0x2f || (octet > 0x39 && octet !== 0x5f && octet < 0x80)) return false
  }
  return end > at
}

function hasBlank(bytes: Uint8Array, at: number, end: number): boolean {
  return wordEnd(bytes, at, end) < end
}
