/**
 * The writing of block answers, in each mode, into the query's own memory: records, SOA, OPT, Extended DNS Error with its text. The text is
 * the case's number where the list has one, and otherwise made from the flagged name.
 */
import { admit } from '../src/resolver/admit.ts'
import {
  answerBlocked,
  type BlockAnswers,
  MODE_NODATA,
  MODE_NXDOMAIN,
  MODE_PAGE,
  MODE_REFUSED,
  MODE_ZERO,
  sameForAll,
} from '../src/resolver/blocked.ts'
import { BLOCKED, type FilterImages, Findings, filter, probe } from '../src/resolver/filter.ts'
import type { QuerySlot } from '../src/resolver/query.ts'
import { TYPE_A, TYPE_AAAA } from '../src/wire/types.ts'
import { benchImages, SEED } from './support/images.ts'
import { type Case, compare, type Size } from './support/measure.ts'
import { blockedQuestions } from './support/names.ts'
import { asText, type BenchResult } from './support/result.ts'
import { PAGE } from './support/whole-path.ts'
import { BATCH, makeSlots, NullOutlet, QueryDeck } from './support/workload.ts'

const ROUNDS: Record<Size, number> = { small: 10, full: 500 }
const NAMES: Record<Size, number> = { small: 200, full: 10_000 }

interface Row {
  readonly what: string
  readonly mode: number
  readonly type?: number
  readonly withCases?: boolean
  readonly edns?: boolean
}

const ROWS: readonly Row[] = [
  { what: 'page, A', mode: MODE_PAGE },
  { what: 'page, A, with a case number', mode: MODE_PAGE, withCases: true },
  { what: 'page, A, without EDNS', mode: MODE_PAGE, edns: false },
  { what: 'page, AAAA', mode: MODE_PAGE, type: TYPE_AAAA },
  { what: 'nxdomain', mode: MODE_NXDOMAIN },
  { what: 'nodata', mode: MODE_NODATA },
  { what: 'zero, A', mode: MODE_ZERO },
  { what: 'refused', mode: MODE_REFUSED },
]

export function run(size: Size): BenchResult {
  const images = { plain: benchImages(NAMES[size]), withCases: benchImages(NAMES[size], true) }
  const each = BATCH * ROUNDS[size]
  const cases = ROWS.map((row): Case => {
    const own = row.withCases ? images.withCases : images.plain
    const slots = blockedSlots(row, own, NAMES[size])
    const answers = { ...PAGE, classes: sameForAll(row.mode, 60) }
    return { what: row.what, each, run: () => answerAll(slots, own, answers, ROUNDS[size]) }
  })
  return { title: 'Block answers', ...compare(cases, size), notes: [] }
}

/** Slots as the filter stage leaves them; an answer may be written into each again and again. */
function blockedSlots(row: Row, images: FilterImages, listed: number): QuerySlot[] {
  const slots = makeSlots(BATCH)
  const deck = new QueryDeck(blockedQuestions(BATCH, listed), row.type ?? TYPE_A, row.edns ?? true)
  const outlet = new NullOutlet()
  const findings = new Findings()
  slots.forEach((slot, i) => {
    deck.deal(slot, i)
    admit(slot, SEED)
    probe(slot, images)
    if (filter(slot, images, findings) !== BLOCKED) throw new Error('a flagged name was not blocked')
    outlet.reserve(slot)
  })
  return slots
}

function answerAll(slots: readonly QuerySlot[], images: FilterImages, answers: BlockAnswers, rounds: number): number {
  let octets = 0
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < BATCH; i++) {
      answerBlocked(slots[i]!, images, answers)
      octets += slots[i]!.outLength
    }
  }
  return octets
}

if (import.meta.main) console.log(asText(run('full')))
