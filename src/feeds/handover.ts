/**
 * What a compiling process and its parent say to each other, and the image's way from the one to the other: its octets arrive in pieces and become shared
 * memory, and nothing is taken for an image that is not the one that was sent, to the last octet.
 *
 * `Start` comes with the orders; `Finished` goes back when there is an image, whose octets follow on the pipe; `Aftermath` when all is written down; `Failed`
 * instead of either.
 */
import { crc32 } from 'node:zlib'
import { headerOf, mayBeFilter } from '../images/filter/layout.ts'
import { allocateForRandomReads } from '../platform/huge-pages.ts'
import type { CompileOrders } from './compilation.ts'
import type { FeedReport } from './report.ts'

export interface Start {
  readonly orders: CompileOrders
  /** The process that waits for the image. */
  readonly parent: number
}

export interface Finished {
  readonly kind: 'finished'
  readonly octets: number
  readonly sum: number
  readonly reports: readonly FeedReport[]
  readonly seconds: number
}

/** What follows the image: nobody waits for it but the next compilation. */
export interface Aftermath {
  readonly kind: 'aftermath'
  readonly warnings: readonly string[]
}

export interface Failed {
  readonly kind: 'failed'
  readonly problem: string
}

export type FromCompiler = Finished | Aftermath | Failed

/** The pipe's number, in both processes. */
export const IMAGE_PIPE = 4
/** As many as a pipe takes at once. */
export const PIECE_OCTETS = 64 * 1024

export class Arrival {
  private readonly image: SharedArrayBuffer
  private readonly octets: Uint8Array
  private readonly sum: number
  private at = 0
  private running = 0

  /** Throws for a length that no image has. */
  constructor(octets: number, sum: number) {
    if (!mayBeFilter(octets)) throw new Error('it is no filter image')
    this.image = allocateForRandomReads(octets)
    this.octets = new Uint8Array(this.image)
    this.sum = sum
  }

  /** Throws for more than was announced. */
  take(piece: Uint8Array): void {
    if (this.at + piece.length > this.octets.length) throw new Error('it is longer than it should be')
    this.octets.set(piece, this.at)
    this.running = crc32(piece, this.running)
    this.at += piece.length
  }

  get isWhole(): boolean {
    return this.at === this.octets.length
  }

  /** Throws where it is not what was sent. */
  finish(): SharedArrayBuffer {
    if (!this.isWhole) throw new Error('it is not whole')
    if (this.running !== this.sum) throw new Error('its checksum is wrong')
    headerOf(this.image)
    return this.image
  }
}

/** CRC-32: against what goes wrong, not against a liar. */
export function sumOf(image: SharedArrayBuffer): number {
  let sum = 0
  for (const piece of piecesOf(image)) sum = crc32(piece, sum)
  return sum
}

/** An image in pieces, each of which is overwritten by the next. */
export function* piecesOf(image: SharedArrayBuffer): Generator<Uint8Array> {
  const chunk = new Uint8Array(PIECE_OCTETS)
  for (let at = 0; at < image.byteLength; at += PIECE_OCTETS) {
    const part = new Uint8Array(image, at, Math.min(PIECE_OCTETS, image.byteLength - at))
    chunk.set(part)
    yield chunk.subarray(0, part.length)
  }
}
