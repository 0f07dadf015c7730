/**
 * A feed's octets from a file, read once from beginning to end.
 *
 * Owns: what may be opened as a feed (a regular file), whether it was written to while it was read, and the sentence for each way to fail.
 */
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { FeedRefused } from './reader.ts'

export interface OctetSource {
  /** What it is called in reports. */
  readonly path: string
  /** Fills `into` as far as there are octets and returns how many there were: 0 at the end. */
  read(into: Uint8Array): number
}

/** Throws `FeedRefused` for what cannot be opened. */
export function openFeedFile(path: string): FeedFile {
  return new FeedFile(path)
}

export class FeedFile implements OctetSource {
  readonly path: string
  readonly size: number
  private readonly fd: number
  private readonly opened: BigIntStats
  private at = 0
  /** Octets of the file that count; the rest, such as a trailer, is not given. */
  private readonly end: number

  constructor(path: string, octetsOf: (size: number) => number = size => size) {
    this.path = path
    this.fd = orRefuse(path, () => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK))
    try {
      this.opened = fstatSync(this.fd, { bigint: true })
      if (!this.opened.isFile()) throw new FeedRefused(`${path} is not a file`)
    } catch (error) {
      closeSync(this.fd)
      throw error
    }
    this.size = Number(this.opened.size)
    this.end = octetsOf(this.size)
  }

  read(into: Uint8Array): number {
    let filled = 0
    const wanted = Math.min(into.length, this.end - this.at)
    while (filled < wanted) {
      const read = orRefuse(this.path, () => readSync(this.fd, into, filled, wanted - filled, this.at))
      if (read === 0) break
      filled += read
      this.at += read
    }
    return filled
  }

  /** Octets at any place, for a trailer. */
  readAt(into: Uint8Array, at: number): number {
    return orRefuse(this.path, () => readSync(this.fd, into, 0, into.length, at))
  }

  /** Whether someone has written to the file since it was opened. */
  hasChanged(): boolean {
    const now = fstatSync(this.fd, { bigint: true })
    return now.size !== this.opened.size || now.mtimeNs !== this.opened.mtimeNs
  }

  close(): void {
    closeSync(this.fd)
  }
}

const SENTENCES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'no right to read it',
  EPERM: 'no right to read it',
  EISDIR: 'it is a folder',
  ELOOP: 'its links lead in a circle',
  ENXIO: 'it is not a file',
}

function orRefuse<T>(path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new FeedRefused(`${path}: ${SENTENCES[code ?? ''] ?? message}`, 'unreadable')
  }
}
