/**
 * One feed from octets to a sink: encoding, format, lines, reader, report.
 *
 * Owns: the order of these steps and the one buffer they share. It does not know where octets come from or what becomes of a failure:
 * a report with `failure` says that what the sink was given is not to be used.
 * Runs to its end without a pause, so it belongs on a thread that answers nobody.
 */
import { createHash, type Hash } from 'node:crypto'
import type { FeedSettings } from '../settings/settings.ts'
import { detectFormat, notAList } from './detect.ts'
import { detectEncoding, type Transcoder, transcoderFor } from './encoding.ts'
import type { RuleSink } from './entry.ts'
import type { OctetSource } from './feed-file.ts'
import { LineSplitter, type LineTarget } from './lines.ts'
import { shownText } from './octet-text.ts'
import { type FeedReader, FeedRefused } from './reader.ts'
import { type FileFormat, lineOctetsMax, READERS } from './readers.ts'
import { type FeedReport, reportOf, Tally } from './report.ts'

const CHUNK_OCTETS = 1024 * 1024

export interface LoadOptions {
  /** Whole seconds since 1970: what expires then or before is no rule. */
  readonly now: number
  /** Milliseconds that never go back. */
  readonly clock: () => number
  /** Sees every octet that is read, in order. */
  readonly tap?: (octets: Uint8Array) => void
  readonly withUrls?: boolean
}

/** Throws only what the sink throws. */
export function loadFeed(feed: FeedSettings, source: OctetSource, sink: RuleSink, options: LoadOptions): FeedReport {
  const started = options.clock()
  const loading = new Loading(feed, source, new Tally(sink), options)
  const refusal = loading.run()
  return reportOf(feed, loading.tally, {
    source: source.path,
    format: loading.format,
    octets: loading.octets,
    sha256: loading.octets === 0 ? '' : loading.hash.digest('hex'),
    lines: loading.splitter?.count ?? 0,
    durationMs: options.clock() - started,
    failure: refusal?.message ?? null,
    cause: refusal?.kind ?? null,
  })
}

class Loading implements LineTarget {
  readonly hash: Hash = createHash('sha256')
  readonly tally: Tally
  format: FileFormat | null = null
  octets = 0
  splitter: LineSplitter | null = null
  private readonly feed: FeedSettings
  private readonly source: OctetSource
  private readonly options: LoadOptions
  private readonly chunk = new Uint8Array(CHUNK_OCTETS)
  private reader: FeedReader | null = null

  constructor(feed: FeedSettings, source: OctetSource, tally: Tally, options: LoadOptions) {
    this.feed = feed
    this.source = source
    this.tally = tally
    this.options = options
  }

  /** Why the feed cannot be used, or null. */
  run(): FeedRefused | null {
    try {
      this.readAll()
      const refusal = this.tally.refusal(this.feed.limits?.bad ?? null)
      return refusal === null ? null : new FeedRefused(refusal, 'bad-lines')
    } catch (error) {
      if (error instanceof FeedRefused) return error
      throw error
    }
  }

  line(bytes: Uint8Array, at: number, end: number, number: number): void {
    this.reader!.line(bytes, at, end, number)
  }

  overlong(bytes: Uint8Array, at: number, end: number, number: number): void {
    this.tally.bad(number, `a line over ${lineOctetsMax(this.format!)} octets`, shownText(bytes, at, end))
  }

  private readAll(): void {
    const first = this.next()
    if (first.length === 0) throw new FeedRefused('an empty file')
    const transcoder = transcoderFor(detectEncoding(first))
    const text = transcoder.push(first)
    this.format = formatOf(this.feed, text)
    this.reader = READERS[this.format]({
      sink: this.tally,
      scope: this.feed.scope,
      subdomains: this.feed.subdomains,
      now: this.options.now,
      withUrls: this.options.withUrls ?? false,
    })
    this.splitter = new LineSplitter(this, lineOctetsMax(this.format))
    this.readLines(text, transcoder, this.splitter)
    this.reader.finish()
  }

  private readLines(first: Uint8Array, transcoder: Transcoder, splitter: LineSplitter): void {
    splitter.push(first, 0, first.length)
    for (let octets = this.next(); octets.length > 0; octets = this.next()) {
      const text = transcoder.push(octets)
      splitter.push(text, 0, text.length)
    }
    const rest = transcoder.finish()
    splitter.push(rest, 0, rest.length)
    splitter.finish()
  }

  private next(): Uint8Array {
    const octets = this.chunk.subarray(0, this.source.read(this.chunk))
    this.octets += octets.length
    this.hash.update(octets)
    this.options.tap?.(octets)
    return octets
  }
}

function formatOf(feed: FeedSettings, sample: Uint8Array): FileFormat {
  const problem = notAList(sample)
  if (problem !== null) throw new FeedRefused(problem)
  if (feed.format !== 'auto') return feed.format
  const found = detectFormat(sample)
  if ('problem' in found) throw new FeedRefused(found.problem)
  return found.format
}
