/**
 * The filter image on disk: what was in force when the program last ran is in force again before a single list has been read.
 *
 * Owns: `<data>/image/filter.image`, written whole and put in place by a rename, with a checksum, and the one before it as `filter.image.1`. It
 * counts only for the feeds, categories and guards it was made with. Never: stops a start; what goes wrong is said, and the lists are read.
 *
 *     magic (16) │ octets of the description (4) │ description, JSON │ image │ SHA-256 of all before (32)
 */

import { createHash, type Hash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { FILTER_VERSION, HEADER, headerOf, mayBeFilter } from '../images/filter/layout.ts'
import { allocateForRandomReads } from '../platform/huge-pages.ts'
import { keepBefore, nameBefore } from '../platform/keep-before.ts'
import { makeFolder } from '../platform/make-folder.ts'
import { sha256Of } from '../platform/sha256.ts'
import { writeSynced, writeWhole } from '../platform/write-whole.ts'
import type { FeedSettings } from '../settings/settings.ts'
import type { NeverBlockNames } from './guards/never-block.ts'
import { piecesOf } from './handover.ts'
import type { FeedReport } from './report.ts'

const MAGIC = Buffer.from('Qalqan image 02\n')
const LENGTH_OCTETS = 4
const CHECKSUM_OCTETS = 32
const CHUNK_OCTETS = 1024 * 1024
const DESCRIPTION_OCTETS_MAX = 64 * 1024 * 1024

export interface SavedImage {
  readonly image: SharedArrayBuffer
  readonly reports: readonly FeedReport[]
  /** That names in the image were hashed with. */
  readonly seed: number
  /** Seconds since 1970. */
  readonly savedAt: number
}

interface Description {
  readonly fingerprint: string
  /** Of what is in the image, so that the same is not written again. */
  readonly contents: string
  readonly savedAt: number
  readonly imageOctets: number
  readonly reports: readonly SavedReport[]
}

type SavedReport = Omit<FeedReport, 'skippedBy'> & { readonly skippedBy: readonly (readonly [string, number])[] }

export interface MadeWith {
  readonly feeds: readonly FeedSettings[]
  readonly categories: readonly string[]
  readonly neverBlock: NeverBlockNames
}

/** An image made with anything else is another image. */
export function fingerprintOf({ feeds, categories, neverBlock }: MadeWith): string {
  return digestOf([FILTER_VERSION, feeds, categories, neverBlock])
}

function digestOf(value: unknown): string {
  return sha256Of(JSON.stringify(value))
}

export function savedImagePath(dataFolder: string): string {
  return join(dataFolder, 'image', 'filter.image')
}

/** Writes an image down, unless the one on disk is the same. Throws what the file system throws; then the one on disk is as it was. */
export function saveImage(
  dataFolder: string,
  fingerprint: string,
  { image, reports }: { readonly image: SharedArrayBuffer; readonly reports: readonly FeedReport[] },
  savedAt: number,
): void {
  const path = savedImagePath(dataFolder)
  const contents = digestOf(
    reports.map(({ name, sha256, blocked, allowed, expired }) => [name, sha256, blocked, allowed, expired]),
  )
  const before = descriptionIn(path)
  if (before?.fingerprint === fingerprint && before.contents === contents) return
  const saved = reports.map(report => ({ ...report, skippedBy: [...report.skippedBy] }))
  const description: Description = { fingerprint, contents, savedAt, imageOctets: image.byteLength, reports: saved }
  makeFolder(dirname(path))
  writeFile(`${path}.new`, Buffer.from(JSON.stringify(description)), image)
  if (before !== null) keepBefore(path)
  renameSync(`${path}.new`, path)
}

function writeFile(path: string, description: Buffer, image: SharedArrayBuffer): void {
  writeSynced(path, fd => {
    const hash = createHash('sha256')
    const write = (octets: Uint8Array) => {
      hash.update(octets)
      writeWhole(fd, octets)
    }
    const length = Buffer.alloc(LENGTH_OCTETS)
    length.writeUInt32LE(description.length)
    for (const octets of [MAGIC, length, description]) write(octets)
    for (const piece of piecesOf(image)) write(piece)
    writeWhole(fd, hash.digest())
  })
}

/** The newest whole image of this fingerprint, or null; and what is wrong with files that are there. */
export function openSavedImage(
  dataFolder: string,
  fingerprint: string,
): { readonly saved: SavedImage | null; readonly problems: readonly string[] } {
  const problems: string[] = []
  const path = savedImagePath(dataFolder)
  for (const one of [path, nameBefore(path)]) {
    try {
      const saved = readImage(one, fingerprint)
      if (saved !== null) return { saved, problems }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') problems.push(`${one}: ${(error as Error).message}`)
    }
  }
  return { saved: null, problems }
}

/** Null for an image of another fingerprint. Throws for what is damaged, and what the file system throws. */
function readImage(path: string, fingerprint: string): SavedImage | null {
  const fd = openSync(path, 'r')
  try {
    const file = new Reader(fd)
    const description = readDescription(file)
    if (description.fingerprint !== fingerprint) return null
    const image = readOctets(file, description.imageOctets)
    const found = file.hash.digest()
    const checksum = Buffer.alloc(CHECKSUM_OCTETS)
    file.fill(checksum, null)
    if (!found.equals(checksum) || file.at !== fstatSync(fd).size) throw new Error('it is damaged')
    return asImage(image, description)
  } finally {
    closeSync(fd)
  }
}

function asImage(image: SharedArrayBuffer, { reports, savedAt }: Description): SavedImage {
  const header = headerOf(image)
  // Generations count from the start of the program.
  header[HEADER.generation] = 0
  const restored = reports.map(report => ({ ...report, skippedBy: new Map(report.skippedBy) }))
  return { image, reports: restored, seed: header[HEADER.seed]! | 0, savedAt }
}

/** Reads on, and hashes what it reads. */
class Reader {
  at = 0
  readonly hash: Hash = createHash('sha256')
  private readonly fd: number

  constructor(fd: number) {
    this.fd = fd
  }

  fill(into: Uint8Array, hash: Hash | null = this.hash): void {
    for (let filled = 0; filled < into.length; ) {
      const read = readSync(this.fd, into, filled, into.length - filled, this.at)
      if (read === 0) throw new Error('it is not whole')
      filled += read
      this.at += read
    }
    hash?.update(into)
  }
}

function readDescription(file: Reader): Description {
  const head = Buffer.alloc(MAGIC.length + LENGTH_OCTETS)
  file.fill(head)
  const length = head.readUInt32LE(MAGIC.length)
  if (!head.subarray(0, MAGIC.length).equals(MAGIC) || length > DESCRIPTION_OCTETS_MAX) throw new Error('it is damaged')
  const text = Buffer.alloc(length)
  file.fill(text)
  const description = JSON.parse(text.toString()) as Description
  if (!mayBeFilter(description.imageOctets)) throw new Error('it is damaged')
  return description
}

function readOctets(file: Reader, octets: number): SharedArrayBuffer {
  const image = allocateForRandomReads(octets)
  const chunk = new Uint8Array(CHUNK_OCTETS)
  for (let at = 0; at < octets; at += CHUNK_OCTETS) {
    const part = chunk.subarray(0, Math.min(CHUNK_OCTETS, octets - at))
    file.fill(part)
    new Uint8Array(image, at, part.length).set(part)
  }
  return image
}

/** What the file in place says of itself, or null; its image may be damaged all the same. */
function descriptionIn(path: string): Description | null {
  try {
    const fd = openSync(path, 'r')
    try {
      return readDescription(new Reader(fd))
    } finally {
      closeSync(fd)
    }
  } catch {
    return null
  }
}
