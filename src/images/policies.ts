/**
 * The policy image: which policy a client has, and which categories a policy has. Flat shared memory, written once.
 *
 * Nested prefixes are flattened into ranges when the image is built, each with the policy of the longest prefix that covers it, so that
 * a lookup is one binary search for the last range that starts at or before the address. IPv4 has an index by the upper 16 bits in
 * front: the search then stays within a few neighbouring lines even with a million prefixes.
 *
 *     header │ ipv4 index (65,537 × 32) │ ipv4 starts (32) │ ipv6 starts (4 × 32) │ ipv4 policies (16) │ ipv6 policies (16)
 *            │ categories (policies × words × 32) │ allow-only (the same)
 *
 * Cost: 262 KB once there is an IPv4 prefix, 6 octets for an IPv4 range, 18 for an IPv6 one; n prefixes make at most 2n + 1 ranges.
 */

/** A prefix: octets in network order (4 or 16), and its length in bits. */
export interface Prefix {
  readonly address: Uint8Array
  readonly bits: number
  readonly policy: number
}

export interface PolicyContents {
  /** Category numbers. */
  readonly categories: readonly number[]
  readonly allowOnly: readonly number[]
}

const MAGIC = 0x514c504f
const HEADER_WORDS = 8
const INDEX_ENTRIES = 65_537
const H = { magic: 0, ranges4: 1, ranges6: 2, policies: 3, words: 4, fallback: 5, indexed: 6 } as const

interface Layout {
  readonly index: number
  readonly starts4: number
  readonly starts6: number
  readonly owners4: number
  readonly owners6: number
  readonly categories: number
  readonly allowOnly: number
  readonly octets: number
}

function layOut(header: Uint32Array): Layout {
  const [ranges4, ranges6] = [header[H.ranges4]!, header[H.ranges6]!]
  const sets = header[H.policies]! * header[H.words]! * 4
  const index = HEADER_WORDS * 4
  const starts4 = index + header[H.indexed]! * INDEX_ENTRIES * 4
  const starts6 = starts4 + ranges4 * 4
  const owners4 = starts6 + ranges6 * 16
  const owners6 = owners4 + ranges4 * 2
  const categories = (owners6 + ranges6 * 2 + 3) & ~3
  const allowOnly = categories + sets
  return { index, starts4, starts6, owners4, owners6, categories, allowOnly, octets: allowOnly + sets }
}

/** Builds the image. `fallback` is the policy of whoever no prefix names. Throws RangeError past 65,535 policies. */
export function buildPolicies(
  policies: readonly PolicyContents[],
  prefixes: readonly Prefix[],
  fallback: number,
  categoryCount: number,
): SharedArrayBuffer {
  if (policies.length > 0xffff) throw new RangeError('more than 65,535 policies')
  const ranges4 = flatten(prefixes, 4, fallback)
  const ranges6 = flatten(prefixes, 16, fallback)
  const header = new Uint32Array(HEADER_WORDS)
  header.set([MAGIC, ranges4.length, ranges6.length, policies.length, Math.ceil(categoryCount / 32), fallback])
  header[H.indexed] = ranges4.length > 1 ? 1 : 0
  const at = layOut(header)
  const image = new SharedArrayBuffer(at.octets)
  new Uint32Array(image, 0, HEADER_WORDS).set(header)
  writeRanges4(image, at, ranges4)
  writeRanges6(image, at, ranges6)
  const words = header[H.words]!
  policies.forEach((policy, number) => {
    setBits(new Uint32Array(image, at.categories + number * words * 4, words), policy.categories)
    setBits(new Uint32Array(image, at.allowOnly + number * words * 4, words), policy.allowOnly)
  })
  return image
}

function setBits(words: Uint32Array, bits: readonly number[]): void {
  for (const bit of bits) words[bit >>> 5]! |= 1 << (bit & 31)
}

interface Range {
  readonly start: bigint
  readonly policy: number
}

/** Turns prefixes into ranges in ascending order; the first starts at 0. Longer prefixes lie within shorter ones, never across. */
function flatten(prefixes: readonly Prefix[], octets: 4 | 16, fallback: number): Range[] {
  const size = BigInt(octets * 8)
  const spans = prefixes
    .filter(own => own.address.length === octets)
    .map(own => {
      const start = own.address.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n)
      return { start, end: start + (1n << (size - BigInt(own.bits))), bits: own.bits, policy: own.policy }
    })
    .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : a.bits - b.bits))
  const ranges: Range[] = []
  const push = (start: bigint, policy: number) => {
    if (ranges.at(-1)?.start === start) ranges.pop()
    if (ranges.at(-1)?.policy !== policy) ranges.push({ start, policy })
  }
  push(0n, fallback)
  const open: typeof spans = []
  const closeUpTo = (position: bigint) => {
    while (open.length > 0 && open.at(-1)!.end <= position) push(open.pop()!.end, open.at(-1)?.policy ?? fallback)
  }
  for (const span of spans) {
    closeUpTo(span.start)
    open.push(span)
    push(span.start, span.policy)
  }
  closeUpTo(1n << size)
  return ranges.filter(range => range.start < 1n << size)
}

function writeRanges4(image: SharedArrayBuffer, at: Layout, ranges: readonly Range[]): void {
  const starts = new Uint32Array(image, at.starts4, ranges.length)
  const owners = new Uint16Array(image, at.owners4, ranges.length)
  ranges.forEach((range, i) => {
    starts[i] = Number(range.start)
    owners[i] = range.policy
  })
  if (at.starts4 === at.index) return
  const index = new Uint32Array(image, at.index, INDEX_ENTRIES)
  for (let high = 0, range = 0; high < INDEX_ENTRIES; high++) {
    // index[h]: the range that holds the first address of the block of 65,536 whose upper half is h.
    while (range + 1 < ranges.length && starts[range + 1]! <= high * 65_536) range++
    index[high] = range
  }
}

function writeRanges6(image: SharedArrayBuffer, at: Layout, ranges: readonly Range[]): void {
  const starts = new Uint32Array(image, at.starts6, ranges.length * 4)
  const owners = new Uint16Array(image, at.owners6, ranges.length)
  ranges.forEach((range, i) => {
    for (let word = 0; word < 4; word++)
      starts[i * 4 + word] = Number((range.start >> BigInt(96 - 32 * word)) & 0xffffffffn)
    owners[i] = range.policy
  })
}

/** Data plane. Allocates nothing after construction. */
export class PolicyReader {
  readonly fallback: number
  readonly count: number
  /** 32-bit words in a set of categories. */
  readonly words: number
  readonly categories: Uint32Array
  readonly allowOnly: Uint32Array
  /** By policy: 1 where nothing but the names of some categories resolves. */
  private readonly onlyListed: Uint8Array
  private readonly index: Uint32Array
  private readonly starts4: Uint32Array
  private readonly starts6: Uint32Array
  private readonly owners4: Uint16Array
  private readonly owners6: Uint16Array

  constructor(image: SharedArrayBuffer) {
    const header = new Uint32Array(image, 0, HEADER_WORDS)
    if (header[H.magic] !== MAGIC) throw new TypeError('not a policy image')
    const at = layOut(header)
    this.fallback = header[H.fallback]!
    this.count = header[H.policies]!
    this.words = header[H.words]!
    this.index = new Uint32Array(image, at.index, header[H.indexed]! * INDEX_ENTRIES)
    this.starts4 = new Uint32Array(image, at.starts4, header[H.ranges4]!)
    this.starts6 = new Uint32Array(image, at.starts6, header[H.ranges6]! * 4)
    this.owners4 = new Uint16Array(image, at.owners4, header[H.ranges4]!)
    this.owners6 = new Uint16Array(image, at.owners6, header[H.ranges6]!)
    this.categories = new Uint32Array(image, at.categories, this.count * this.words)
    this.allowOnly = new Uint32Array(image, at.allowOnly, this.count * this.words)
    this.onlyListed = Uint8Array.from({ length: this.count }, (_, policy) => (this.hasAllowOnly(policy) ? 1 : 0))
  }

  /** The policy of the IPv4 address in `bytes[at, at + 4)`. */
  ofIpv4(bytes: Uint8Array, at: number): number {
    const high = (bytes[at]! << 8) | bytes[at + 1]!
    const address = ((high << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
    let low = 0
    let last = this.starts4.length - 1
    if (this.index.length > 0) {
      low = this.index[high]!
      last = this.index[high + 1]!
    }
    while (low < last) {
      const middle = (low + last + 1) >>> 1
      if (this.starts4[middle]! <= address) low = middle
      else last = middle - 1
    }
    return this.owners4[low]!
  }

  /** The policy of the IPv6 address in `bytes[at, at + 16)`. */
  ofIpv6(bytes: Uint8Array, at: number): number {
    let low = 0
    let last = this.owners6.length - 1
    while (low < last) {
      const middle = (low + last + 1) >>> 1
      if (this.startsAtOrBefore(middle, bytes, at)) low = middle
      else last = middle - 1
    }
    return this.owners6[low]!
  }

  private startsAtOrBefore(range: number, bytes: Uint8Array, at: number): boolean {
    for (let word = 0; word < 4; word++) {
      const start = this.starts6[range * 4 + word]!
      const from = at + word * 4
      const own = ((bytes[from]! << 24) | (bytes[from + 1]! << 16) | (bytes[from + 2]! << 8) | bytes[from + 3]!) >>> 0
      if (start !== own) return start < own
    }
    return true
  }

  hasCategory(policy: number, category: number): boolean {
    return (this.categories[policy * this.words + (category >>> 5)]! & (1 << (category & 31))) !== 0
  }

  allowsOnly(policy: number, category: number): boolean {
    return (this.allowOnly[policy * this.words + (category >>> 5)]! & (1 << (category & 31))) !== 0
  }

  /** Whether nothing but the names of some categories resolves under this policy. */
  isAllowOnly(policy: number): boolean {
    return this.onlyListed[policy] === 1
  }

  private hasAllowOnly(policy: number): boolean {
    for (let word = 0; word < this.words; word++) if (this.allowOnly[policy * this.words + word] !== 0) return true
    return false
  }
}
