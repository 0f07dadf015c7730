/**
 * The local copy of a zone that is taken by transfer: a zone file, its SOA in the first line. It is written anew beside its place, reaches the disk,
 * and takes the place of the former by a rename, so that a transfer that breaks off leaves nothing behind.
 *
 * A difference is applied while the former copy is read line by line: memory goes with the difference, not with the zone.
 */
import { createReadStream } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { makeFolder } from '../../platform/make-folder.ts'
import { FetchError } from '../remote/fetch-error.ts'
import type { Soa, ZoneChanges } from './zone-reader.ts'

const FLUSH_CHARACTERS = 1024 * 1024
/** Of one transfer of differences: more is cheaper as a whole zone. */
const CHANGES_MAX = 2_000_000
const SOA_LINE = /^(\S+)\. IN SOA \S+ \S+ (\d+) (\d+) (\d+) (\d+) \d+$/

export type HeldZone = Pick<Soa, 'serial' | 'refresh' | 'retry' | 'expire'>

/** What the copy in place is of; null where there is none, or one of another zone. */
export async function heldZone(path: string, zone: string): Promise<HeldZone | null> {
  for await (const line of linesOf(path)) {
    const found = SOA_LINE.exec(line)
    if (found === null || found[1] !== zone) return null
    const [serial, refresh, retry, expire] = found.slice(2).map(Number)
    return { serial: serial!, refresh: refresh!, retry: retry!, expire: expire! }
  }
  return null
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const stream = createReadStream(path)
  try {
    yield* createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  } finally {
    stream.destroy()
  }
}

/** Takes up the changes of one transfer. `drain` after each message, then `keep` or `discard`. */
export class ZoneCopy implements ZoneChanges {
  private readonly path: string
  private readonly octetsMax: number
  private file: FileHandle | null = null
  private pending = ''
  private octets = 0
  private soa: Soa | null = null
  private isWhole = true
  private readonly removed = new Set<string>()
  private readonly added = new Set<string>()

  constructor(path: string, octetsMax: number) {
    this.path = path
    this.octetsMax = octetsMax
  }

  full(soa: Soa): void {
    this.soa = soa
    this.write(soa.line)
  }

  difference(soa: Soa): void {
    this.soa = soa
    this.isWhole = false
  }

  add(line: string): void {
    if (this.isWhole) return this.write(line)
    if (!this.removed.delete(line)) this.added.add(line)
    this.checkChanges()
  }

  remove(line: string): void {
    if (!this.added.delete(line)) this.removed.add(line)
    this.checkChanges()
  }

  private checkChanges(): void {
    if (this.added.size + this.removed.size > CHANGES_MAX)
      throw new FetchError('transfer', `more than ${CHANGES_MAX} differences`)
  }

  private write(line: string): void {
    this.octets += line.length + 1
    if (this.octets > this.octetsMax) throw new FetchError('size', `more than ${this.octetsMax} octets`)
    this.pending += `${line}\n`
  }

  /** Lets what has gathered reach the file. */
  async drain(): Promise<void> {
    if (this.pending.length >= FLUSH_CHARACTERS) await this.flush()
  }

  private async flush(): Promise<void> {
    if (this.file === null) {
      makeFolder(dirname(this.path))
      this.file = await open(this.temporary, 'w', 0o600)
    }
    const text = this.pending
    this.pending = ''
    await this.file.write(text)
  }

  /** Puts the new version in place. */
  async keep(): Promise<void> {
    if (!this.isWhole) await this.applyDifference()
    await this.flush()
    await this.file!.sync()
    await this.close()
    await rename(this.temporary, this.path)
  }

  private async applyDifference(): Promise<void> {
    let isFirst = true
    for await (const line of linesOf(this.path)) {
      if (isFirst) this.write(this.soa!.line)
      // A record that comes although it is there is there once.
      else if (!this.removed.delete(line) && !this.added.has(line)) this.write(line)
      isFirst = false
      await this.drain()
    }
    if (this.removed.size > 0)
      throw new FetchError('transfer', `${this.removed.size} records are to go that are not there`)
    for (const line of this.added) this.write(line)
  }

  async discard(): Promise<void> {
    await this.close()
    await rm(this.temporary, { force: true })
  }

  private async close(): Promise<void> {
    await this.file?.close()
    this.file = null
  }

  private get temporary(): string {
    return `${this.path}.new`
  }
}
