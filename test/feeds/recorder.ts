/** Reads a text through one reader, and says in plain words what came out. */
import type { EntryDetail, Extent, Network } from '../../src/feeds/entry.ts'
import { BELOW, EXACT } from '../../src/feeds/entry.ts'
import type { OctetSource } from '../../src/feeds/feed-file.ts'
import { loadFeed } from '../../src/feeds/load-feed.ts'
import type { FeedSink } from '../../src/feeds/reader.ts'
import type { FeedReport } from '../../src/feeds/report.ts'
import type { FeedFormat, FeedSettings } from '../../src/settings/settings.ts'
import { nameFromText, nameToText } from '../../src/wire/name.ts'

/** 2026-11-22T00:00:00Z */
export const NOW = Date.UTC(2026, 10, 22) / 1000

/**
 * `name` is it and all below, `=name` it alone, `*.name` only what is below; `@@` before it allows, `page ` and `expired ` are no rules; behind
 * it, what it asks to be answered with.
 */
export type RuleText = string

export interface Recorded {
  readonly rules: readonly RuleText[]
  readonly lines: readonly number[]
  readonly details: readonly (EntryDetail | null)[]
  readonly skips: readonly string[]
  readonly bads: readonly string[]
  readonly report: FeedReport
}

export class RecordingSink implements FeedSink {
  readonly name = new Uint8Array(256)
  rules: RuleText[] = []
  lines: number[] = []
  details: (EntryDetail | null)[] = []
  skips: string[] = []
  bads: string[] = []

  block(length: number, extent: Extent, detail: EntryDetail | null, line: number): void {
    this.add('', length, extent, detail, line)
  }

  allow(length: number, extent: Extent, detail: EntryDetail | null, line: number): void {
    this.add('@@', length, extent, detail, line)
  }

  page(length: number, detail: EntryDetail | null, line: number): void {
    this.add('page ', length, EXACT, detail, line)
  }

  expired(length: number, extent: Extent, detail: EntryDetail, line: number): void {
    this.add('expired ', length, extent, detail, line)
  }

  expiresAt(): void {}

  skip(line: number, why: string): void {
    this.skips.push(`${line}: ${why}`)
  }

  bad(line: number, why: string, _text: string): void {
    this.bads.push(`${line}: ${why}`)
  }

  prefix({ of, octets, bits }: Network, isAllow: boolean, detail: EntryDetail | null, line: number): void {
    const isIpv4 = octets.subarray(0, 10).every(octet => octet === 0) && octets[10] === 0xff
    const text = isIpv4
      ? `${octets.subarray(12).join('.')}/${bits - 96}`
      : `${Buffer.from(octets).toString('hex')}/${bits}`
    this.rules.push(`${isAllow ? '@@' : ''}${of === 'clients' ? 'clients ' : ''}${text}${answerText(detail)}`)
    this.lines.push(line)
    this.details.push(detail)
  }

  undo(): void {
    this.rules = []
    this.lines = []
    this.details = []
  }

  private add(prefix: string, length: number, extent: Extent, detail: EntryDetail | null, line: number): void {
    const name = this.name.slice(0, length)
    const text = nameToText(name)
    // What a reader gives is a name, lower case, and nothing follows its root label.
    const again = new Uint8Array(256)
    if (nameFromText(text, again) !== length || again.subarray(0, length).some((octet, i) => octet !== name[i]))
      throw new Error(`not a name in wire form: ${Buffer.from(name).toString('hex')}`)
    const covered = prefix === 'page ' ? text : extent === EXACT ? `=${text}` : extent === BELOW ? `*.${text}` : text
    this.rules.push(`${prefix}${covered}${answerText(detail)}`)
    this.lines.push(line)
    this.details.push(detail)
  }
}

function answerText(detail: EntryDetail | null): string {
  const answer = detail?.answer
  if (answer === undefined) return ''
  if (typeof answer === 'string') return ` ${answer}`
  return ` ${[...answer.ipv4, ...answer.ipv6].map(octets => Buffer.from(octets).toString('hex')).join(',')}`
}

export function feedSettings(over: Partial<FeedSettings> = {}): FeedSettings {
  return {
    name: 'test',
    source: '/nowhere/test.txt',
    format: 'auto',
    class: 'legal',
    category: 'illegal',
    scope: 'page',
    subdomains: null,
    answer: null,
    remote: null,
    transfer: null,
    limits: null,
    signature: null,
    mode: 'enforce' as const,
    ...over,
  }
}

/** `chunk`: how many octets the source gives at once at most. */
export function inMemory(octets: Uint8Array, chunk = Number.POSITIVE_INFINITY): OctetSource {
  let at = 0
  return {
    path: 'memory',
    read(into) {
      const taken = octets.subarray(at, at + Math.min(chunk, into.length))
      into.set(taken)
      at += taken.length
      return taken.length
    },
  }
}

export function readOctets(octets: Uint8Array, settings: Partial<FeedSettings> = {}, chunk?: number): Recorded {
  const sink = new RecordingSink()
  const report = loadFeed(feedSettings(settings), inMemory(octets, chunk), sink, {
    now: NOW,
    clock: () => 0,
    withUrls: true,
  })
  const { rules, lines, details, skips, bads } = sink
  return { rules, lines, details, skips, bads, report }
}

export function readText(format: FeedFormat, text: string, settings: Partial<FeedSettings> = {}): Recorded {
  return readOctets(Buffer.from(text), { format, ...settings })
}

/** Everything about one line as one list: its rules, `skip: why`, `bad: why`. */
export function readLine(format: FeedFormat, line: string, settings: Partial<FeedSettings> = {}): readonly string[] {
  const { rules, skips, bads } = readText(format, `${line}\n`, settings)
  const why = (kind: string, texts: readonly string[]) => texts.map(text => `${kind}: ${text.replace(/^\d+: /, '')}`)
  return [...rules, ...why('skip', skips), ...why('bad', bads)]
}
