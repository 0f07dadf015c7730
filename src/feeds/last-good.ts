/**
 * The copies of feeds as they were when they last loaded well.
 *
 * Owns: `<data>/feeds/<name>.last-good`: the feed's octets exactly as they were parsed, and a trailer with their number and SHA-256. A copy is
 * written beside its place while the source is parsed, reaches the disk, and takes the place of the former by a rename, so that at
 * any moment one whole copy is there. The one before it stays beside it, as `.last-good.1`, for the day when the disk has damaged the newest. Only
 * the owner may read them: a hotline's list must not spread.
 * Never: stops a feed from loading. What goes wrong here is a warning.
 */
import { closeSync, constants, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { keepBefore, nameBefore } from '../platform/keep-before.ts'
import { makeFolder } from '../platform/make-folder.ts'
import { sha256Of } from '../platform/sha256.ts'
import { writeWhole } from '../platform/write-whole.ts'
import type { FeedSettings } from '../settings/settings.ts'
import { FeedFile } from './feed-file.ts'
import { FeedRefused } from './reader.ts'

export function lastGoodPath(dataFolder: string, feedName: string): string {
  // Names are checked by the settings; whatever they let pass must not lead out of the folder.
  return join(dataFolder, 'feeds', `${encodeURIComponent(feedName)}.last-good`)
}

/** What a copy is a copy of: one of another source, or taken when nobody had to sign it, does not stand in for this. */
type Origin = Pick<FeedSettings, 'source' | 'remote' | 'transfer' | 'signature'>

export function originOf({ source, remote, transfer, signature }: Origin): string {
  const text = JSON.stringify([remote?.url ?? transfer?.zone ?? source, signature])
  return sha256Of(text).slice(0, ORIGIN_DIGITS)
}

const ORIGIN_DIGITS = 32
const TRAILER = /^\nqalqan last-good 2 sha256=([0-9a-f]{64}) origin=([0-9a-f]{32}) octets=(\d{15})\n$/
const TRAILER_OCTETS = trailerOf('0'.repeat(64), '0'.repeat(ORIGIN_DIGITS), 0).length

function trailerOf(sha256: string, origin: string, octets: number): string {
  return `\nqalqan last-good 2 sha256=${sha256} origin=${origin} octets=${String(octets).padStart(15, '0')}\n`
}

export interface LastGood {
  readonly file: FeedFile
  /** What the octets of `file` must come to. */
  readonly sha256: string
}

/** The copy; null where there is none, or one of something else. Throws `FeedRefused` for one that is not whole. The caller closes the file. */
export function openLastGood(path: string, origin: string): LastGood | null {
  const file = openIfThere(path)
  if (file === null) return null
  const trailer = new Uint8Array(TRAILER_OCTETS)
  const at = file.size - TRAILER_OCTETS
  const read = at < 0 ? 0 : file.readAt(trailer, at)
  const found = TRAILER.exec(Buffer.from(trailer.subarray(0, read)).toString('latin1'))
  const isWhole = found !== null && Number(found[3]) === at
  if (isWhole && found[2] === origin) return { file, sha256: found[1]! }
  file.close()
  if (isWhole) return null
  throw new FeedRefused(`${path} is damaged`)
}

/** The newest copy of a feed with these octets, or null. Throws as `openLastGood` does. The caller closes the file. */
export function openCopyOf(
  dataFolder: string,
  feed: Origin & Pick<FeedSettings, 'name'>,
  sha256: string,
): LastGood | null {
  const path = lastGoodPath(dataFolder, feed.name)
  for (const one of [path, nameBefore(path)]) {
    const copy = openLastGood(one, originOf(feed))
    if (copy?.sha256 === sha256) return copy
    copy?.file.close()
  }
  return null
}

function openIfThere(path: string): FeedFile | null {
  try {
    return new FeedFile(path, size => Math.max(0, size - TRAILER_OCTETS))
  } catch (error) {
    if (error instanceof FeedRefused && error.message.endsWith('no such file')) return null
    throw error
  }
}

/** A copy in the making. Its methods never throw; the first thing that goes wrong is in `warning`, and nothing is kept then. */
export class Keeper {
  warning: string | null = null
  private readonly path: string
  private readonly origin: string
  private fd = -1

  constructor(path: string, origin: string) {
    this.path = path
    this.origin = origin
    this.attempt(() => {
      makeFolder(dirname(path))
      const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants
      this.fd = openSync(this.temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600)
    })
  }

  write(octets: Uint8Array): void {
    this.attempt(() => writeWhole(this.fd, octets))
  }

  /** What was written loaded well: it takes the place of the former copy. */
  keep(sha256: string, octets: number): void {
    if (isKept(this.path, this.origin, sha256)) {
      this.discard()
      return
    }
    this.attempt(() => {
      writeWhole(this.fd, Buffer.from(trailerOf(sha256, this.origin, octets)))
      fsyncSync(this.fd)
      this.close()
      keepWhole(this.path)
      renameSync(this.temporary, this.path)
      syncFolder(dirname(this.path))
    })
  }

  discard(): void {
    this.close()
    try {
      rmSync(this.temporary, { force: true })
    } catch {
      // The next copy overwrites it.
    }
  }

  private get temporary(): string {
    return `${this.path}.new`
  }

  private attempt(act: () => void): void {
    if (this.warning !== null) return
    try {
      act()
    } catch (error) {
      this.warning = `no copy is kept for bad times: ${(error as Error).message}`
      this.discard()
    }
  }

  private close(): void {
    if (this.fd >= 0) closeSync(this.fd)
    this.fd = -1
  }
}

/** Whether the copy in place has these octets already: an unchanged feed costs no write to the disk's journal. */
function isKept(path: string, origin: string, sha256: string): boolean {
  try {
    const kept = openLastGood(path, origin)
    kept?.file.close()
    return kept?.sha256 === sha256
  } catch {
    return false
  }
}

/** A damaged copy does not push a whole one out. */
function keepWhole(path: string): void {
  try {
    if (isWholeFile(path)) keepBefore(path)
  } catch {
    // The first copy has none before it.
  }
}

function isWholeFile(path: string): boolean {
  try {
    // Of whatever origin: what counts is that its trailer is there.
    openLastGood(path, '')?.file.close()
    return true
  } catch {
    return false
  }
}

function syncFolder(path: string): void {
  const fd = openSync(path, constants.O_RDONLY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
