/**
 * Tells a feed's format from its first lines (`format: auto`), and what is no list at all from any list.
 *
 * Each of the first 200 lines that are not comments has one shape: an Adblock rule, an address with a name, a record, a URL, a bare
 * name, and so on. The format with most of them wins; of equals the one that stands first in `FORMATS`. Two formats hold bare names
 * among their own shapes: where one line in ten has a path, the list is one of URLs, because to read it as domains would block whole
 * sites for single pages; where one in ten is an Adblock rule, it is an Adblock list. The file's name says nothing.
 */
import { isIP } from 'node:net'
import { shown } from './octet-text.ts'
import type { FileFormat } from './readers.ts'

const FORMATS: readonly FileFormat[] = ['qalqan', 'rpz', 'unbound', 'dnsmasq', 'adblock', 'hosts', 'urls', 'domains']
const LINES_LOOKED_AT = 200
/** Long licences stand before some lists; their first entries are found nevertheless. */
const SAMPLE_OCTETS = 256 * 1024
/** One such line in this many makes a list of bare names one of URLs, or of Adblock rules. */
const SHARE = 10

export type Detection = { readonly format: FileFormat } | { readonly problem: string }

/** `sample`: the beginning of the file in UTF-8. */
export function detectFormat(sample: Uint8Array): Detection {
  const lines = contentLines(sample)
  if (lines.length === 0) return { format: 'domains' }
  if (lines[0]!.startsWith('{')) return { format: 'qalqan' }
  const votes = countShapes(lines)
  mergeBareNames(votes)
  const format = FORMATS.reduce((best, next) => (votes[next] > votes[best] ? next : best))
  if (votes[format] === 0 || votes.unknown > 2 * votes[format])
    return { problem: `no format that is known: a line reads \`${shown(lines[0]!)}\`` }
  return { format }
}

/** Why a file cannot be a list in any format, or null. */
export function notAList(sample: Uint8Array): string | null {
  if (hasCompressedStart(sample) || isBinary(sample)) return 'a binary or compressed file, not a list'
  const text = decoded(sample.subarray(0, 4096)).trimStart()
  if (/^<[!?a-z]/i.test(text)) return 'an HTML or XML page, not a list'
  const isJson = /^\[\s*(?:["{[\d\]]|$)/.test(text) || (text.startsWith('{') && !/^\{[^\n]*"qalqan"/.test(text))
  return isJson ? "JSON that is not Qalqan's own list" : null
}

type Shape = FileFormat | 'unknown' | 'none'
type Votes = Record<Shape, number>

function countShapes(lines: readonly string[]): Votes {
  const votes = Object.fromEntries([...FORMATS, 'unknown', 'none'].map(shape => [shape, 0])) as Votes
  for (const line of lines) votes[shapeOf(line)]++
  return votes
}

/** Bare names were counted as `domains`. */
function mergeBareNames(votes: Votes): void {
  if (votes.adblock > 0 && votes.adblock * SHARE >= votes.adblock + votes.domains + votes.hosts) {
    votes.adblock += votes.domains + votes.hosts
    votes.domains = 0
    votes.hosts = 0
  }
  if (votes.urls * SHARE >= votes.urls + votes.domains && votes.urls > 0) {
    votes.urls += votes.domains
    votes.domains = 0
  }
}

const NAME = String.raw`(?:\*\.|\.)?[\w\u0080-\u{10ffff}-]+(?:\.[\w\u0080-\u{10ffff}-]+)+\.?`
const SHAPES: readonly (readonly [Shape, RegExp])[] = [
  ['adblock', /^(?:@@)?\||^\[Adblock|#@?[?$%]{0,2}#|\$(?:~?third-party|important|document|doc|all|script|popup)\b/i],
  ['unbound', /^(?:local-zone|local-data|local-data-ptr|server):/],
  ['dnsmasq', /^(?:address|server|local)=\//],
  ['rpz', /^\$(?:TTL|ORIGIN)\s/i],
  ['rpz', /^(?:\S+\s+)?(?:\d\w*\s+)?(?:IN\s+)?(?:\d\w*\s+)?(?:CNAME|SOA|NS|A|AAAA|TXT|MX)\s+\S/i],
  ['urls', /^[a-z][a-z0-9+.-]*:\/\//i],
  ['urls', new RegExp(`^${NAME}(?::\\d+)?[/?]`, 'u')],
  ['urls', new RegExp(`^${NAME}:\\d+$`, 'u')],
  ['domains', new RegExp(`^${NAME}\\s*(?:#.*)?$`, 'u')],
]

/** Numbers of a SOA that goes over several lines, and parentheses. */
const NO_SHAPE = /^[\d\s()]+[smhdw]?[\s)]*(?:;.*)?$/i

function shapeOf(line: string): Shape {
  if (NO_SHAPE.test(line)) return 'none'
  const [first, second] = line.split(/\s+/, 2)
  // An address alone stands in lists of names and of URLs; a hosts line has something behind it.
  if (isIP(first!) !== 0) return second === undefined || second.startsWith('#') ? 'none' : 'hosts'
  return SHAPES.find(([, pattern]) => pattern.test(line))?.[0] ?? 'unknown'
}

function contentLines(sample: Uint8Array): string[] {
  const lines = decoded(sample.subarray(0, SAMPLE_OCTETS)).split(/\r\n|\n|\r/)
  // The sample may end in the middle of a line.
  if (sample.length > SAMPLE_OCTETS) lines.pop()
  const content: string[] = []
  for (const line of lines) {
    const text = line
      .replace(/^\ufeff/, '')
      .trim()
      .slice(0, 4096)
    if (text !== '' && !/^(?:[#!;]|\/\/)/.test(text)) content.push(text)
    if (content.length === LINES_LOOKED_AT) break
  }
  return content
}

function decoded(sample: Uint8Array): string {
  return new TextDecoder('utf-8').decode(sample)
}

const COMPRESSED: readonly (readonly number[])[] = [
  [0x1f, 0x8b], // gzip
  [0x50, 0x4b, 0x03, 0x04], // zip
  [0x42, 0x5a, 0x68], // bzip2
  [0xfd, 0x37, 0x7a, 0x58, 0x5a], // xz
  [0x28, 0xb5, 0x2f, 0xfd], // zstd
]

function hasCompressedStart(sample: Uint8Array): boolean {
  // `BZh` could begin a name; what follows it in bzip2 is a digit and the digits of pi.
  return COMPRESSED.some(
    start => start.every((octet, i) => sample[i] === octet) && (start.length !== 3 || sample[4] === 0x31),
  )
}

const BINARY_CONTROLS_MIN = 8

/** Control characters other than those of text: a few spoil their lines, many are no text. */
function isBinary(sample: Uint8Array): boolean {
  const looked = sample.subarray(0, 8192)
  let controls = 0
  for (const octet of looked) if (octet < 0x09 || (octet > 0x0d && octet < 0x20 && octet !== 0x1b)) controls++
  return controls >= BINARY_CONTROLS_MIN && controls * 20 > looked.length
}
