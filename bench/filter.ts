/**
 * The filter stage: probe and filter, among 10,000 to 1,000,000 names. 200,000 different questions, half of them for flagged names and half
 * for names below one (hit), or for names that no list has (miss). Alone, and in batches of 64 as they arrive: first all are admitted and
 * probed, then each is looked up. What admitting takes is measured beside and taken off.
 */
import { benchImages } from './support/images.ts'
import { lookupCases } from './support/lookups.ts'
import { compare, type Figure, type Size } from './support/measure.ts'
import { blockedQuestions, cleanQuestions } from './support/names.ts'
import { asText, type BenchResult, verdict } from './support/result.ts'
import { QueryDeck } from './support/workload.ts'

const QUESTIONS: Record<Size, number> = { small: 500, full: 200_000 }
const NAMES: Record<Size, readonly number[]> = { small: [1000, 4000], full: [10_000, 100_000, 1_000_000] }

/** What a lookup among a million names may take. */
export const LOOKUP_GOALS: readonly (readonly [start: string, nanoseconds: number])[] = [
  ['hit, in batches', 150],
  ['miss, in batches', 100],
  ['hit, alone', 400],
  ['miss, alone', 180],
]
const GOAL_NAMES = 1_000_000

export function run(size: Size): BenchResult {
  const questions = QUESTIONS[size]
  const clean = new QueryDeck(cleanQuestions(questions))
  const cases = NAMES[size].flatMap(names =>
    lookupCases(among(names), benchImages(names), new QueryDeck(blockedQuestions(questions, names)), clean),
  )
  const { figures, checksum } = compare(cases, size)
  const shown = figures.filter(figure => !figure.what.startsWith('admit'))
  return { title: 'Filter', figures: shown, checksum, notes: size === 'full' ? goals(shown) : [] }
}

function goals(figures: readonly Figure[]): string[] {
  return LOOKUP_GOALS.flatMap(([start, most]) => {
    const own = figures.find(figure => figure.what === `${start}, ${among(GOAL_NAMES)}`)
    return own === undefined ? [] : [verdict(own.what, own.nanoseconds, most, 'ns')]
  })
}

function among(names: number): string {
  return `${names.toLocaleString('en')} names`
}

if (import.meta.main) console.log(asText(run('full')))
