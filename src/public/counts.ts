/** Counts for everybody: how much is blocked, for whom it was demanded, what was objected to. Never a name; small numbers about people are not told. */
import type { AppealStore } from '../appeals/store.ts'
import { categoryName } from '../blockpage/categories.ts'
import { shownDate } from '../blockpage/content.ts'
import { escapeHtml as e, withoutControls } from '../blockpage/escape.ts'
import type { Language } from '../blockpage/language.ts'
import { TEXTS } from '../blockpage/texts.ts'
import type { RuleClass } from '../images/classes.ts'
import type { HttpAnswer } from '../platform/http-server.ts'
import { pageAnswer, table } from './document.ts'
import { PUBLIC_TEXTS } from './texts.ts'

export interface ListCounts {
  readonly feed: string
  readonly class: RuleClass
  readonly category: string
  /** What entries themselves name as their legal basis; null: nothing. */
  readonly basis: string | null
  readonly entries: number
  /** Seconds since 1970. */
  readonly updatedAt: number | null
}

export interface ListChanges {
  readonly added: number
  readonly removed: number
}

/** Null: fewer than are told. */
export type Told = number | null

export interface Counts {
  readonly lists: readonly ListCounts[]
  /** By list: entries whose end has passed. */
  readonly expired: Readonly<Record<string, number>>
  /** By month, all lists together. */
  readonly changes: Readonly<Record<string, ListChanges>>
  readonly appeals: Readonly<Record<string, Readonly<Record<'received' | 'upheld' | 'rejected', Told>>>>
  readonly urgent: Readonly<Record<string, Readonly<Record<'blocked' | 'lifted', number>>>>
  /** Numbers below this that are about people are null. */
  readonly suppressedBelow: number
}

export interface CountSources {
  readonly lists: () => readonly ListCounts[]
  readonly expired: () => Readonly<Record<string, number>>
  readonly changes: () => Readonly<Record<string, ListChanges>>
  readonly store: AppealStore | null
  /** Each urgent change, with when it was made. */
  readonly urgent: () => readonly { readonly at: string; readonly action: 'block' | 'unblock' | 'withdraw' }[]
  readonly suppressBelow: number
}

export function countAll({ lists, expired, changes, store, urgent, suppressBelow }: CountSources): Counts {
  const told = (count: number): Told => (count > 0 && count < suppressBelow ? null : count)
  const appeals = newestFirst(store?.byMonth() ?? {}).map(([month, own]) => [
    month,
    { received: told(own.received), upheld: told(own.upheld), rejected: told(own.rejected) },
  ])
  return {
    lists: lists(),
    expired: expired(),
    changes: Object.fromEntries(newestFirst(changes())),
    appeals: Object.fromEntries(appeals),
    urgent: urgentByMonth(urgent()),
    suppressedBelow: suppressBelow,
  }
}

function urgentByMonth(changes: ReturnType<CountSources['urgent']>): Counts['urgent'] {
  const months: Record<string, { blocked: number; lifted: number }> = {}
  for (const { at, action } of changes) {
    const month = at.slice(0, 7)
    months[month] ??= { blocked: 0, lifted: 0 }
    if (action === 'block') months[month].blocked++
    else months[month].lifted++
  }
  return Object.fromEntries(newestFirst(months))
}

function newestFirst<T>(months: Readonly<Record<string, T>>): [month: string, own: T][] {
  return Object.entries(months).sort(([a], [b]) => (a < b ? 1 : -1))
}

export function countsPage(counts: Counts, language: Language, provider: string | null): HttpAnswer {
  const texts = PUBLIC_TEXTS[language].counts
  const few = (count: Told) => (count === null ? `< ${counts.suppressedBelow}` : String(count))
  const lists = counts.lists.map(own => [
    own.feed,
    basisOf(own, language),
    categoryName(own.category, language),
    String(own.entries),
    own.updatedAt === null ? '' : (shownDate(own.updatedAt, language)?.iso ?? ''),
  ])
  const appeals = Object.entries(counts.appeals).map(([month, own]) => [
    month,
    few(own.received),
    few(own.upheld),
    few(own.rejected),
  ])
  const expired = Object.entries(counts.expired).map(([feed, count]) => [feed, String(count)])
  const changes = Object.entries(counts.changes).map(([month, own]) => [month, String(own.added), String(own.removed)])
  const urgent = Object.entries(counts.urgent).map(([month, own]) => [month, String(own.blocked), String(own.lifted)])
  const html = [
    `<p>${e(texts.introduction)}</p>`,
    table(texts.lists, [texts.list, texts.class, texts.category, texts.entries, texts.updated], lists),
    table(texts.changes, [texts.month, texts.added, texts.removed], changes),
    table(texts.expired, [texts.list, texts.entries], expired),
    table(texts.appeals, [texts.month, texts.received, texts.upheld, texts.rejected], appeals),
    `<p>${e(texts.few)}</p>`,
    table(texts.urgent, [texts.month, texts.blocked, texts.lifted], urgent),
  ]
  return pageAnswer(200, { language, provider, title: texts.title }, html.join('\n'))
}

function basisOf({ class: ruleClass, basis }: ListCounts, language: Language): string {
  const words = TEXTS[language].classes[ruleClass].basis
  return basis === null ? words : `${words}: ${withoutControls(basis)}`
}
