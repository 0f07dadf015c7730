/**
 * The writing side of the filter image.
 *
 * Rules come in one by one and are only appended, to a log in chunks, so that a feed that turns out to be bad is undone by cutting the
 * log. `finish` then finds names that came more than once, counts what the image will hold, and writes it in one pass over the log,
 * letting go of each chunk as it is read. Memory beyond the image: the name and 9 octets for each rule given, and 4/0.75 octets a rule
 * for a table that is gone before the image is allocated.
 *
 *     log record = next record of the same name (4) │ payload (4) │ octets of the name (1) │ name
 *     payload    = element number, or with the top bit set a number into `numbered` (element and rule of its own)
 */
import { keepLast, placeOf, step } from '../../wire/hash.ts'
import { LABELS_MAX, NAME_OCTETS_MAX } from '../../wire/name.ts'
import { ChunkedLog } from './chunked-log.ts'
import {
  BLOOM_BITS_PER_NODE,
  bloomMask,
  ENTRY_ALIGN_BITS,
  FILTER_MAGIC,
  FILTER_VERSION,
  FIRST_ENTRY_AT,
  HEADER,
  HEADER_WORDS,
  layOutFilter,
  nextEntryAt,
  PREFIX_FIELDS,
  type Sections,
  SLOTS_PER_NAME,
} from './layout.ts'
import { tagBitsFor } from './reader.ts'
import { RuleTables } from './rule-tables.ts'

const RECORD_NEXT = 0
const RECORD_PAYLOAD = 4
const RECORD_LENGTH = 8
const RECORD_NAME = 9
/** In `next`: this record is a further rule of a name that an earlier record has. Log offsets stay below 2^31. */
const FURTHER = 0x80000000
const NUMBERED = 0x80000000
const LOG_OCTETS_MAX = 2 ** 31

/** Where a builder can be cut back to. */
export interface Mark {
  readonly logEnd: number
  readonly records: number
  readonly tables: ReturnType<RuleTables['mark']>
  readonly prefixes: number
}

interface Prefix {
  readonly words: readonly number[]
  readonly bits: number
  readonly element: number
  readonly rule: number
  readonly ofClients: boolean
}

export class FilterBuilder {
  readonly tables = new RuleTables()
  private readonly log = new ChunkedLog()
  private readonly seed: number
  private records = 0
  private readonly prefixes: Prefix[] = []
  private readonly walk = new NameWalk()

  constructor(seed: number) {
    this.seed = seed | 0
  }

  /** Rules given so far. */
  get size(): number {
    return this.records
  }

  /**
   * Adds a rule for the name in `name[0, length)`: wire form, lower case, root label last. `rule` is a number from
   * `tables.rule`, or `NO_RULE`. Throws RangeError for the root, which no rule may cover, and past 2 GiB of rules.
   */
  add(name: Uint8Array, length: number, element: number, rule: number): void {
    if (length < 2) throw new RangeError('a rule for the root')
    const at = this.log.reserve(RECORD_NAME + length)
    if (at + RECORD_NAME + length >= LOG_OCTETS_MAX) throw new RangeError('more rules than one image can hold')
    const { bytes, view } = this.log.chunkOf(at)
    const local = this.log.localOf(at)
    view.setUint32(local + RECORD_NEXT, 0, true)
    view.setUint32(
      local + RECORD_PAYLOAD,
      rule < 0 ? element : (NUMBERED | this.tables.number(element, rule)) >>> 0,
      true,
    )
    bytes[local + RECORD_LENGTH] = length
    for (let i = 0, to = local + RECORD_NAME; i < length; i++) bytes[to + i] = name[i]!
    this.records++
  }

  /** Adds a rule for addresses, in answers or of clients: 16 octets in network order, host bits zero, IPv4 below ::ffff:0:0/96. */
  addPrefix(octets: Uint8Array, bits: number, element: number, rule: number, ofClients = false): void {
    const view = new DataView(octets.buffer, octets.byteOffset, 16)
    this.prefixes.push({ words: [0, 4, 8, 12].map(at => view.getUint32(at)), bits, element, rule, ofClients })
  }

  mark(): Mark {
    return { logEnd: this.log.end, records: this.records, tables: this.tables.mark(), prefixes: this.prefixes.length }
  }

  /** Forgets everything added since `mark`. */
  cutBack(mark: Mark): void {
    this.log.cutBack(mark.logEnd)
    this.records = mark.records
    this.tables.cutBack(mark.tables)
    this.prefixes.length = mark.prefixes
  }

  /** Writes the image; the builder is spent. `allocate` gives zeroed memory. */
  finish(generation: number, allocate = (octets: number) => new SharedArrayBuffer(octets)): SharedArrayBuffer {
    const found = this.linkRepeatedNames()
    const header = new Uint32Array(HEADER_WORDS)
    header[HEADER.magic] = FILTER_MAGIC
    header[HEADER.version] = FILTER_VERSION
    header[HEADER.seed] = this.seed
    header[HEADER.generation] = generation
    header[HEADER.names] = found.names
    header[HEADER.depthMin] = found.names === 0 ? 0 : found.depthMin
    header[HEADER.depthMax] = found.depthMax
    header[HEADER.slots] = Math.ceil(found.names * SLOTS_PER_NAME) + 1
    header[HEADER.poolOctets] = found.poolOctets
    header[HEADER.bloomWords] = Math.ceil((found.nodes * BLOOM_BITS_PER_NODE) / 32) + 1
    const ofAnswers = this.prefixes.filter(own => !own.ofClients)
    const ofClients = this.prefixes.filter(own => own.ofClients)
    header[HEADER.prefixes] = ofAnswers.length
    header[HEADER.clients] = ofClients.length
    this.tables.describe(header)
    const at = layOutFilter(header)
    const image = allocate(at.octets)
    new Uint32Array(image, 0, HEADER_WORDS).set(header)
    this.tables.write(image, at)
    writePrefixes(image, at.prefixes, ofAnswers)
    writePrefixes(image, at.clients, ofClients)
    this.writeNames(image, header, at)
    return image
  }

  /** Chains the records of one name behind its first, and measures what the image needs. */
  private linkRepeatedNames(): Found {
    const slots = Math.ceil(this.records * SLOTS_PER_NAME) + 1
    const table = new Uint32Array(slots) // log offset + 1, 0 is empty
    const scale = slots / 2 ** 32
    const found: Found = { names: 0, depthMin: LABELS_MAX, depthMax: 0, nodes: 0, poolOctets: FIRST_ENTRY_AT }
    const walk = this.walk
    const log = this.log
    for (let at = log.first(); at < log.end; at = log.after(at, this.recordOctets(at))) {
      const { bytes, view } = log.chunkOf(at)
      walk.read(bytes, view, log.localOf(at) + RECORD_NAME, bytes[log.localOf(at) + RECORD_LENGTH]!, this.seed)
      let place = placeOf(walk.hashes[walk.labelCount]!, scale)
      for (;;) {
        const other = table[place]!
        if (other === 0) {
          table[place] = at + 1
          measure(found, walk)
          break
        }
        if (this.sameName(at, other - 1)) {
          this.chain(other - 1, at)
          break
        }
        if (++place === slots) place = 0
      }
    }
    // Not left to the collector: the image is allocated next.
    table.buffer.transfer(0)
    this.measureEntries(found)
    return found
  }

  private recordOctets(at: number): number {
    return RECORD_NAME + this.log.chunkOf(at).bytes[this.log.localOf(at) + RECORD_LENGTH]!
  }

  private sameName(a: number, b: number): boolean {
    const left = this.log.chunkOf(a).bytes
    const right = this.log.chunkOf(b).bytes
    const leftAt = this.log.localOf(a) + RECORD_LENGTH
    const rightAt = this.log.localOf(b) + RECORD_LENGTH
    const octets = 1 + left[leftAt]!
    for (let i = 0; i < octets; i++) if (left[leftAt + i] !== right[rightAt + i]) return false
    return true
  }

  /** Puts `further` behind `head`, in front of what is there. */
  private chain(head: number, further: number): void {
    const headView = this.log.chunkOf(head).view
    const next = headView.getUint32(this.log.localOf(head), true)
    this.log.chunkOf(further).view.setUint32(this.log.localOf(further), (FURTHER | next) >>> 0, true)
    headView.setUint32(this.log.localOf(head), further, true)
  }

  /** Adds to `found` what the entries take, and settles every group on the way. */
  private measureEntries(found: Found): void {
    const log = this.log
    for (let at = log.first(); at < log.end; at = log.after(at, this.recordOctets(at))) {
      const next = log.chunkOf(at).view.getUint32(log.localOf(at), true)
      if ((next & FURTHER) !== 0) continue
      const group = this.gather(at, next)
      const octets = this.recordOctets(at) - RECORD_NAME + groupOctets(group) + 4 * this.tables.gatheredRules
      found.poolOctets += nextEntryAt(octets)
    }
  }

  /** The group of the chain that starts at `head`; its rule numbers are left in `tables.gathered`. */
  private gather(head: number, firstNext: number): number {
    const log = this.log
    const payload = log.chunkOf(head).view.getUint32(log.localOf(head) + RECORD_PAYLOAD, true)
    if (firstNext === 0 && (payload & NUMBERED) === 0) return this.tables.groupOfOne(payload)
    this.tables.gatherPayload(payload, true)
    for (let at = firstNext; at !== 0; ) {
      const view = log.chunkOf(at).view
      const local = log.localOf(at)
      this.tables.gatherPayload(view.getUint32(local + RECORD_PAYLOAD, true), false)
      at = view.getUint32(local, true) & ~FURTHER
    }
    return this.tables.groupOfGathered()
  }

  private writeNames(image: SharedArrayBuffer, header: Uint32Array, at: Sections): void {
    const bloom = new Uint32Array(image, at.bloom, header[HEADER.bloomWords]!)
    const slots = new Uint32Array(image, at.slots, header[HEADER.slots]!)
    const pool = new Uint8Array(image, at.pool, header[HEADER.poolOctets]!)
    const depthMin = header[HEADER.depthMin]!
    const tagBits = tagBitsFor(pool.length)
    let poolAt = FIRST_ENTRY_AT
    const log = this.log
    for (let record = log.first(); record < log.end; ) {
      const octets = this.recordOctets(record)
      const { bytes, view } = log.chunkOf(record)
      const local = log.localOf(record)
      const next = view.getUint32(local, true)
      if ((next & FURTHER) === 0) {
        this.walk.read(bytes, view, local + RECORD_NAME, octets - RECORD_NAME, this.seed)
        markNodes(bloom, this.walk, depthMin)
        placeName(slots, this.walk.hashes[this.walk.labelCount]!, poolAt, tagBits)
        const group = this.gather(record, next)
        for (let i = RECORD_NAME; i < octets; i++) pool[poolAt++] = bytes[local + i]!
        poolAt = nextEntryAt(this.tables.writeEntryTail(pool, poolAt, group))
      }
      const following = log.after(record, octets)
      log.letGoBefore(following)
      record = following
    }
  }
}

function compareWords(a: readonly number[], b: readonly number[]): number {
  const differs = a.findIndex((word, i) => word !== b[i])
  return differs < 0 ? 0 : a[differs]! - b[differs]!
}

interface Found {
  names: number
  depthMin: number
  depthMax: number
  nodes: number
  poolOctets: number
}

/** Nodes are counted as if names shared none below the top two labels: an estimate from above that costs nothing. */
function measure(found: Found, walk: NameWalk): void {
  const depth = walk.labelCount
  found.names++
  found.nodes += depth > 2 ? 1 + (depth - 2) / 2 : 1
  if (depth < found.depthMin) found.depthMin = depth
  if (depth > found.depthMax) found.depthMax = depth
}

function markNodes(bloom: Uint32Array, walk: NameWalk, depthMin: number): void {
  const scale = bloom.length / 2 ** 32
  for (let depth = depthMin; depth <= walk.labelCount; depth++) {
    const hash = walk.hashes[depth]!
    const place = placeOf(hash, scale)
    bloom[place] = bloom[place]! | bloomMask(hash)
  }
}

function placeName(slots: Uint32Array, hash: number, poolAt: number, tagBits: number): void {
  let place = placeOf(hash, slots.length / 2 ** 32)
  while (slots[place] !== 0) if (++place === slots.length) place = 0
  slots[place] = (((poolAt >>> ENTRY_ALIGN_BITS) << tagBits) | (hash & ((1 << tagBits) - 1))) >>> 0
}

/** Octets that a group's number takes, 7 bits in each. */
export function groupOctets(group: number): number {
  return group < 0x80 ? 1 : group < 0x4000 ? 2 : group < 0x200000 ? 3 : 4
}

/** Labels and hashes of a name that is folded already. */
class NameWalk {
  readonly labels = new Uint8Array(LABELS_MAX + 1)
  readonly hashes = new Int32Array(LABELS_MAX + 2)
  labelCount = 0

  /** As `wire/hash.ts` has it. `view` is of the same memory, which begins three octets before the name or earlier. */
  read(bytes: Uint8Array, view: DataView, at: number, octets: number, seed: number): void {
    let count = 0
    for (let offset = 0; bytes[at + offset] !== 0 && offset < NAME_OCTETS_MAX; offset += bytes[at + offset]! + 1) {
      this.labels[count++] = offset
    }
    this.labelCount = count
    let state = seed | 0
    let left = octets
    // From the root label down, each ending a label longer: the words between one and the next, then what is left.
    for (let depth = 1; depth <= count; depth++) {
      const own = octets - this.labels[count - depth]!
      for (; octets - left + 4 <= own; left -= 4) state = step(state, view.getInt32(at + left - 4, true))
      const rest = own & 3
      this.hashes[depth] = step(state, keepLast(view.getInt32(at + left - 4, true), rest))
    }
  }
}

function writePrefixes(image: SharedArrayBuffer, at: number, prefixes: readonly Prefix[]): void {
  const words = new Uint32Array(image, at, prefixes.length * PREFIX_FIELDS)
  const sorted = prefixes.toSorted((a, b) => b.bits - a.bits || compareWords(a.words, b.words))
  for (const [i, own] of sorted.entries()) words.set([...own.words, own.bits, own.element, own.rule], i * PREFIX_FIELDS)
}
