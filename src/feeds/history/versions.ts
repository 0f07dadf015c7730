/** The versions that a feed has had, and finding one by what a person calls it. */
import type { FeedSettings } from '../../settings/settings.ts'
import type { OctetSource } from '../feed-file.ts'
import { copyBefore, lastGoodPath, openLastGood, originOf } from '../last-good.ts'
import { FeedRefused } from '../reader.ts'
import { memorySource, openArchived } from './archive.ts'
import type { HistoryLine } from './chain.ts'

const CHUNK_OCTETS = 1024 * 1024
const SEQ = /^\d{1,7}$/
const PREFIX = /^[0-9a-f]{8,64}$/

export function linesOf(lines: readonly HistoryLine[], feed: string): HistoryLine[] {
  return lines.filter(line => line.feed === feed && line.act === 'in force')
}

/** By its number in the history or the first eight digits or more of its hash. Throws TypeError where that is none, or not one. */
export function findVersion(lines: readonly HistoryLine[], feed: string, wanted: string): HistoryLine {
  const own = linesOf(lines, feed)
  const found = SEQ.test(wanted)
    ? own.filter(line => line.seq === Number(wanted))
    : PREFIX.test(wanted)
      ? own.filter(line => line.sha256.startsWith(wanted))
      : []
  const last = found.at(-1)
  if (last === undefined)
    throw new TypeError(`${feed} has had no version ${JSON.stringify(wanted)}: see qalqan feeds history ${feed}`)
  if (found.some(line => line.sha256 !== last.sha256))
    throw new TypeError(`more than one version begins with ${wanted}`)
  return last
}

/** The newest of another content than the one in force. */
export function versionBefore(lines: readonly HistoryLine[], feed: string): HistoryLine | null {
  const own = linesOf(lines, feed)
  return own.findLast(line => line.sha256 !== own.at(-1)!.sha256) ?? null
}

/** From the archive, or, for one in force that is not there, from the last good copy. Throws `FeedRefused`. */
export function openVersion(dataFolder: string, feed: FeedSettings, sha256: string): OctetSource {
  try {
    return openArchived(dataFolder, feed.name, sha256)
  } catch (error) {
    const copy = copyOf(dataFolder, feed, sha256)
    if (copy === null || !(error instanceof FeedRefused)) throw error
    return copy
  }
}

function copyOf(dataFolder: string, feed: FeedSettings, sha256: string): OctetSource | null {
  const path = lastGoodPath(dataFolder, feed.name)
  for (const one of [path, copyBefore(path)]) {
    const copy = openLastGood(one, originOf(feed))
    if (copy === null) continue
    try {
      if (copy.sha256 === sha256) return memorySource(one, wholeOf(copy.file))
    } finally {
      copy.file.close()
    }
  }
  return null
}

export function wholeOf(source: OctetSource): Uint8Array {
  const parts: Uint8Array[] = []
  for (;;) {
    const chunk = new Uint8Array(CHUNK_OCTETS)
    const read = source.read(chunk)
    if (read === 0) return Buffer.concat(parts)
    parts.push(chunk.subarray(0, read))
  }
}
