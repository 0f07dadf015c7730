/**
 * Data plane. The filter stage: whether the policy of a query blocks its name, and by which rule.
 *
 * `FilterReader.probe` has gone down from the root label and noted where rules may be; here each is met and weighed. Per class the most specific block and the most specific
 * exception are kept; an exception wins where it is at least as specific as the block, and speaks only for its own class and for the
 * household's: what a household excepts never loosens what hotline or law demand. A name alone is more specific than the same name with
 * all below it. Of several classes that block, the first in the order of `CLASSES` answers. The overlay's rules count as the base's do, and
 * what it withdraws of the base does not count. Rules of feeds that are only monitored decide nothing: what passes although they would have blocked
 * it is noted in `monitoredFeed`.
 */
import * as fromClasses from '../images/classes.ts'
import type { ImageList } from '../images/filter/candidates.ts'
import * as fromCandidates from '../images/filter/candidates.ts'
import * as fromLayout from '../images/filter/layout.ts'
import type { FilterReader } from '../images/filter/reader.ts'
import * as fromReader from '../images/filter/reader.ts'
import type { PolicyReader } from '../images/policies.ts'
import type { QuerySlot } from './query.ts'
import * as fromQuery from './query.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { HOTLINE, HOUSEHOLD } = fromClasses
const { BASE, candidateCount, candidateDepth, clearCandidates, OVERLAY } = fromCandidates
const { ALLOW_BIT, ANSWER_AS_SET, EXTENT_MASK, MEMBER_HAS_RULE, MONITOR_BIT, NO_RULE, WITHDRAW_BIT } = fromLayout
const { NOT_FLAGGED, ONE_OCTET_GROUPS } = fromReader
const { PASS } = fromQuery

/** What this stage returns beside PASS: `blockClass` and its neighbours in the query say by what. */
export const BLOCKED = 4

const EXACT = 0
const WHOLE = 1
const BELOW = 2
const NONE = -1
const CLASS_COUNT = 3
/** An urgent block is more specific than any exception for the same name, and less than one for a name below it. */
const URGENT = 2

/** What the walk has met so far, per class. One for the thread: a walk never waits. */
export class Findings {
  readonly block = new Int32Array(CLASS_COUNT)
  readonly allow = new Int32Array(CLASS_COUNT)
  readonly element = new Int32Array(CLASS_COUNT)
  readonly rule = new Int32Array(CLASS_COUNT)
  readonly depth = new Int32Array(CLASS_COUNT)
  readonly isUrgent = new Uint8Array(CLASS_COUNT)
  /** Of rules that are only monitored: the most specific block of each class, with its element, and the most specific exception. */
  readonly monitored = new Int32Array(CLASS_COUNT)
  readonly monitoredElement = new Int32Array(CLASS_COUNT)
  monitoredAllow = NONE
  isMonitored = false
  /** A name of one of the policy's allow-only categories. */
  listed = false
  /** Labels of the name whose blocks in the base image the overlay withdraws; a bit each, names of more than 31 labels share the last. */
  withdrawn = 0

  clear(): void {
    for (let i = 0; i < CLASS_COUNT; i++) {
      this.block[i] = NONE
      this.allow[i] = NONE
      this.monitored[i] = NONE
    }
    this.monitoredAllow = NONE
    this.isMonitored = false
    this.listed = false
    this.withdrawn = 0
  }
}

export interface FilterImages {
  /** The base image, compiled from the feeds. */
  readonly filter: FilterReader
  /** Single urgent changes in front of it, until the next compilation; mostly empty. */
  readonly overlay: FilterReader
  readonly policies: PolicyReader
  /** Category number that stands for "not on the policy's positive list". */
  readonly notListedCategory: number
}

/** Notes where the images may have entries for a query's name, and begins the reads; to be called before `filter`. */
export function probe(query: QuerySlot, images: FilterImages): number {
  clearCandidates(query.room)
  const begun = images.overlay.names > 0 ? images.overlay.probe(query, OVERLAY) : 0
  return begun ^ images.filter.probe(query, BASE)
}

/** `monitoredFeed` is what `filterClient` left there, unless a name has one. */
export function filter(query: QuerySlot, images: FilterImages, findings: Findings): typeof PASS | typeof BLOCKED {
  const onlyListed = images.policies.isAllowOnly(query.policy)
  query.excepted = query.clientExcepted
  // Nearly every query: nothing was found, or one place.
  if (!onlyListed && candidateCount(query.room, OVERLAY) === 0) {
    const found = candidateCount(query.room, BASE)
    if (found === 0) return PASS
    if (found === 1) return filterByOne(query, images, findings)
  }
  if (!meet(query, images, findings)) return onlyListed ? blockUnlisted(query, images) : PASS
  const verdict = conclude(query, images, findings)
  return verdict === PASS && onlyListed && !findings.listed ? blockUnlisted(query, images) : verdict
}

/** The same where one entry at most covers the name. What is one plain block is decided without weighing: there is nothing to weigh it against. */
function filterByOne(query: QuerySlot, images: FilterImages, findings: Findings): typeof PASS | typeof BLOCKED {
  const image = images.filter
  const at = image.entry(query, BASE, 0)
  if (at === NOT_FLAGGED) return PASS
  const group = image.pool[at]!
  const element = group < ONE_OCTET_GROUPS ? image.plainBlocks[group]! : NONE
  const depth = candidateDepth(query.room, BASE, 0)
  if (element === NONE) {
    findings.clear()
    weigh(query, image, images.policies, findings, at, depth, false)
    return conclude(query, images, findings)
  }
  const extent = image.kindOf(element) & EXTENT_MASK
  if (extent !== WHOLE && (depth === query.labelCount ? extent === BELOW : extent === EXACT)) return PASS
  if (!images.policies.hasCategory(query.policy, image.categoryOf(element))) return PASS
  const own = image.classOf(element)
  if (query.clientExcepted !== 0 && isExcepted(query.clientExcepted, own)) return PASS
  return blockWith(query, images, element, image.hasRule(group) ? image.ruleAt(at + 1) : NO_RULE, depth, false)
}

/** What comes of all that was weighed, where nothing but that counts. */
function conclude(query: QuerySlot, images: FilterImages, findings: Findings): typeof PASS | typeof BLOCKED {
  const verdict = weighFindings(query, images, findings)
  if (verdict === PASS && findings.isMonitored) query.monitoredFeed = monitoredFeed(images, findings)
  return verdict
}

/** The feed whose rule would have blocked what passes, were it not only monitored; none, where an exception would have held. */
function monitoredFeed(images: FilterImages, findings: Findings): number {
  for (let own = HOTLINE; own < CLASS_COUNT; own++) {
    if (findings.monitored[own]! > Math.max(excepted(findings, own), findings.monitoredAllow))
      return images.filter.feedOf(findings.monitoredElement[own]!)
  }
  return NONE
}

/** The same for a name that an answer leads to: a positive list speaks of what is asked for, not of where that is kept. */
export function filterLink(link: QuerySlot, images: FilterImages, findings: Findings): typeof PASS | typeof BLOCKED {
  return meet(link, images, findings) ? conclude(link, images, findings) : PASS
}

/** Whether what was met comes to a block, and whose. */
function weighFindings(query: QuerySlot, images: FilterImages, findings: Findings): typeof PASS | typeof BLOCKED {
  for (let own = HOTLINE; own < CLASS_COUNT; own++) {
    if (findings.allow[own]! > NONE) query.excepted |= 1 << own
    if (findings.block[own]! <= excepted(findings, own)) continue
    if (query.clientExcepted === 0 || !isExcepted(query.clientExcepted, own))
      return blockBy(query, images, findings, own)
  }
  return PASS
}

/** Whether a name's exceptions (`QuerySlot.excepted`) reach as far as blocks of a class. */
export function isExcepted(classes: number, own: number): boolean {
  return own === HOUSEHOLD ? classes !== 0 : ((classes >>> own) & 1) === 1
}

/** How specific an exception from blocks of class `own` is. */
function excepted(findings: Findings, own: number): number {
  if (own !== HOUSEHOLD) return findings.allow[own]!
  return Math.max(findings.allow[0]!, findings.allow[1]!, findings.allow[2]!)
}

function blockBy(query: QuerySlot, images: FilterImages, findings: Findings, own: number): typeof BLOCKED {
  const isUrgent = findings.isUrgent[own] === 1
  return blockWith(query, images, findings.element[own]!, findings.rule[own]!, findings.depth[own]!, isUrgent)
}

/** Notes in the query by what it is blocked. */
function blockWith(
  query: QuerySlot,
  images: FilterImages,
  element: number,
  rule: number,
  depth: number,
  isUrgent: boolean,
): typeof BLOCKED {
  query.blockIsUrgent = isUrgent
  const image = imageOfBlock(query, images)
  query.blockClass = image.classOf(element)
  query.blockCategory = image.categoryOf(element)
  query.blockAnswer = image.answerOf(element)
  query.blockElement = element
  query.blockRule = rule
  query.blockDepth = depth
  return BLOCKED
}

/** The image that has the rule that blocks a query. */
export function imageOfBlock(query: QuerySlot, images: FilterImages): FilterReader {
  return query.blockIsUrgent ? images.overlay : images.filter
}

function blockUnlisted(query: QuerySlot, images: FilterImages): typeof BLOCKED {
  query.blockClass = HOUSEHOLD
  query.blockCategory = images.notListedCategory
  query.blockAnswer = ANSWER_AS_SET
  query.blockElement = NONE
  query.blockRule = NO_RULE
  query.blockIsUrgent = false
  query.blockDepth = 0
  return BLOCKED
}

/** Fills `findings` with what covers the name under its policy; false where nothing flagged was met at all. */
function meet(query: QuerySlot, images: FilterImages, findings: Findings): boolean {
  const urgent = candidateCount(query.room, OVERLAY)
  if (urgent + candidateCount(query.room, BASE) === 0) return false
  findings.clear()
  // The overlay first: what it withdraws must not be met in the base image.
  const metUrgent = urgent > 0 && walk(query, images.overlay, OVERLAY, images.policies, findings)
  return walk(query, images.filter, BASE, images.policies, findings) || metUrgent
}

function walk(
  query: QuerySlot,
  image: FilterReader,
  list: ImageList,
  policies: PolicyReader,
  findings: Findings,
): boolean {
  let met = false
  for (let candidate = 0, count = candidateCount(query.room, list); candidate < count; candidate++) {
    const at = image.entry(query, list, candidate)
    if (at === NOT_FLAGGED) continue
    met = true
    weigh(query, image, policies, findings, at, candidateDepth(query.room, list, candidate), list === OVERLAY)
  }
  return met
}

/** Weighs each rule of the entry whose group stands at `at` in the pool. */
function weigh(
  query: QuerySlot,
  image: FilterReader,
  policies: PolicyReader,
  findings: Findings,
  at: number,
  depth: number,
  isUrgent: boolean,
): void {
  const pool = image.pool
  let group = 0
  let ruleAt = at
  for (let shift = 0; ; shift += 7) {
    const octet = pool[ruleAt++]!
    group |= (octet & 0x7f) << shift
    if (octet < 0x80) break
  }
  for (let i = image.groups[group]!, end = image.groups[group + 1]!; i < end; i++) {
    const member = image.members[i]!
    let rule = NO_RULE
    if ((member & MEMBER_HAS_RULE) !== 0) {
      rule = pool[ruleAt]! | (pool[ruleAt + 1]! << 8) | (pool[ruleAt + 2]! << 16) | (pool[ruleAt + 3]! << 24)
      ruleAt += 4
    }
    weighRule(query, image, policies, findings, member & ~MEMBER_HAS_RULE, rule, depth, isUrgent)
  }
}

function weighRule(
  query: QuerySlot,
  image: FilterReader,
  policies: PolicyReader,
  findings: Findings,
  element: number,
  rule: number,
  depth: number,
  isUrgent: boolean,
): void {
  const kind = image.kindOf(element)
  if ((kind & WITHDRAW_BIT) !== 0) {
    findings.withdrawn |= depthBit(depth)
    return
  }
  const extent = kind & EXTENT_MASK
  if (depth === query.labelCount ? extent === BELOW : extent === EXACT) return
  const category = image.categoryOf(element)
  const isAllow = (kind & ALLOW_BIT) !== 0
  if (!isAllow && policies.allowsOnly(query.policy, category)) findings.listed = true
  if (!policies.hasCategory(query.policy, category)) return
  const specificity = depth * 2 + (isUrgent ? URGENT : extent === EXACT ? 1 : 0)
  const own = image.classOf(element)
  if ((kind & MONITOR_BIT) !== 0) {
    noteMonitored(findings, own, element, specificity, isAllow)
    return
  }
  if (isAllow) {
    if (specificity > findings.allow[own]!) findings.allow[own] = specificity
    return
  }
  if (!isUrgent && (findings.withdrawn & depthBit(depth)) !== 0) return
  if (specificity <= findings.block[own]!) return
  findings.block[own] = specificity
  findings.element[own] = element
  findings.rule[own] = rule
  findings.depth[own] = depth
  findings.isUrgent[own] = isUrgent ? 1 : 0
}

function noteMonitored(findings: Findings, own: number, element: number, specificity: number, isAllow: boolean): void {
  findings.isMonitored = true
  if (isAllow) {
    if (specificity > findings.monitoredAllow) findings.monitoredAllow = specificity
  } else if (specificity > findings.monitored[own]!) {
    findings.monitored[own] = specificity
    findings.monitoredElement[own] = element
  }
}

function depthBit(depth: number): number {
  return 1 << Math.min(depth, 31)
}
