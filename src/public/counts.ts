/** Counts for everybody: how much is blocked, for whom it was demanded, what came and went, what was objected to. Never a name; small numbers are not told. */
import type { AppealStore } from '../appeals/store.ts'
import type { Cell, TallyHead } from '../feeds/tally/tally-file.ts'
import type { RuleClass } from '../images/classes.ts'
import { exactSince, type MonthChange, monthChanges } from './changes.ts'
import { foldSmall, hideSmallest, type Told, told, toldTogether } from './suppress.ts'

export interface ListCounts extends Cell {
  readonly feed: string
  readonly entries: number
  /** Seconds since 1970. */
  readonly updatedAt: number | null
}

/** For how long entries have been listed: under 30 days, under a year, under three years, longer; or the list does not say since when. */
export const AGES = ['month', 'year', 'threeYears', 'older', 'unknown'] as const
export type Age = (typeof AGES)[number]
export type AgeCounts = { readonly class: RuleClass } & Readonly<Record<Age, number>>

export interface Counts {
  readonly lists: readonly (Omit<ListCounts, 'entries'> & { readonly entries: Told })[]
  readonly ages: readonly ({ readonly class: RuleClass } & Readonly<Record<Age, Told>>)[]
  /** By list: entries whose end has passed and that are still on it. */
  readonly expired: Readonly<Record<string, Told>>
  readonly changes: readonly MonthChange[]
  /** Where it is not null: what months before this day have is the difference between versions. */
  readonly exactSince: string | null
  readonly appeals: Readonly<Record<string, Readonly<Record<'received' | 'upheld' | 'rejected', Told>>>>
  readonly urgent: Readonly<Record<string, Readonly<Record<'blocked' | 'lifted', Told>>>>
  /** Numbers below this are null. */
  readonly suppressedBelow: number
}

export interface CountSources {
  readonly lists: () => readonly ListCounts[]
  readonly ages: () => readonly AgeCounts[]
  readonly expired: () => Readonly<Record<string, number>>
  readonly tallies: () => readonly TallyHead[]
  /** Whether names of a category are blocked for anybody; those of positive lists are not. */
  readonly isBlocked: (category: string) => boolean
  readonly store: AppealStore | null
  /** Each urgent change, with when it was made. */
  readonly urgent: () => readonly { readonly at: string; readonly action: 'block' | 'unblock' | 'withdraw' }[]
  readonly suppressBelow: number
}

export function countAll(sources: CountSources): Counts {
  const { store, suppressBelow: least } = sources
  const few = (count: number) => told(count, least)
  const group = ({ feed, class: ruleClass, category }: ListCounts) => [feed, ruleClass, category].join('\n')
  const tallies = sources.tallies()
  const appeals = newestFirst(store?.byMonth() ?? {}).map(([month, own]) => [
    month,
    { received: few(own.received), ...toldDecisions(own, least) },
  ])
  const lists = foldSmall(sources.lists(), group, ['entries'], least).map(own => ({
    ...own,
    entries: few(own.entries),
  }))
  const hidden = new Set(lists.filter(own => own.entries === null).map(own => own.class))
  return {
    lists,
    ages: sources.ages().map(own => toldAges(own, least, hidden.has(own.class))),
    expired: Object.fromEntries(Object.entries(sources.expired()).map(([feed, count]) => [feed, few(count)])),
    changes: monthChanges(tallies, sources.isBlocked, least),
    exactSince: exactSince(tallies),
    appeals: Object.fromEntries(appeals),
    urgent: urgentByMonth(sources.urgent(), few),
    suppressedBelow: least,
  }
}

function toldDecisions({ upheld, rejected }: { readonly upheld: number; readonly rejected: number }, least: number) {
  const [shownUpheld, shownRejected] = toldTogether([upheld, rejected], least)
  return { upheld: shownUpheld!, rejected: shownRejected! }
}

/** `listIsHidden`: a list of the class is, which all ages together would tell. */
function toldAges(own: AgeCounts, least: number, listIsHidden: boolean): Counts['ages'][number] {
  const shown = toldTogether(
    AGES.map(age => own[age]),
    least,
  )
  if (listIsHidden && !shown.includes(null)) hideSmallest(shown)
  return { ...own, ...Object.fromEntries(AGES.map((age, i) => [age, shown[i]!])) }
}

function urgentByMonth(changes: ReturnType<CountSources['urgent']>, few: (count: number) => Told): Counts['urgent'] {
  const months: Record<string, { blocked: number; lifted: number }> = {}
  for (const { at, action } of changes) {
    const month = at.slice(0, 7)
    months[month] ??= { blocked: 0, lifted: 0 }
    if (action === 'block') months[month].blocked++
    else months[month].lifted++
  }
  const shown = newestFirst(months).map(([month, own]) => [
    month,
    { blocked: few(own.blocked), lifted: few(own.lifted) },
  ])
  return Object.fromEntries(shown)
}

function newestFirst<T>(months: Readonly<Record<string, T>>): [month: string, own: T][] {
  return Object.entries(months).sort(([a], [b]) => (a < b ? 1 : -1))
}
