/**
 * Data plane. Rules about addresses, in answers and of those who ask: whether the policy of a query blocks an address, and by which rule.
 *
 * The longest prefix speaks first; an exception holds for its own class and for the household's, as among names. An address that carries an IPv4 address
 * for translation (NAT64, RFC 6052 §2.1) is judged by that as well.
 */
import * as fromClasses from '../images/classes.ts'
import * as fromLayout from '../images/filter/layout.ts'
import type { PrefixTable } from '../images/filter/prefixes.ts'
import type { FilterReader } from '../images/filter/reader.ts'
import type { PolicyReader } from '../images/policies.ts'
import * as fromOctets from '../wire/octets.ts'
import * as fromClientAddress from './client-address.ts'
import type { FilterImages } from './filter.ts'
import * as fromFilter from './filter.ts'
import type { QuerySlot } from './query.ts'
import * as fromQuery from './query.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { HOTLINE, HOUSEHOLD } = fromClasses
const { ALLOW_BIT, MONITOR_BIT, PREFIX_ELEMENT, PREFIX_FIELDS, PREFIX_RULE } = fromLayout
const { u32 } = fromOctets
const { addressAt, addressMemory, hasIpv4 } = fromClientAddress
const { BLOCKED } = fromFilter
const { PASS } = fromQuery

const CLASS_COUNT = 3
const NONE = -1
const IPV4_OCTETS = 4
const MAPPED = 0xffff
/** 64:ff9b::/96, the first word. */
const NAT64 = 0x0064ff9b

/** What is being looked for and was met; one for the thread: a look never waits. */
const wanted = new Uint32Array(4)
const element = new Int32Array(CLASS_COUNT)
const rule = new Int32Array(CLASS_COUNT)
const allowed = new Uint8Array(CLASS_COUNT)
/** Element of a rule that is only monitored and would have blocked. */
let monitored = NONE

/**
 * The stage for whoever asks: on BLOCKED everything is blocked for them; else `clientExcepted` has the classes whose blocks are not for them.
 */
export function filterClient(query: QuerySlot, images: FilterImages): typeof PASS | typeof BLOCKED {
  query.clientExcepted = 0
  query.monitoredFeed = NONE
  return filterClientAddress(query, images, addressMemory(query), addressAt(query), hasIpv4(query) ? 4 : 16)
}

/** The same for an address of 4 or 16 octets that stands elsewhere. */
export function filterClientAddress(
  query: QuerySlot,
  images: FilterImages,
  bytes: Uint8Array,
  at: number,
  octets: number,
): typeof PASS | typeof BLOCKED {
  const table = images.filter.clients
  const verdict =
    octets === IPV4_OCTETS
      ? judge(query, images, table, 0, 0, MAPPED, u32(bytes, at) | 0)
      : judge(
          query,
          images,
          table,
          u32(bytes, at) | 0,
          u32(bytes, at + 4) | 0,
          u32(bytes, at + 8) | 0,
          u32(bytes, at + 12) | 0,
        )
  query.clientExcepted = allowed[0]! | (allowed[1]! << 1) | (allowed[2]! << 2)
  return verdict
}

/**
 * Judges `octets` (4 or 16) of an answer at `at`; on BLOCKED `query` says by what, as after `filter`, and where a rule that is only monitored would have
 * blocked what passes, its feed stands in `monitoredFeed`.
 */
export function filterAddress(
  query: QuerySlot,
  images: FilterImages,
  bytes: Uint8Array,
  at: number,
  octets: number,
): typeof PASS | typeof BLOCKED {
  // As signed words: greater numbers than those would be objects.
  const table = images.filter.prefixes
  if (octets === IPV4_OCTETS) return judge(query, images, table, 0, 0, MAPPED, u32(bytes, at) | 0)
  const first = u32(bytes, at) | 0
  const second = u32(bytes, at + 4) | 0
  const third = u32(bytes, at + 8) | 0
  const last = u32(bytes, at + 12) | 0
  if (judge(query, images, table, first, second, third, last) === BLOCKED) return BLOCKED
  const carriesIpv4 = first === NAT64 && second === 0 && third === 0
  return carriesIpv4 ? judge(query, images, table, 0, 0, MAPPED, last) : PASS
}

function judge(
  query: QuerySlot,
  { filter: image, policies }: FilterImages,
  table: PrefixTable,
  first: number,
  second: number,
  third: number,
  last: number,
): typeof PASS | typeof BLOCKED {
  element.fill(NONE)
  allowed.fill(0)
  monitored = NONE
  for (let length = 0; length < table.lengths.length; length++) {
    mask(first, second, third, last, table.lengths[length]!)
    meet(query, image, policies, table, table.starts[length]!, table.starts[length + 1]!)
  }
  for (let own = HOTLINE; own < CLASS_COUNT; own++) {
    if (element[own] === NONE) continue
    query.blockClass = own
    query.blockCategory = image.categoryOf(element[own]!)
    query.blockAnswer = image.answerOf(element[own]!)
    query.blockElement = element[own]!
    query.blockRule = rule[own]!
    query.blockIsUrgent = false
    query.blockDepth = 0
    return BLOCKED
  }
  if (monitored !== NONE) query.monitoredFeed = image.feedOf(monitored)
  return PASS
}

/** Puts the network of so many bits into `wanted`. */
function mask(first: number, second: number, third: number, last: number, bits: number): void {
  wanted[0] = first & maskOf(bits)
  wanted[1] = second & maskOf(bits - 32)
  wanted[2] = third & maskOf(bits - 64)
  wanted[3] = last & maskOf(bits - 96)
}

function maskOf(bits: number): number {
  return bits <= 0 ? 0 : bits >= 32 ? -1 : -1 << (32 - bits)
}

/** Weighs all rules for the network in `wanted` among those of one length, which are sorted. */
function meet(
  query: QuerySlot,
  image: FilterReader,
  policies: PolicyReader,
  table: PrefixTable,
  start: number,
  end: number,
): void {
  let low = start
  let high = end
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compare(table, middle) < 0) low = middle + 1
    else high = middle
  }
  for (; low < end && compare(table, low) === 0; low++) weigh(query, image, policies, table, low * PREFIX_FIELDS)
}

function compare(table: PrefixTable, prefix: number): number {
  for (let i = 0, at = prefix * PREFIX_FIELDS; i < 4; i++) {
    const own = table.words[at + i]!
    if (own !== wanted[i]) return own < wanted[i]! ? -1 : 1
  }
  return 0
}

function weigh(query: QuerySlot, image: FilterReader, policies: PolicyReader, table: PrefixTable, at: number): void {
  const found = table.words[at + PREFIX_ELEMENT]!
  const kind = image.kindOf(found)
  if (!policies.hasCategory(query.policy, image.categoryOf(found))) return
  const own = image.classOf(found)
  // What a longer prefix has said stands.
  if (element[own] !== NONE || isAllowed(own)) return
  if ((kind & MONITOR_BIT) !== 0) {
    if ((kind & ALLOW_BIT) === 0) monitored = found
    return
  }
  if ((kind & ALLOW_BIT) !== 0) allowed[own] = 1
  else {
    element[own] = found
    rule[own] = table.words[at + PREFIX_RULE]! | 0
  }
}

function isAllowed(own: number): boolean {
  return own === HOUSEHOLD ? (allowed[0]! | allowed[1]! | allowed[2]!) !== 0 : allowed[own] === 1
}
