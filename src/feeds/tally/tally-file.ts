/**
 * What is counted of one list: `<data>/tallies/<feed>.tally`. How many entries came, were withdrawn and expired in each month, by cell (class, category,
 * basis); and for each cell a fingerprint of every rule in force, so that the next version can be compared with this one. Names are not in it, and
 * fingerprints are made with a key of the file's own.
 *
 * Owns: the file. It is written whole and put in place by a rename: counts and fingerprints are always of the same moment, so nothing is counted twice.
 *
 *     magic (16) │ octets of the head (4) │ head, JSON │ fingerprints, 8 octets each, by cell, ascending │ SHA-256 of all before (32)
 */
import { createHash } from 'node:crypto'
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { RuleClass } from '../../images/classes.ts'
import { makeFolder } from '../../platform/make-folder.ts'
import { writeSynced, writeWhole } from '../../platform/write-whole.ts'

const MAGIC = Buffer.from('Qalqan tally 01\n')
const LENGTH_OCTETS = 4
const CHECKSUM_OCTETS = 32
const HEAD_OCTETS_MAX = 64 * 1024 * 1024
const EXTENSION = '.tally'

export interface Cell {
  readonly class: RuleClass
  readonly category: string
  /** What entries themselves name as their legal basis; null: nothing, or it is not told. */
  readonly basis: string | null
}

export interface CellChange extends Cell {
  readonly added: number
  readonly withdrawn: number
  /** Those whose end had come. */
  readonly expired: number
}

export interface TallyHead {
  readonly feed: string
  /** Of what was counted, so that the same is not counted again. */
  readonly contents: string
  /** Of the fingerprints, hexadecimal. */
  readonly key: string
  /** ISO 8601: what months before have is the difference between versions, since nobody counted; null: all was counted. */
  readonly differencesUntil: string | null
  readonly cells: readonly (Cell & { readonly rules: number })[]
  /** By month, such as `2026-11`, UTC. */
  readonly months: Readonly<Record<string, readonly CellChange[]>>
}

export interface Tally extends TallyHead {
  /** One for each cell, ascending. */
  readonly fingerprints: readonly BigUint64Array[]
}

const folderOf = (dataFolder: string) => join(dataFolder, 'tallies')

export function tallyPath(dataFolder: string, feed: string): string {
  return join(folderOf(dataFolder), `${encodeURIComponent(feed)}${EXTENSION}`)
}

/** Null where there is none. Throws an Error for what is damaged. Memory: the fingerprints, once. */
export function readTally(path: string): Tally | null {
  if (!existsSync(path)) return null
  const fd = openSync(path, 'r')
  try {
    const start = readStart(fd, path)
    const head = headIn(start)
    const body = new BigUint64Array(head.cells.reduce((sum, { rules }) => sum + rules, 0))
    const octets = new Uint8Array(body.buffer)
    const checksum = Buffer.alloc(CHECKSUM_OCTETS)
    const isWhole =
      start.length + octets.length + CHECKSUM_OCTETS === fstatSync(fd).size &&
      fill(fd, octets, start.length) &&
      fill(fd, checksum, start.length + octets.length)
    if (!isWhole || !digestOf([start, octets]).equals(checksum)) throw damaged(path)
    return { ...head, fingerprints: cut(body, head.cells) }
  } catch (error) {
    throw error instanceof SyntaxError || error instanceof RangeError ? damaged(path) : error
  } finally {
    closeSync(fd)
  }
}

function cut(body: BigUint64Array, cells: TallyHead['cells']): BigUint64Array[] {
  let next = 0
  return cells.map(({ rules }) => {
    const from = next
    next += rules
    return body.subarray(from, next)
  })
}

/** Everything before the fingerprints. */
function readStart(fd: number, path: string): Buffer {
  const first = Buffer.alloc(MAGIC.length + LENGTH_OCTETS)
  if (!fill(fd, first, 0) || !first.subarray(0, MAGIC.length).equals(MAGIC)) throw damaged(path)
  const start = Buffer.alloc(first.length + Math.min(first.readUInt32LE(MAGIC.length), HEAD_OCTETS_MAX))
  if (!fill(fd, start, 0)) throw damaged(path)
  return start
}

function headIn(start: Buffer): TallyHead {
  return JSON.parse(start.toString('utf8', MAGIC.length + LENGTH_OCTETS)) as TallyHead
}

/** False where the file ends before. */
function fill(fd: number, into: Uint8Array, at: number): boolean {
  for (let filled = 0; filled < into.length; ) {
    const read = readSync(fd, into, filled, into.length - filled, at + filled)
    if (read === 0) return false
    filled += read
  }
  return true
}

function damaged(path: string): Error {
  return new Error(`${path} is damaged`)
}

/** Throws what the file system throws; then the file in place is as it was. */
export function writeTally(path: string, { fingerprints, ...head }: Tally): void {
  makeFolder(dirname(path))
  const text = Buffer.from(JSON.stringify(head))
  const length = Buffer.alloc(LENGTH_OCTETS)
  length.writeUInt32LE(text.length)
  const parts = [
    MAGIC,
    length,
    text,
    ...fingerprints.map(own => new Uint8Array(own.buffer, own.byteOffset, own.byteLength)),
  ]
  writeSynced(`${path}.new`, fd => {
    for (const part of [...parts, digestOf(parts)]) writeWhole(fd, part)
  })
  renameSync(`${path}.new`, path)
}

function digestOf(parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** What is counted of every list that there is or was. What cannot be read is left out: whoever counts next says so. */
export function tallyHeads(dataFolder: string): TallyHead[] {
  const folder = folderOf(dataFolder)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter(name => name.endsWith(EXTENSION))
    .sort()
    .flatMap(name => readHead(join(folder, name)) ?? [])
}

/** Null where there is none that can be read. */
export function readHead(path: string): TallyHead | null {
  let fd: number | null = null
  try {
    fd = openSync(path, 'r')
    return headIn(readStart(fd, path))
  } catch {
    return null
  } finally {
    if (fd !== null) closeSync(fd)
  }
}
