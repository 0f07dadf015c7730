/** The versions that a feed has had, and finding one by what a person calls it. */
import type { FeedSettings } from '../../settings/settings.ts'
import type { OctetSource } from '../feed-file.ts'
import { openCopyOf } from '../last-good.ts'
import { FeedRefused } from '../reader.ts'
import { chunksOf, memorySource, openArchived } from './archive.ts'
import type { HistoryLine } from './chain.ts'

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
  const copy = openCopyOf(dataFolder, feed, sha256)
  if (copy === null) return null
  try {
    return memorySource(copy.file.path, wholeOf(copy.file))
  } finally {
    copy.file.close()
  }
}

/** Everything that a source has. */
export function wholeOf(source: OctetSource): Uint8Array {
  return Buffer.concat([...chunksOf(source)])
}
