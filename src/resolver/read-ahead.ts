/**
 * Data plane. Reads ahead for a whole batch what its lookups would wait for, so that the processor waits for many reads at once.
 *
 * A read that misses the caches takes as long as some hundreds of instructions, and a processor looks only so far ahead: where each query
 * brings its own instructions and branches to guess, two or three reads are under way at a time. So the places of a batch's reads
 * are gathered in flat arrays, and read in loops of a few instructions without a branch; what was read is looked at in a loop after that.
 *
 *     hashes that the Bloom filter has │ slots │ which have an entry │ pool
 *     and for names that are not flagged: the cache's index │ which have an entry │ entry
 *
 * The Bloom filter itself, an octet and a half a name, is small enough for the caches up to a million names; where it is not, it is read in a pass of its own first.
 * Writes each query's candidates, as `probe` does one by one. Scratch memory is the
 * thread's: a batch never waits.
 */
import * as fromCandidates from '../images/filter/candidates.ts'
import type { FilterReader } from '../images/filter/reader.ts'
import * as fromNameRoom from '../wire/name-room.ts'
import type { FilterImages } from './filter.ts'
import * as fromKey from './key.ts'
import type { Plane } from './plane.ts'
import type { QuerySlot } from './query.ts'
import * as fromQuery from './query.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { addCandidate, BASE, candidateCount, clearCandidates, OVERLAY } = fromCandidates
const { BATCH_ROOMS, endingHash } = fromNameRoom
const { answerHash } = fromKey
const { PASS } = fromQuery

/** Queries at a time, and so in a batch of any transport. */
export const BATCH_MAX: number = fromNameRoom.BATCH_ROOMS
/** Depths of a name that are looked at together. Nearly every flagged name has two to four labels; for those below, `probe` goes on by itself. */
const DEPTHS = 4
const PROBES_MAX = fromNameRoom.BATCH_ROOMS * DEPTHS

/** By probe: the hash, the name's room, at how many labels. */
const hashes = new Int32Array(PROBES_MAX)
const owners = new Uint8Array(PROBES_MAX)
const depths = new Uint8Array(PROBES_MAX)
/** Its place in the slots and what stands there; afterwards, of those that may have one, where the entry is in the pool. */
const places = new Int32Array(PROBES_MAX)
const slots = new Int32Array(PROBES_MAX)
/** By query: at how many depths the Bloom filter has its name. */
const reached = new Uint8Array(BATCH_ROOMS)
/** Of queries whose names are not flagged: the hashes of their answers. */
const answers = new Int32Array(BATCH_ROOMS)

/** What was read, kept so that reading it is not optimised away. */
let begun = 0

export function readAhead(queries: readonly QuerySlot[], count: number, plane: Plane): void {
  probeBatch(queries, count, plane.images)
  const unflagged = gatherAnswers(queries, count)
  begun ^= plane.cache.touchIndex(answers, unflagged)
  begun ^= plane.cache.touchEntries(answers, unflagged)
}

/** `probe` for all queries of a batch whose verdict is PASS. Throws RangeError for more than BATCH_MAX: they would pass unseen. */
export function probeBatch(queries: readonly QuerySlot[], count: number, images: FilterImages): void {
  if (count > BATCH_ROOMS) throw new RangeError(`${count} queries in a batch`)
  const { filter } = images
  const probes = gather(queries, count, images)
  filter.readSlots(hashes, places, slots, probes)
  begun ^= filter.touch(places, findEntries(probes, images))
  finishDeep(queries, count, images)
}

/** Lists the depths, of the first few at which the image has names at all, down to the first that it has nothing at or below. */
function gather(queries: readonly QuerySlot[], count: number, { filter, overlay }: FilterImages): number {
  const hasUrgent = overlay.names > 0
  if (filter.bloomIsLarge) begun ^= readBloom(queries, count, filter)
  const { depthMin } = filter
  const depthMax = depthMin === 0 ? -1 : least(filter.depthMax, (depthMin + DEPTHS - 1) | 0)
  let probes = 0
  for (let i = 0; i < count; i++) {
    const query = queries[i]!
    reached[i] = 0
    if (query.verdict !== PASS) continue
    const { room } = query
    clearCandidates(room)
    if (hasUrgent) begun ^= overlay.probe(query, OVERLAY)
    const deepest = least(query.labelCount, depthMax)
    let depth = depthMin
    for (; depth <= deepest; depth = (depth + 1) | 0) {
      const hash = endingHash(room, depth)
      if (!filter.mayHold(hash)) break
      hashes[probes] = hash
      depths[probes] = depth
      owners[probes] = room
      probes = (probes + 1) | 0
    }
    reached[i] = depth - depthMin
  }
  return probes
}

/** Reads what the filter has for the first depths of each name, where that is not in the caches: `gather` would wait for one before it knew of the next. */
function readBloom(queries: readonly QuerySlot[], count: number, filter: FilterReader): number {
  const { depthMin, depthMax } = filter
  let read = 0
  for (let i = 0; i < count; i++) {
    const query = queries[i]!
    if (query.verdict !== PASS) continue
    const { room } = query
    const deepest = least(query.labelCount, depthMax)
    if (deepest >= depthMin) read ^= filter.bloomWord(endingHash(room, depthMin))
    if (deepest > depthMin) read ^= filter.bloomWord(endingHash(room, (depthMin + 1) | 0))
    if (deepest > depthMin + 1) read ^= filter.bloomWord(endingHash(room, (depthMin + 2) | 0))
  }
  return read
}

/** Of whole numbers: V8 makes fractions of what Math.min is given. */
function least(a: number, b: number): number {
  if (a < b) return a
  return b
}

/** Notes for each query where its entries may be, and leaves in `places` where these are in the pool; returns how many. */
function findEntries(probes: number, { filter }: FilterImages): number {
  let found = 0
  for (let i = 0; i < probes; i++) {
    const place = filter.placeFrom(places[i]!, slots[i]!, hashes[i]!)
    if (place < 0) continue
    addCandidate(owners[i]!, BASE, depths[i]!, place)
    places[found] = filter.poolAt(place)
    found = (found + 1) | 0
  }
  return found
}

/** Goes on, one name after the other, where the image may have something further down than DEPTHS reaches. */
function finishDeep(queries: readonly QuerySlot[], count: number, { filter }: FilterImages): void {
  if (filter.depthMax < filter.depthMin + DEPTHS) return
  for (let i = 0; i < count; i++) {
    const query = queries[i]!
    if (reached[i] === DEPTHS) begun ^= filter.probe(query, BASE, filter.depthMin + DEPTHS)
  }
}

function gatherAnswers(queries: readonly QuerySlot[], count: number): number {
  let gathered = 0
  for (let i = 0; i < count; i++) {
    const query = queries[i]!
    if (query.verdict === PASS && candidateCount(query.room, BASE) === 0) answers[gathered++] = answerHash(query)
  }
  return gathered
}

/** For benches and tests, which look at it: that the reads are done. */
export function readsBegun(): number {
  return begun
}
