/** The counts as a page: tables that read well aloud and on a telephone. */
import { categoryName } from '../blockpage/categories.ts'
import { shownDate } from '../blockpage/content.ts'
import { escapeHtml as e, withoutControls } from '../blockpage/escape.ts'
import type { Language } from '../blockpage/language.ts'
import { TEXTS } from '../blockpage/texts.ts'
import type { Cell } from '../feeds/tally/tally-file.ts'
import type { HttpAnswer } from '../platform/http-server.ts'
import { AGES, type Counts } from './counts.ts'
import { COUNTS_TEXTS } from './counts-texts.ts'
import { pageAnswer } from './document.ts'
import type { Told } from './suppress.ts'
import { type Row, table } from './table.ts'

/** Months of changes on the page; JSON has all. */
const MONTHS_SHOWN = 12

export function countsPage(counts: Counts, language: Language, provider: string | null): HttpAnswer {
  const texts = COUNTS_TEXTS[language]
  const few = texts.few.replace('{number}', String(counts.suppressedBelow))
  const html = [
    `<p>${e(counts.suppressedBelow > 1 ? `${texts.introduction} ${few}` : texts.introduction)}</p>`,
    `<p><a href="/api/v1/transparency">${e(texts.asData)}</a></p>`,
    ...listTables(counts, language),
    ...changeTables(counts, language),
    ...peopleTables(counts, language),
  ]
  return pageAnswer(200, { language, provider, title: texts.title }, html.join('\n'))
}

function listTables(counts: Counts, language: Language): string[] {
  const texts = COUNTS_TEXTS[language]
  const { number } = shower(counts, language)
  const lists = counts.lists.map(own => ({
    head: own.feed,
    below: [...cellLines(own, language), updated(own.updatedAt, language)].filter(line => line !== ''),
    cells: [number(own.entries)],
  }))
  const ages = AGES.map(age => ({ head: texts.age[age], cells: counts.ages.map(own => number(own[age])) }))
  const classes = counts.ages.map(own => TEXTS[language].classes[own.class].basis)
  const expired = Object.entries(counts.expired).map(([feed, count]) => ({ head: feed, cells: [number(count)] }))
  return [
    table(texts.lists, [texts.list, texts.entries], lists, texts.none),
    table(texts.ages, [texts.listedFor, ...classes], ages, texts.none),
    table(texts.ended, [texts.list, texts.entries], expired, texts.none),
  ]
}

function changeTables(counts: Counts, language: Language): string[] {
  const texts = COUNTS_TEXTS[language]
  const { number, month } = shower(counts, language)
  const months = [...new Set(counts.changes.map(own => own.month))].slice(0, MONTHS_SHOWN)
  const rows = months.flatMap((own): Row[] => [
    { group: month(own) },
    ...counts.changes
      .filter(change => change.month === own)
      .map(change => ({
        head: change.feed,
        below: cellLines(change, language),
        cells: [number(change.added), number(change.withdrawn), number(change.expired)],
      })),
  ])
  const since = counts.exactSince === null ? null : shownDate(Date.parse(counts.exactSince) / 1000, language)
  return [
    table(texts.changes, [texts.list, texts.added, texts.withdrawn, texts.expired], rows, texts.none),
    ...(since === null ? [] : [`<p>${e(texts.exactSince.replace('{day}', since.words))}</p>`]),
  ]
}

function peopleTables(counts: Counts, language: Language): string[] {
  const texts = COUNTS_TEXTS[language]
  const { number, month } = shower(counts, language)
  const appeals = Object.entries(counts.appeals).map(([own, { received, upheld, rejected }]) => ({
    head: month(own),
    cells: [number(received), number(upheld), number(rejected)],
  }))
  const urgent = Object.entries(counts.urgent).map(([own, { blocked, lifted }]) => ({
    head: month(own),
    cells: [number(blocked), number(lifted)],
  }))
  return [
    table(texts.appeals, [texts.month, texts.received, texts.upheld, texts.rejected], appeals, texts.none),
    table(texts.urgent, [texts.month, texts.blocked, texts.lifted], urgent, texts.none),
  ]
}

function shower({ suppressedBelow }: Counts, language: Language) {
  const { numbers, months } = FORMATS[language]
  return {
    number: (count: Told) => (count === null ? `< ${suppressedBelow}` : numbers.format(count)),
    month: (month: string) => months.format(new Date(`${month}-01T00:00:00Z`)),
  }
}

/** Made once: each holds memory of its own that the collector does not see. */
const FORMATS = { kk: formats('kk'), ru: formats('ru'), en: formats('en') } satisfies Record<Language, unknown>

function formats(language: Language) {
  return {
    numbers: new Intl.NumberFormat(language),
    months: new Intl.DateTimeFormat(language, { year: 'numeric', month: 'long', timeZone: 'UTC' }),
  }
}

function updated(seconds: number | null, language: Language): string {
  const day = seconds === null ? null : shownDate(seconds, language)
  return day === null ? '' : `${COUNTS_TEXTS[language].updated}: ${day.words}`
}

function cellLines({ class: ruleClass, basis, category }: Cell, language: Language): string[] {
  const words = TEXTS[language].classes[ruleClass].basis
  return [basis === null ? words : `${words}: ${withoutControls(basis)}`, categoryName(category, language)]
}
