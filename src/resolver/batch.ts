/**
 * Data plane. A batch of queries: all are admitted first, and for each the reads are begun that its lookups would wait for, so that the
 * processor waits for many at once instead of one after the other; then each takes its way through the stages.
 */
import * as fromCounters from '../images/counters.ts'
import * as fromAccount from './account.ts'
import * as fromAdmit from './admit.ts'
import type { Outlet } from './outlet.ts'
import type { Plane } from './plane.ts'
import * as fromProxy from './proxy.ts'
import type { QuerySlot, Verdict } from './query.ts'
import * as fromQuery from './query.ts'
import * as fromReadAhead from './read-ahead.ts'
import * as fromReply from './reply.ts'
import * as fromResolve from './resolve.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { FROM_BLOCK, UDP } = fromCounters
const { add, beginBatch, countAnswer, countBatch, countQuery } = fromAccount
const { admit } = fromAdmit
const { unwrap } = fromProxy
const { ANSWERED, DROPPED, PASS } = fromQuery
const { readAhead } = fromReadAhead
const { answerRefusal } = fromReply
const { resolve } = fromResolve

export function resolveBatch(slots: readonly QuerySlot[], count: number, plane: Plane, outlet: Outlet): void {
  beginBatch(plane)
  for (let i = 0; i < count; i++) {
    const query = slots[i]!
    query.verdict = enter(query, plane)
  }
  readAhead(slots, count, plane)
  for (let i = 0; i < count; i++) {
    const query = slots[i]!
    if (query.verdict === DROPPED) add(plane, 'droppedMalformed', 1)
    else respond(query, plane, outlet)
  }
  countBatch(plane)
  add(plane, 'batches', 1)
  add(plane, 'datagrams', count)
}

function enter(query: QuerySlot, plane: Plane): Verdict {
  // A stream's header is taken off once, by its transport.
  const { proxies } = plane
  if (proxies !== null && query.transport === UDP && !unwrap(query, proxies)) return DROPPED
  return admit(query, plane.seed, plane.structuredOption)
}

function respond(query: QuerySlot, plane: Plane, outlet: Outlet): void {
  countQuery(query, plane)
  if (!outlet.reserve(query)) return
  const verdict = query.verdict === PASS ? resolve(query, plane) : refuse(query)
  query.verdict = verdict
  if (verdict === ANSWERED) {
    countAnswer(query, plane)
    outlet.send(query)
  } else if (verdict === DROPPED && query.source === FROM_BLOCK) add(plane, 'droppedByRule', 1)
}

function refuse(query: QuerySlot): Verdict {
  answerRefusal(query)
  return ANSWERED
}
