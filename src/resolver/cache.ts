/**
 * Data plane. The answer cache: whole answers in wire form, in one flat piece of memory, one cache for each worker.
 *
 * Owns: which answers are kept, and for how long they are true. Never: judges (a verdict is given per policy, whatever is here), allocates
 * after construction, walks more than a bounded number of entries for one insertion.
 *
 * Memory is two rings of entries. New answers go to the small one (a tenth); one that was asked for again before its turn to leave, or that
 * still finds room there, moves to the main ring, and a name that returns soon after it left goes there at once, so that a scan of random names passes through the tenth
 * and leaves the rest alone (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023). In the main ring an entry that was
 * used since goes round again. An index of buckets, one cache line each, finds entries by their hash.
 *
 *     index bucket   8 × 32 bits: offset of an entry / 8, then 6 bits of its hash; 0 is empty
 *     entry          header (8 × 32 bits) │ TTL offsets (16 bits each) │ name, folded │ answer and authority records │ up to 7 octets
 *
 * The records stand as they will be sent: a question's length does not depend on its spelling, so pointers stay right, and a hit copies
 * them behind the client's own question and counts the TTLs down. An entry whose time is over stays where it is until it has to leave: while upstreams
 * fail it may still be served (RFC 8767). Cost of an entry: 32 octets, 2 a record, the name, the records, and 4
 * to 8 in the index.
 */
import * as fromNameRoom from '../wire/name-room.ts'
import * as fromOctets from '../wire/octets.ts'
import * as fromTypes from '../wire/types.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { roomOctets, roomWord } = fromNameRoom
const { copyOctets, putU32, u16, u32 } = fromOctets
const { NO_EDE, SERVFAIL } = fromTypes

const WORD = 4
const E_OCTETS = 0 // of the whole entry, a multiple of 8; with the top bit: nothing here is wanted any more
const E_HASH = 1
const E_STORED = 2 // seconds of the worker's clock
const E_EXPIRES = 3
const E_KEY = 4 // type (16), key flags (8), octets of the name (8)
const E_SIZES = 5 // octets of the records (16), marks (3), TTL offsets (13)
const E_ANSWER = 6 // answer records (12 bits), authority records (12), rcode (4), AD (1), uses (2 bits at the top)
const E_STATE = 7 // second until which no upstream is asked, mod 65,536 (16), EDE + 1 (16)
const ENTRY_WORDS = 8
const ENTRY_HEADER_OCTETS = ENTRY_WORDS * WORD
const DEAD = 0x80000000
const TTL_COUNT_MASK = 0x1fff
const MARKS_SHIFT = 13
const MARKS_MASK = 7

const BUCKET_SLOTS = 8
const TAG_BITS = 6
const TAG_MASK = (1 << TAG_BITS) - 1
const ALIGN_BITS = 3
/** What offsets of 26 bits, 8 octets each, reach. */
export const CACHE_OCTETS_MAX = 2 ** 29 - 8
/** An entry of average size, for the number of buckets: a short name and two addresses. */
const ENTRY_OCTETS_TYPICAL = 96
const SMALL_SHARE = 0.1
const USES_MAX = 3
const USES_SHIFT = 30
/** How many entries one insertion may send round again before it takes the next one whatever its use. */
const ROUNDS_MAX = 16
const GHOSTS = 1 << 15
/** Answers that live shorter than this are not worth a question nobody waits for. */
const PREFETCH_LIFETIME_MIN = 10

export const RECORD_COUNT_MAX = 0xfff
/** The answer leads to other names: aliases, service bindings. */
export const MARK_LINKS = 1
/** It has an address of a private network. */
export const MARK_PRIVATE = 2
/** RFC 8767 §4: the TTL of a stale answer, and how long an upstream that failed is left alone. */
export const STALE_TTL_SECONDS = 30
const RETRY_SECONDS = 30
/** No entry. */
export const MISS = -1

/** An answer as `accept` leaves it and the cache takes it: records as they will be sent behind a question of the same length. */
export interface AnswerRecords {
  /** Octets of answer and authority records; `at` their first. */
  bytes: Uint8Array
  at: number
  octets: number
  answers: number
  authorities: number
  rcode: number
  authenticData: boolean
  /** What whoever sends it must look at: MARK_… */
  marks: number
  /** The upstream's Extended DNS Error (RFC 8914), or NO_EDE. */
  ede: number
  /** Offsets of TTL fields, counted from `at`. */
  readonly ttlOffsets: Uint16Array
  ttlCount: number
  /** For how long the answer may be kept: 0 is not at all. */
  ttlSeconds: number
  /** How long ago the TTLs were right. */
  ageSeconds: number
}

/** Memory for one answer's description. */
export function newRecords(ttlOffsetsMax: number): AnswerRecords {
  return {
    bytes: new Uint8Array(0),
    at: 0,
    octets: 0,
    answers: 0,
    authorities: 0,
    rcode: 0,
    authenticData: false,
    marks: 0,
    ede: NO_EDE,
    ttlOffsets: new Uint16Array(ttlOffsetsMax),
    ttlCount: 0,
    ttlSeconds: 0,
    ageSeconds: 0,
  }
}

/** What finds an answer: the folded name, its hash, the type, and the flags that change what an upstream answers. */
export interface AnswerKey {
  readonly name: Uint8Array
  readonly nameAt: number
  readonly nameOctets: number
  readonly hash: number
  readonly type: number
  readonly keyFlags: number
}

interface Ring {
  readonly start: number
  readonly end: number
  /** Where the next entry goes, and where the oldest stands; equal when empty. */
  head: number
  tail: number
  used: number
}

export interface CacheCounts {
  entries: number
  inserts: number
  evictions: number
  octets: number
  hits: number
  misses: number
  /** Answers given after their time, of `hits`. */
  stale: number
}

export class AnswerCache {
  readonly counts: CacheCounts = { entries: 0, inserts: 0, evictions: 0, octets: 0, hits: 0, misses: 0, stale: 0 }
  readonly capacity: number
  private readonly bytes: Uint8Array
  private readonly view: DataView
  /** Signed: greater numbers than 2^31 would be objects wherever V8 has not optimised yet, and fractions where it has. */
  private readonly words: Int32Array
  private readonly index: Int32Array
  private readonly bucketMask: number
  private readonly ghosts = new Int32Array(GHOSTS)
  private readonly small: Ring
  private readonly main: Ring

  /** `capacity` in octets for entries and index together; less than 64 KiB keeps nothing. */
  constructor(capacity: number) {
    const total = capacity < 65_536 ? 0 : Math.min(capacity, CACHE_OCTETS_MAX)
    const buckets =
      total === 0 ? 1 : 2 ** Math.max(4, Math.floor(Math.log2(total / ENTRY_OCTETS_TYPICAL / (BUCKET_SLOTS / 1.5))))
    const indexOctets = buckets * BUCKET_SLOTS * WORD
    const octets = total === 0 ? 0 : (total - indexOctets) & ~7
    this.capacity = total
    this.bucketMask = buckets - 1
    this.index = new Int32Array(buckets * BUCKET_SLOTS)
    const memory = new ArrayBuffer(octets + 8)
    this.bytes = new Uint8Array(memory)
    this.words = new Int32Array(memory)
    this.view = new DataView(memory)
    const border = 8 + (Math.floor(octets * SMALL_SHARE) & ~7)
    this.small = ring(8, border) // offset 0 is never an entry's: 0 in the index is empty
    this.main = ring(border, octets + 8)
  }

  /**
   * The entry for a key that is true at `now` (seconds of the worker's clock), or one that is stale while its upstreams are being left alone;
   * or MISS. Counts as a use.
   */
  find(key: AnswerKey, now: number): number {
    const slot = this.slotOf(key)
    if (slot === MISS) return MISS
    const at = (this.index[slot]! >>> TAG_BITS) << ALIGN_BITS
    const word = at >>> 2
    if (this.words[word + E_EXPIRES]! <= now && !this.isHeld(at, now)) return MISS
    const answer = this.words[word + E_ANSWER]!
    const uses = answer >>> USES_SHIFT
    if (uses < USES_MAX) this.words[word + E_ANSWER] = (answer + (1 << USES_SHIFT)) >>> 0
    return at
  }

  /** The entry for a key whose time was over not more than `staleSecondsMax` ago, or is not yet; or MISS. A failure is never stale. */
  findStale(key: AnswerKey, now: number, staleSecondsMax: number): number {
    const slot = this.slotOf(key)
    if (slot === MISS) return MISS
    const at = (this.index[slot]! >>> TAG_BITS) << ALIGN_BITS
    const rcode = (this.words[(at >>> 2) + E_ANSWER]! >>> 24) & 0xf
    return rcode !== SERVFAIL && this.words[(at >>> 2) + E_EXPIRES]! + staleSecondsMax > now ? at : MISS
  }

  /** Its upstreams failed: the entry is served as it is for RETRY_SECONDS before they are asked again (RFC 8767 §5). */
  hold(at: number, now: number): void {
    const word = (at >>> 2) + E_STATE
    this.words[word] = (((now + RETRY_SECONDS) << 16) | (this.words[word]! & 0xffff)) >>> 0
  }

  /** Whether `hold` was called within RETRY_SECONDS before `now`. */
  isHeld(at: number, now: number): boolean {
    const until = this.words[(at >>> 2) + E_STATE]! >>> 16
    return until !== 0 && ((until - now) & 0xffff) - 1 < RETRY_SECONDS && ((until - now) & 0xffff) > 0
  }

  /** Whether an entry that is still true is asked for so often, and so near its end, that it is worth fetching again. */
  isWorthPrefetch(at: number, now: number): boolean {
    const word = at >>> 2
    const answer = this.words[word + E_ANSWER]!
    if (answer >>> USES_SHIFT < USES_MAX || ((answer >>> 24) & 0xf) === SERVFAIL) return false
    const [stored, expires] = [this.words[word + E_STORED]!, this.words[word + E_EXPIRES]!]
    const lifetime = expires - stored
    return lifetime >= PREFETCH_LIFETIME_MIN && (expires - now) * 10 < lifetime && !this.isHeld(at, now)
  }

  /** Begins the reads of the index that `find` will do for `count` hashes; returns something of each, only so that they are done. */
  touchIndex(hashes: Int32Array, count: number): number {
    const { index, bucketMask } = this
    let read = 0
    for (let i = 0; i < count; i++) read ^= index[(hashes[i]! & bucketMask) * BUCKET_SLOTS]!
    return read
  }

  /** The same of the entries, where there may be any, once what `touchIndex` began is there. Hashes are not kept. */
  touchEntries(hashes: Int32Array, count: number): number {
    let entries = 0
    for (let i = 0; i < count; i++) {
      const at = this.likelyEntry(hashes[i]!)
      if (at !== MISS) hashes[entries++] = at >>> 2
    }
    const { words } = this
    let read = 0
    for (let i = 0; i < entries; i++) read ^= words[hashes[i]! + E_KEY]!
    return read
  }

  /** The first entry with the few bits of a hash that the index has, or MISS. */
  private likelyEntry(hash: number): number {
    const first = (hash & this.bucketMask) * BUCKET_SLOTS
    const tag = tagOf(hash)
    for (let slot = first; slot < first + BUCKET_SLOTS; slot++) {
      const value = this.index[slot]!
      if (value !== 0 && (value & TAG_MASK) === tag) return (value >>> TAG_BITS) << ALIGN_BITS
    }
    return MISS
  }

  /** Describes the entry at `at` as records to send; they stay where they are, and true until the next insertion. */
  read(at: number, now: number, records: AnswerRecords): void {
    const word = at >>> 2
    const sizes = this.words[word + E_SIZES]!
    const answer = this.words[word + E_ANSWER]!
    const nameOctets = this.words[word + E_KEY]! & 0xff
    const ttlCount = sizes & TTL_COUNT_MASK
    const ttlAt = at + ENTRY_HEADER_OCTETS
    records.bytes = this.bytes
    records.at = ttlAt + 2 * ttlCount + nameOctets
    records.octets = sizes >>> 16
    records.answers = answer & 0xfff
    records.authorities = (answer >>> 12) & 0xfff
    records.rcode = (answer >>> 24) & 0xf
    records.authenticData = (answer & (1 << 28)) !== 0
    records.marks = (sizes >>> MARKS_SHIFT) & MARKS_MASK
    records.ede = (this.words[word + E_STATE]! & 0xffff) - 1
    records.ttlCount = ttlCount
    for (let i = 0; i < ttlCount; i++) records.ttlOffsets[i] = u16(this.bytes, ttlAt + 2 * i)
    records.ageSeconds = now - this.words[word + E_STORED]!
    records.ttlSeconds = this.words[word + E_EXPIRES]! - now
  }

  /** How many places the index has, for `forget` and `visit`. */
  get places(): number {
    return this.capacity === 0 ? 0 : this.index.length
  }

  /** Throws out the answers for a folded name, and with `below` those for all names below it, found at places `[from, to)` of the index. Returns how many. */
  forget(name: Uint8Array, below: boolean, from: number, to: number): number {
    let forgotten = 0
    for (let slot = from; slot < Math.min(to, this.index.length); slot++) {
      if (this.index[slot] === 0) continue
      const at = (this.index[slot]! >>> TAG_BITS) << ALIGN_BITS
      if (!this.isNamed(at, name, below)) continue
      this.drop(at, slot)
      forgotten++
    }
    return forgotten
  }

  private isNamed(at: number, name: Uint8Array, below: boolean): boolean {
    const word = at >>> 2
    const skipped = (this.words[word + E_KEY]! & 0xff) - name.length
    if (skipped < 0 || (skipped > 0 && !below)) return false
    const nameAt = at + ENTRY_HEADER_OCTETS + 2 * (this.words[word + E_SIZES]! & TTL_COUNT_MASK)
    let label = 0
    while (label < skipped) label += this.bytes[nameAt + label]! + 1
    if (label !== skipped) return false
    for (let i = 0; i < name.length; i++) if (this.bytes[nameAt + skipped + i] !== name[i]) return false
    return true
  }

  /** Describes the answer at a place of the index with its key, for a copy that outlives this cache; false where there is none that is still true. */
  visit(
    place: number,
    now: number,
    key: { -readonly [field in keyof AnswerKey]: AnswerKey[field] },
    records: AnswerRecords,
  ): boolean {
    if (this.index[place] === 0) return false
    const at = (this.index[place]! >>> TAG_BITS) << ALIGN_BITS
    this.read(at, now, records)
    const word = this.words[(at >>> 2) + E_KEY]!
    key.name = this.bytes
    key.nameOctets = word & 0xff
    key.nameAt = records.at - key.nameOctets
    key.keyFlags = (word >>> 8) & 0xff
    key.type = word >>> 16
    return records.ttlSeconds > 0
  }

  /** Keeps an answer, in place of an older one for the same key. False where it is too large, or not to be kept. */
  insert(key: AnswerKey, records: AnswerRecords, now: number): boolean {
    const octets = (ENTRY_HEADER_OCTETS + 2 * records.ttlCount + key.nameOctets + records.octets + 7) & ~7
    if (records.ttlSeconds <= 0 || records.octets > 0xffff || octets > (this.small.end - this.small.start) >>> 2)
      return false
    if (records.answers > RECORD_COUNT_MAX || records.authorities > RECORD_COUNT_MAX) return false
    const older = this.slotOf(key)
    if (older !== MISS) this.drop((this.index[older]! >>> TAG_BITS) << ALIGN_BITS, older)
    const at = this.makeRoom(this.remembered(key.hash) ? this.main : this.small, octets)
    this.write(at, octets, key, records, now)
    this.enter(key.hash, at)
    this.counts.inserts++
    return true
  }

  private write(at: number, octets: number, key: AnswerKey, records: AnswerRecords, now: number): void {
    const { words, bytes } = this
    const word = at >>> 2
    words[word + E_OCTETS] = octets
    words[word + E_HASH] = key.hash
    words[word + E_STORED] = now - records.ageSeconds
    words[word + E_EXPIRES] = now + records.ttlSeconds
    words[word + E_KEY] = keyWord(key)
    words[word + E_SIZES] = ((records.octets << 16) | (records.marks << MARKS_SHIFT) | records.ttlCount) >>> 0
    words[word + E_STATE] = (records.ede + 1) & 0xffff
    words[word + E_ANSWER] =
      records.answers | (records.authorities << 12) | (records.rcode << 24) | (records.authenticData ? 1 << 28 : 0)
    let write = at + ENTRY_HEADER_OCTETS
    for (let i = 0; i < records.ttlCount; i++) {
      const offset = records.ttlOffsets[i]!
      bytes[write++] = offset >>> 8
      bytes[write++] = offset
    }
    write = copyOctets(key.name, key.nameAt, bytes, write, key.nameOctets)
    copyOctets(records.bytes, records.at, bytes, write, records.octets)
  }

  /** The index slot of a key's entry, whether still true or not. */
  private slotOf(key: AnswerKey): number {
    const first = (key.hash & this.bucketMask) * BUCKET_SLOTS
    const tag = tagOf(key.hash)
    for (let slot = first; slot < first + BUCKET_SLOTS; slot++) {
      const value = this.index[slot]!
      if (value !== 0 && (value & TAG_MASK) === tag && this.isFor(key, (value >>> TAG_BITS) << ALIGN_BITS)) return slot
    }
    return MISS
  }

  private isFor(key: AnswerKey, at: number): boolean {
    const word = at >>> 2
    if (this.words[word + E_KEY] !== keyWord(key)) return false
    const nameAt = at + ENTRY_HEADER_OCTETS + 2 * (this.words[word + E_SIZES]! & TTL_COUNT_MASK)
    if (key.name === roomOctets && key.nameOctets >= WORD) return this.isNameOfRoom(nameAt, key.nameAt, key.nameOctets)
    for (let i = 0; i < key.nameOctets; i++) if (this.bytes[nameAt + i] !== key.name[key.nameAt + i]) return false
    return true
  }

  /** Four octets at a time, the last four once more where they are not a whole word. */
  private isNameOfRoom(nameAt: number, roomAt: number, octets: number): boolean {
    const { view } = this
    const last = (octets - WORD) | 0
    for (let i = 0; i < last; i = (i + WORD) | 0)
      if (view.getInt32((nameAt + i) | 0, true) !== roomWord((roomAt + i) | 0)) return false
    return view.getInt32((nameAt + last) | 0, true) === roomWord((roomAt + last) | 0)
  }

  /** Enters an entry into its bucket; where that is full, the least used one of it makes way. */
  private enter(hash: number, at: number): void {
    const first = (hash & this.bucketMask) * BUCKET_SLOTS
    let chosen = first
    let leastUses = USES_MAX + 1
    for (let slot = first; slot < first + BUCKET_SLOTS; slot++) {
      const value = this.index[slot]!
      if (value === 0) {
        chosen = slot
        leastUses = -1
        break
      }
      const uses = this.words[((value >>> TAG_BITS) << 1) + E_ANSWER]! >>> USES_SHIFT
      if (uses < leastUses) {
        leastUses = uses
        chosen = slot
      }
    }
    if (leastUses >= 0) {
      this.drop((this.index[chosen]! >>> TAG_BITS) << ALIGN_BITS, chosen)
      this.counts.evictions++
    }
    this.index[chosen] = (((at >>> ALIGN_BITS) << TAG_BITS) | tagOf(hash)) >>> 0
    this.counts.entries++
  }

  private drop(at: number, slot: number): void {
    this.index[slot] = 0
    const word = (at >>> 2) + E_OCTETS
    this.words[word] = (this.words[word]! | DEAD) >>> 0
    this.counts.entries--
  }

  /** Makes room for `octets` at the head of a ring and returns where; evicts from its tail as far as needed. */
  private makeRoom(own: Ring, octets: number): number {
    this.clear(own, octets)
    const at = own.head
    own.head += octets
    own.used += octets
    this.counts.octets += octets
    return at
  }

  /** Evicts from a ring's tail until `octets` fit at its head; an insertion's share of entries that go round again is ROUNDS_MAX. */
  private clear(own: Ring, octets: number): void {
    for (let rounds = 0; ; rounds++) {
      // In every round: entries that go round again move the head, perhaps up to the ring's end.
      if (own.head + octets > own.end) this.wrap(own)
      if (own.used === 0 || gap(own) >= octets) return
      this.evict(own, rounds < ROUNDS_MAX)
    }
  }

  /** Gives up what is left at the ring's end, so that the next entry starts at its beginning. */
  private wrap(own: Ring): void {
    const rest = own.end - own.head
    while (own.used > 0 && own.tail >= own.head) this.evict(own, false)
    if (rest > 0) {
      this.words[own.head >>> 2] = (rest | DEAD) >>> 0
      own.used += rest
      this.counts.octets += rest
    }
    own.head = own.start
    if (own.tail === own.end) own.tail = own.start
  }

  /** Takes the oldest entry out of a ring; one that was used moves to the main ring's head where `again` permits. */
  private evict(own: Ring, again: boolean): void {
    const at = own.tail
    const word = at >>> 2
    const value = this.words[word + E_OCTETS]!
    const octets = (value & ~DEAD) >>> 0
    own.tail += octets
    own.used -= octets
    this.counts.octets -= octets
    if (own.tail >= own.end) own.tail = own.start
    if (own.used === 0) own.tail = own.head
    if ((value & DEAD) !== 0) return
    const uses = this.words[word + E_ANSWER]! >>> USES_SHIFT
    const isToStay = (again && uses > 0) || (own === this.small && this.mainHasRoom(octets))
    if (isToStay && this.moveToMain(own, at, octets)) return
    const hash = this.words[word + E_HASH]!
    if (own === this.small) this.ghosts[hash & (GHOSTS - 1)] = hash
    this.drop(at, this.slotAt(hash, at))
    this.counts.evictions++
  }

  /** Whether an entry fits the main ring without another's leaving: until that is full, nothing has to go. */
  private mainHasRoom(octets: number): boolean {
    return this.main.head + octets <= this.main.end && gap(this.main) >= octets
  }

  /** Copies an entry to the head of the main ring with one use less; false where it came from there and there is no room at once. */
  private moveToMain(from: Ring, at: number, octets: number): boolean {
    const main = this.main
    if (from !== main) this.clear(main, octets)
    else if (main.head + octets > main.end || gap(main) < octets) return false
    const slot = this.slotAt(this.words[(at >>> 2) + E_HASH]!, at)
    const to = main.head
    this.bytes.copyWithin(to, at, at + octets)
    main.head += octets
    main.used += octets
    this.counts.octets += octets
    const answer = (to >>> 2) + E_ANSWER
    const value = this.words[answer]!
    if (value >>> USES_SHIFT > 0) this.words[answer] = (value - (1 << USES_SHIFT)) >>> 0
    this.index[slot] = (((to >>> ALIGN_BITS) << TAG_BITS) | (this.index[slot]! & TAG_MASK)) >>> 0
    return true
  }

  private slotAt(hash: number, at: number): number {
    const first = (hash & this.bucketMask) * BUCKET_SLOTS
    const place = at >>> ALIGN_BITS
    for (let slot = first; slot < first + BUCKET_SLOTS; slot++)
      if (this.index[slot]! >>> TAG_BITS === place) return slot
    throw new RangeError('a live cache entry without its place in the index')
  }

  private remembered(hash: number): boolean {
    return this.ghosts[hash & (GHOSTS - 1)] === (hash | 0)
  }
}

function ring(start: number, end: number): Ring {
  return { start, end, head: start, tail: start, used: 0 }
}

/** Free octets from the head up to the tail or the ring's end, whichever comes first. */
function gap(own: Ring): number {
  if (own.used === 0) return own.end - own.head
  return own.tail > own.head ? own.tail - own.head : own.tail === own.head ? 0 : own.end - own.head
}

function tagOf(hash: number): number {
  return hash >>> (32 - TAG_BITS)
}

function keyWord(key: AnswerKey): number {
  return (key.type << 16) | (key.keyFlags << 8) | key.nameOctets
}

/** Counts the TTLs of records that stand at `at` down by `ageSeconds`, each to no less than 0; those of a stale answer are all the same. */
export function ageRecords(out: Uint8Array, at: number, records: AnswerRecords): void {
  for (let i = 0; i < records.ttlCount; i++) {
    const ttlAt = at + records.ttlOffsets[i]!
    if (records.ttlSeconds <= 0 && records.ageSeconds > 0) putU32(out, ttlAt, STALE_TTL_SECONDS)
    else {
      const ttl = u32(out, ttlAt)
      putU32(out, ttlAt, ttl > records.ageSeconds ? ttl - records.ageSeconds : 0)
    }
  }
}
