/**
 * What a line of a feed costs, from octets to the sink, for each format: encoding, hash, lines, reader, name.
 *
 * `run(size)` makes lists of so many entries, loads each from memory, prints nanoseconds a line, and returns a checksum over all
 * names and extents, so that work that was not done cannot go unnoticed.
 *
 * Last figures, 1,000,000 entries, Node 26.10, two Xeon cores shared with other work (load 1.9 to 2.5, so take them as upper bounds), ns a
 * line: domains 193, hosts 363, adblock 289, dnsmasq 298, unbound 330, rpz 471, urls 510, qalqan 4322.
 */
import { pathToFileURL } from 'node:url'
import type { RuleSink } from '../src/feeds/entry.ts'
import type { OctetSource } from '../src/feeds/feed-file.ts'
import { loadFeed } from '../src/feeds/load-feed.ts'
import type { FileFormat } from '../src/feeds/readers.ts'
import type { FeedSettings } from '../src/settings/settings.ts'

const LINES: readonly (readonly [FileFormat, head: string, line: (name: string, n: number) => string])[] = [
  ['domains', '# a list\n', name => name],
  ['hosts', '127.0.0.1 localhost\n', name => `0.0.0.0 ${name}`],
  ['adblock', '! a list\n', name => `||${name}^`],
  ['dnsmasq', '# a list\n', name => `address=/${name}/#`],
  ['unbound', 'server:\n', name => `local-zone: "${name}." always_null`],
  ['rpz', '$TTL 300\n@ SOA localhost. root.localhost. 1 3600 900 604800 300\n', name => `${name} CNAME .`],
  ['urls', '', (name, n) => `https://${name}/page/${n % 10}`],
  [
    'qalqan',
    '{"qalqan":1,"feed":"bench","serial":1,"issued":"2026-01-01T00:00:00Z"}\n',
    (name, n) => `{"host":"${name}","category":"illegal","case":"KZ-${n}","expires":"2027-01-01"}`,
  ],
]

/** The best counts: the first time includes compiling the code, and others may use the machine. */
const RUNS = 3

export function run(size: number, print: (line: string) => void = console.log): number {
  let checksum = 0
  for (const [format, head, line] of LINES) {
    const octets = Buffer.from(head + Array.from({ length: size }, (_, n) => `${line(nameOf(n), n)}\n`).join(''))
    const results = Array.from({ length: RUNS }, () => load(format, octets, size))
    checksum = results.reduce((sum, result) => (sum + result.sum) >>> 0, checksum)
    const nanoseconds = Math.min(...results.map(result => result.nanoseconds))
    print(
      `${format.padEnd(8)} ${nanoseconds.toFixed(0).padStart(5)} ns a line, ${(octets.length / size).toFixed(1)} octets`,
    )
  }
  print(`checksum ${checksum.toString(16)}`)
  return checksum
}

function load(format: FileFormat, octets: Uint8Array, size: number): { sum: number; nanoseconds: number } {
  const sink = new ChecksumSink()
  const report = loadFeed(feedOf(format), inMemory(octets), sink, { now: 0, clock: () => performance.now() })
  if (report.failure !== null || report.bad > 0 || sink.rules !== size)
    throw new Error(`${format}: ${sink.rules} of ${size} rules, ${report.bad} bad lines, ${report.failure}`)
  return { sum: sink.sum, nanoseconds: (report.durationMs * 1e6) / report.lines }
}

/** As long as names in lists are: 20 octets or so. */
function nameOf(n: number): string {
  return `${(Math.imul(n, 2654435761) >>> 0).toString(36)}.site${n % 977}.example`
}

class ChecksumSink implements RuleSink {
  readonly name = new Uint8Array(256)
  sum = 0
  rules = 0

  block(length: number, extent: number): void {
    this.rules++
    this.sum = (Math.imul(this.sum, 31) + this.name[1]! + (this.name[length >> 1]! << 8) + length + extent) | 0
  }

  allow(length: number, extent: number): void {
    this.block(length, extent)
  }

  page(length: number): void {
    this.block(length, 0)
  }

  skip(): void {}
  bad(): void {}
}

function inMemory(octets: Uint8Array): OctetSource {
  let at = 0
  return {
    path: 'memory',
    read(into) {
      const taken = octets.subarray(at, at + into.length)
      into.set(taken)
      at += taken.length
      return taken.length
    },
  }
}

function feedOf(format: FileFormat): FeedSettings {
  return {
    name: 'bench',
    source: 'memory',
    format,
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
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) run(Number(process.argv[2] ?? 1_000_000))
