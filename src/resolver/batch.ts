/**
 * Data plane. A batch of queries: all admitted first, then the memory that their lookups will read is touched, so that the processor
 * waits for many reads at once instead of one after the other; then each takes its way through the stages.
 */
import { add, countAnswer, countBatch, countQuery } from './account.ts'
import { admit } from './admit.ts'
import type { Outlet } from './outlet.ts'
import type { Plane } from './plane.ts'
import { ANSWERED, DROPPED, PASS, type QuerySlot, type Verdict } from './query.ts'
import { answerRefusal } from './reply.ts'
import { resolve } from './resolve.ts'

/** Below this nothing is gained by touching memory ahead. */
const WARMED_FROM = 4

/** What was read ahead, kept so that reading it is not optimised away. */
let warmed = 0

export function resolveBatch(slots: readonly QuerySlot[], count: number, plane: Plane, outlet: Outlet): void {
  plane.clock.tick()
  const startMs = plane.clock.nowMs
  for (let i = 0; i < count; i++) {
    const query = slots[i]!
    query.verdict = admit(query, plane.seed)
  }
  if (count >= WARMED_FROM) warm(slots, count, plane)
  for (let i = 0; i < count; i++) {
    const query = slots[i]!
    if (query.verdict === DROPPED) add(plane, 'droppedMalformed', 1)
    else respond(query, plane, outlet)
  }
  plane.clock.tick()
  countBatch(plane, plane.clock.nowMs - startMs)
  add(plane, 'batches', 1)
  add(plane, 'datagrams', count)
}

function respond(query: QuerySlot, plane: Plane, outlet: Outlet): void {
  countQuery(query, plane)
  if (!outlet.reserve(query)) return
  const verdict = query.verdict === PASS ? resolve(query, plane) : refuse(query)
  query.verdict = verdict
  if (verdict === ANSWERED) {
    countAnswer(query, plane)
    outlet.send(query)
  } else if (verdict === DROPPED) add(plane, 'droppedByRule', 1)
}

function refuse(query: QuerySlot): Verdict {
  answerRefusal(query)
  return ANSWERED
}

function warm(slots: readonly QuerySlot[], count: number, plane: Plane): void {
  const image = plane.images.filter
  let sum = 0
  for (let i = 0; i < count; i++) {
    const query = slots[i]!
    if (query.verdict !== PASS) continue
    sum ^= image.touchBloom(query) ^ plane.cache.touch(query.hash)
  }
  for (let i = 0; i < count; i++) if (slots[i]!.verdict === PASS) sum ^= image.touchSlots(slots[i]!)
  warmed ^= sum
}

/** Only for tests and benches, which print it. */
export function warmedChecksum(): number {
  return warmed
}
