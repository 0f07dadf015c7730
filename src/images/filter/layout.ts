/**
 * The filter image: every flagged name, in flat shared memory, written once and never changed.
 *
 * It is a trie over labels whose nodes are found by the hash of their path. A lookup goes down from the root label; a small Bloom
 * filter that holds every node says where nothing flagged lies at or below a name, and there the walk ends. A node that has rules
 * has a slot in a hash table, which leads to its entry in the pool; there the whole name stands and is compared, octet by octet:
 * neither filter nor hash ever blocks a name. Nodes without rules exist only as bits of the Bloom filter.
 *
 *     header │ bloom │ slots │ groups │ members │ elements │ rules │ given │ bases │ text │ prefixes │ clients │ pool
 *
 *     bloom     32-bit words, 3 bits a node in one word: one read
 *     slots     32 bits: pool offset in words, then as many bits of the hash as are left; 0 is empty; linear probing, 3/4 full
 *     groups    what a name's rules are: first member of each; few, since names of one feed share a group
 *     members   element numbers, with a bit for "this one has a number of its own in the entry"
 *     elements  feed, category, basis, class, extent and action, answer: 6 × 16 bits
 *     rules     case text's bounds, date listed: 3 × 32 bits; only for entries that bring a case number or a date
 *     given     addresses of local data: see `given.ts`
 *     bases     legal bases that entries give: see `bases.ts`
 *     text      octets of case numbers
 *     prefixes  rules for addresses in answers, the longest prefixes first, then by network: 7 × 32 bits
 *     clients   rules for whoever asks, the same way
 *     pool      octets: name in wire form, lower case │ group, 7 bits an octet │ rule numbers, 4 octets each │ up to 3 of nothing: so
 *               slots have two bits more of the hash, and names are compared by words
 *
 * Cost, n names of average wire length w, t trie nodes: 4n/0.75 + 1.5t + (w + 2.5…3.5)n octets, and 4 more for a rule number in the pool
 * with 12 in `rules`. At 1 M names of 20 octets that is 29.5 a name.
 */

export const FILTER_MAGIC = 0x514c4651 // "QFLQ" as it lies in memory
export const FILTER_VERSION = 5

/** Places of the 32-bit words in the header. */
export const HEADER = {
  magic: 0,
  version: 1,
  seed: 2,
  names: 3,
  /** The least and greatest number of labels among names with rules; 0 when there are none. */
  depthMin: 4,
  depthMax: 5,
  bloomWords: 6,
  slots: 7,
  groups: 8,
  members: 9,
  elements: 10,
  rules: 11,
  givenOctets: 12,
  textOctets: 13,
  poolOctets: 14,
  generation: 15,
  prefixes: 16,
  clients: 17,
  basesOctets: 18,
} as const
export const HEADER_WORDS = 20

/** Whether an image can have so many octets. */
export function mayBeFilter(octets: number): boolean {
  return Number.isSafeInteger(octets) && octets >= HEADER_WORDS * 4
}

/** Its header, in place. Throws TypeError for what is no filter image of this version. */
export function headerOf(image: SharedArrayBuffer): Uint32Array {
  if (!mayBeFilter(image.byteLength)) throw new TypeError('it is no filter image')
  const header = new Uint32Array(image, 0, HEADER_WORDS)
  if (header[HEADER.magic] !== FILTER_MAGIC || header[HEADER.version] !== FILTER_VERSION)
    throw new TypeError('it is no filter image of this version')
  return header
}

/** A rule for addresses, of answers or of clients: the network in 4 words (IPv4 below ::ffff:0:0/96), its length in bits, element, rule number. */
export const PREFIX_FIELDS = 7
export const PREFIX_BITS = 4
export const PREFIX_ELEMENT = 5
export const PREFIX_RULE = 6

export const BLOOM_BITS_PER_NODE = 12
export const SLOTS_PER_NAME = 4 / 3
/** Signed: greater numbers are no small integers to V8. */
const BLOOM_MIX = 0x9e3779b1 | 0

/** Entries begin at multiples of four octets; the first is not at 0, so that no slot in use is 0. */
export const ENTRY_ALIGN_BITS = 2
export const FIRST_ENTRY_AT = 4

/** Where the next entry is behind one that ends at `at`. */
export function nextEntryAt(at: number): number {
  return (at + 3) & ~3
}

export const ELEMENT_FIELDS = 6
export const ELEMENT_FEED = 0
export const ELEMENT_CATEGORY = 1
/** A number as `bases.ts` has it; 0: the entry gives none. */
export const ELEMENT_BASIS = 2
export const ELEMENT_CLASS = 3
/** Extent in the low 4 bits, `ALLOW_BIT` or `WITHDRAW_BIT` above them. */
export const ELEMENT_KIND = 4
export const ELEMENT_ANSWER = 5
export const EXTENT_MASK = 0xf
export const ALLOW_BIT = 0x10
/** In the overlay alone: the base image's blocks of this very name do not hold. */
export const WITHDRAW_BIT = 0x20
/** The rule is only counted. */
export const MONITOR_BIT = 0x40

export const RULE_FIELDS = 3
export const RULE_TEXT_AT = 0
export const RULE_TEXT_LENGTH = 1
export const RULE_LISTED_AT = 2

/** The bit of a member that says: a rule number of its own stands in the entry. The rest is the element's number. */
export const MEMBER_HAS_RULE = 0x80000000

/** A name without a rule number of its own. */
export const NO_RULE = -1

/** Element answers: as the configuration says, one of its modes, silence, or from here on one of the given addresses. */
export const ANSWER_AS_SET = 0
export const ANSWER_DROP = 6
export const ANSWER_GIVEN = 16

/** Three bits of one word for a node's hash. */
export function bloomMask(hash: number): number {
  const mixed = Math.imul(hash, BLOOM_MIX)
  return (1 << (mixed >>> 27)) | (1 << ((mixed >>> 22) & 31)) | (1 << ((mixed >>> 17) & 31))
}

export interface Sections {
  readonly bloom: number
  readonly slots: number
  readonly groups: number
  readonly members: number
  readonly elements: number
  readonly rules: number
  readonly given: number
  readonly bases: number
  readonly text: number
  readonly prefixes: number
  readonly clients: number
  readonly pool: number
  readonly octets: number
}

/** Where each section starts, in octets, for the counts in a header. */
export function layOutFilter(header: Uint32Array): Sections {
  let next = HEADER_WORDS * 4
  const section = (octets: number) => {
    const start = next
    next += (octets + 7) & ~7
    return start
  }
  const at = (field: keyof typeof HEADER) => header[HEADER[field]]!
  return {
    bloom: section(at('bloomWords') * 4),
    slots: section(at('slots') * 4),
    groups: section((at('groups') + 1) * 4),
    members: section(at('members') * 4),
    elements: section(at('elements') * ELEMENT_FIELDS * 2),
    rules: section(at('rules') * RULE_FIELDS * 4),
    given: section(at('givenOctets')),
    bases: section(at('basesOctets')),
    text: section(at('textOctets')),
    prefixes: section(at('prefixes') * PREFIX_FIELDS * 4),
    clients: section(at('clients') * PREFIX_FIELDS * 4),
    pool: section(at('poolOctets')),
    get octets() {
      return next
    },
  }
}
