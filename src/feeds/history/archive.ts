/**
 * Versions of lists as they were in force, and beside them what guards kept back of each: `<data>/archive/<feed>/<sha256>.zst`, for going back to one, for
 * telling what changed, and for proving what was listed on a day. Only their owner may read them.
 *
 * Owns: what is kept and what goes: never what is in force, nor what a feed was rolled back to; then the oldest first.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { makeFolder } from '../../platform/make-folder.ts'
import { sha256Of } from '../../platform/sha256.ts'
import { writeSynced, writeWhole } from '../../platform/write-whole.ts'
import type { OctetSource } from '../feed-file.ts'
import { FeedRefused } from '../reader.ts'

const CHUNK_OCTETS = 1024 * 1024
/** Of a version, unpacked. */
const VERSION_OCTETS_MAX = 1024 ** 3
const EXTENSION = '.zst'

function folderOf(dataFolder: string, feed: string): string {
  return join(dataFolder, 'archive', encodeURIComponent(feed))
}

export function archivedPath(dataFolder: string, feed: string, sha256: string): string {
  return join(folderOf(dataFolder, feed), `${sha256}${EXTENSION}`)
}

/** What says which octets are meant: a line of the history, or a decision. */
export interface HasArchived {
  readonly feed: string
  readonly sha256: string
  readonly guards?: { readonly list: string | null }
}

/** The hashes of what is kept for it: a version, and the list of what guards kept back of it. */
export function archivedOf({ sha256, guards }: HasArchived): string[] {
  return [sha256, guards?.list ?? []].flat()
}

/**
 * Keeps a version; one that is kept already costs nothing. Throws what the file system or the source says. In the calling thread, a zstd frame for each piece (RFC 8878, section 3: what is
 * unpacked is all of them): helper threads would not give way as it does.
 */
export function archive(dataFolder: string, feed: string, sha256: string, source: OctetSource): void {
  const path = archivedPath(dataFolder, feed, sha256)
  if (existsSync(path)) return
  makeFolder(folderOf(dataFolder, feed))
  const temporary = `${path}.new`
  writeSynced(temporary, file => {
    for (const chunk of chunksOf(source)) writeWhole(file, zstdCompressSync(chunk))
    // A file without a frame could not be read: an empty version has this one.
    writeWhole(file, zstdCompressSync(new Uint8Array(0)))
  })
  renameSync(temporary, path)
}

/** A source in pieces that stay as they are when the next is read. */
export function* chunksOf(source: OctetSource): Generator<Uint8Array> {
  for (;;) {
    const chunk = new Uint8Array(CHUNK_OCTETS)
    const read = source.read(chunk)
    if (read === 0) return
    yield chunk.subarray(0, read)
  }
}

/** A version that was kept, to its last octet. Throws `FeedRefused` where it is not there, or no longer what it was. */
export function openArchived(dataFolder: string, feed: string, sha256: string): OctetSource {
  const path = archivedPath(dataFolder, feed, sha256)
  if (!existsSync(path)) throw new FeedRefused(`version ${sha256.slice(0, 12)} of ${feed} is not kept any more`)
  let octets: Buffer
  try {
    octets = zstdDecompressSync(readFileSync(path), { maxOutputLength: VERSION_OCTETS_MAX })
  } catch (error) {
    throw new FeedRefused(`${path} is damaged: ${(error as Error).message}`)
  }
  // One that was cut off behind a frame unpacks as well.
  if (sha256Of(octets) !== sha256) throw new FeedRefused(`${path} is not what history says of it`)
  return memorySource(path, octets)
}

export function memorySource(path: string, octets: Uint8Array): OctetSource {
  let at = 0
  return {
    path,
    read(into) {
      const part = octets.subarray(at, at + into.length)
      into.set(part)
      at += part.length
      return part.length
    },
  }
}

export interface Keeping {
  /** How long a version is kept after another has taken its place. */
  readonly keepMs: number
  /** Octets that all versions together may take. */
  readonly octetsMax: number
}

/** For who only wants an image. */
export const KEEP_NOTHING: Keeping = { keepMs: 0, octetsMax: 0 }

export interface KeptVersion {
  readonly feed: string
  readonly sha256: string
  /** When it went out of force, in milliseconds since 1970; null: it is in force, or somebody went back to it. */
  readonly endedMs: number | null
}

/** Removes what is too old or too much. `versions` are those that history knows; what it does not know goes. */
export function prune(
  dataFolder: string,
  versions: readonly KeptVersion[],
  { keepMs, octetsMax }: Keeping,
  nowMs: number,
): void {
  const ended = new Map(versions.map(own => [archivedPath(dataFolder, own.feed, own.sha256), own.endedMs]))
  const files = filesIn(dataFolder).map(file => ({
    ...file,
    endedMs: ended.get(file.path) ?? (ended.has(file.path) ? null : 0),
  }))
  let octets = files.reduce((sum, file) => sum + file.octets, 0)
  const removable = files.filter(file => file.endedMs !== null).sort((a, b) => a.endedMs! - b.endedMs!)
  for (const { path, octets: own, endedMs } of removable) {
    if (octets <= octetsMax && endedMs! > nowMs - keepMs) continue
    rmSync(path, { force: true })
    octets -= own
  }
}

function filesIn(dataFolder: string): { path: string; octets: number }[] {
  const root = join(dataFolder, 'archive')
  if (!existsSync(root)) return []
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .map(path => ({ path, octets: statSync(path).size }))
}
