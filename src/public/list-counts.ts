/** From what is in force to what is told of the lists: how much each blocks in whose name, and for how long. */
import { type FeedReport, isInForce } from '../feeds/report.ts'
import { blockingRules, blocks, eachPrefix } from '../feeds/tally/blocking.ts'
import { CLASSES } from '../images/classes.ts'
import { eachRule } from '../images/filter/entries.ts'
import { NO_RULE, PREFIX_RULE } from '../images/filter/layout.ts'
import { provenanceOf } from '../images/filter/provenance.ts'
import type { FilterReader } from '../images/filter/reader.ts'
import type { FeedSettings } from '../settings/settings.ts'
import type { Age, AgeCounts, ListCounts } from './counts.ts'

interface State {
  readonly report: FeedReport | null
  readonly lastSuccessAt: number | null
}

export interface ListSources {
  /** By the image's numbers, and `categories` too. */
  readonly feeds: readonly FeedSettings[]
  readonly categories: readonly string[]
  /** Categories that some policy blocks; the rest, such as positive lists, blocks nothing. */
  readonly blocked: ReadonlySet<string>
}

/**
 * Rules by list, class, category and basis, as the image has them. Feeds that are only monitored block nothing, and are not told of; one that is not in
 * force is told of with nothing.
 */
export function listCounts(
  image: FilterReader,
  { feeds, categories, blocked, states }: ListSources & { readonly states: ReadonlyMap<string, State> },
): ListCounts[] {
  const rows = new Map<string, ListCounts>()
  const add = (row: Omit<ListCounts, 'updatedAt'>) => {
    const key = JSON.stringify([row.feed, row.class, row.category, row.basis])
    const entries = row.entries + (rows.get(key)?.entries ?? 0)
    rows.set(key, { ...row, entries, updatedAt: states.get(row.feed)?.lastSuccessAt ?? null })
  }
  const told = new Set<string>()
  for (const [element, entries] of blockingRules(image).entries()) {
    const feed = feeds[image.feedOf(element)]
    const category = categories[image.categoryOf(element)]!
    if (entries === 0 || feed === undefined || !blocked.has(category)) continue
    told.add(feed.name)
    const { basis } = provenanceOf(image, element)
    add({ feed: feed.name, class: CLASSES[image.classOf(element)]!, category, basis, entries })
  }
  for (const { name, mode, class: ruleClass, category } of feeds)
    if (mode === 'enforce' && !told.has(name) && blocked.has(category))
      add({ feed: name, class: ruleClass, category, basis: null, entries: 0 })
  const place = new Map(feeds.map(({ name }, i) => [name, i]))
  return [...rows.values()].sort((a, b) => place.get(a.feed)! - place.get(b.feed)! || b.entries - a.entries)
}

const MONTH_SECONDS = 30 * 86_400
const YEAR_SECONDS = 365 * 86_400

/** For how long entries have been listed, by class, as far as the lists say since when. */
export function listAges(
  image: FilterReader,
  { categories, blocked }: Pick<ListSources, 'categories' | 'blocked'>,
  now: number,
): AgeCounts[] {
  const rows = CLASSES.map(() => ({ month: 0, year: 0, threeYears: 0, older: 0, unknown: 0 }))
  const rowOf = Array.from({ length: image.elementCount }, (_, element) =>
    blocks(image, element) && blocked.has(categories[image.categoryOf(element)]!)
      ? rows[image.classOf(element)]!
      : null,
  )
  const add = (element: number, rule: number) => {
    const row = rowOf[element]
    if (row != null) row[ageOf(rule === NO_RULE ? 0 : image.listedAt(rule), now)]++
  }
  eachRule(image, (element, rule) => {
    add(element, rule)
    return false
  })
  eachPrefix(image, (element, words, at) => add(element, words[at + PREFIX_RULE]! | 0))
  return CLASSES.map((ruleClass, i) => ({ class: ruleClass, ...rows[i]! }))
}

/** `listedAt`: seconds since 1970; 0: not known. A day that is still to come counts as today. */
function ageOf(listedAt: number, now: number): Age {
  if (listedAt === 0) return 'unknown'
  const age = now - listedAt
  if (age < MONTH_SECONDS) return 'month'
  if (age < YEAR_SECONDS) return 'year'
  return age < 3 * YEAR_SECONDS ? 'threeYears' : 'older'
}

/** Entries of lists in force whose end has passed: they block nothing any more, and wait to be taken out by their publisher. */
export function expiredEntries({
  feeds,
  blocked,
  states,
}: Pick<ListSources, 'feeds' | 'blocked'> & { readonly states: ReadonlyMap<string, State> }): Record<string, number> {
  const known = feeds.flatMap(({ name, mode, category }) => {
    const report = states.get(name)?.report ?? null
    return mode === 'enforce' && blocked.has(category) && report !== null && isInForce(report)
      ? [[name, report.expired] as const]
      : []
  })
  return Object.fromEntries(known)
}
