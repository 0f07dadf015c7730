/**
 * An append-only log of records in chunks of 4 MiB. A record never straddles two chunks, so it can be read in place; offsets count
 * through all chunks. Chunks are given back from the front while the log is read for the last time: at once, not when the collector next comes by, which
 * while an image is written it never does. They go back to the system where the C library was told that blocks of this size do (`platform/malloc.ts`):
 * left to itself it would keep in its own heap what is below 32 MiB. The first begins small, for the many logs that stay so.
 */
const CHUNK_BITS = 22
const CHUNK_OCTETS = 1 << CHUNK_BITS
const CHUNK_MASK = CHUNK_OCTETS - 1
const FIRST_OCTETS = 1 << 16
const SLACK_OCTETS = 8

interface Chunk {
  bytes: Uint8Array<ArrayBuffer>
  view: DataView<ArrayBuffer>
  /** Octets in use. */
  used: number
}

export class ChunkedLog {
  end = 0
  private readonly chunks: (Chunk | null)[] = []

  /** Makes room for a record of `octets` and returns its offset. */
  reserve(octets: number): number {
    let at = this.end
    let chunk = this.chunks[at >>> CHUNK_BITS]
    if (chunk === undefined || chunk === null || (at & CHUNK_MASK) + octets > CHUNK_OCTETS) {
      at = this.chunks.length * CHUNK_OCTETS
      chunk = newChunk(this.chunks.length === 0 ? FIRST_OCTETS : CHUNK_OCTETS)
      this.chunks.push(chunk)
    }
    chunk.used = (at & CHUNK_MASK) + octets
    if (chunk.used + SLACK_OCTETS > chunk.bytes.length) grow(chunk)
    this.end = at + octets
    return at
  }

  /** The chunk of the record at `at`, until more is reserved. Throws RangeError where it has been given back. */
  chunkOf(at: number): Chunk {
    const chunk = this.chunks[at >>> CHUNK_BITS]
    if (chunk === undefined || chunk === null) throw new RangeError(`no record at ${at}`)
    return chunk
  }

  localOf(at: number): number {
    return at & CHUNK_MASK
  }

  first(): number {
    return 0
  }

  /** The offset of the record after that of `octets` at `at`: the next in the chunk, or the first of the next chunk. */
  after(at: number, octets: number): number {
    const next = at + octets
    const chunk = this.chunkOf(at)
    if ((at & CHUNK_MASK) + octets < chunk.used) return next
    const following = ((at >>> CHUNK_BITS) + 1) * CHUNK_OCTETS
    return Math.min(following, this.end)
  }

  /** Forgets the records from `end` on. */
  cutBack(end: number): void {
    this.end = end
    this.chunks.length = end === 0 ? 0 : ((end - 1) >>> CHUNK_BITS) + 1
    const last = this.chunks.at(-1)
    if (last !== undefined && last !== null) last.used = end - (this.chunks.length - 1) * CHUNK_OCTETS
  }

  /** Gives back the chunks that lie wholly before `at`. */
  letGoBefore(at: number): void {
    for (let index = (at >>> CHUNK_BITS) - 1; index >= 0; index--) {
      const chunk = this.chunks[index]
      if (chunk === null || chunk === undefined) return
      chunk.bytes.buffer.transfer(0)
      this.chunks[index] = null
    }
  }
}

/** With a little behind it, so that the last record can be read by words. */
function newChunk(octets: number): Chunk {
  const bytes = new Uint8Array(octets + SLACK_OCTETS)
  return { bytes, view: new DataView(bytes.buffer), used: 0 }
}

function grow(chunk: Chunk): void {
  // At once to its full size, which costs nothing before it is used: sizes between would end in the C library's heap.
  const larger = newChunk(CHUNK_OCTETS)
  larger.bytes.set(chunk.bytes)
  chunk.bytes.buffer.transfer(0)
  chunk.bytes = larger.bytes
  chunk.view = larger.view
}
