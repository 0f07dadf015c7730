/** From what is in force, and what was, to what is told of the lists: how much each blocks in whose name, and how that has changed. */
import type { HistoryLine } from '../feeds/history/chain.ts'
import { type FeedReport, isInForce } from '../feeds/report.ts'
import { CLASSES } from '../images/classes.ts'
import { basisText } from '../images/filter/bases.ts'
import { eachRule } from '../images/filter/entries.ts'
import { ALLOW_BIT, MONITOR_BIT, PREFIX_ELEMENT, PREFIX_FIELDS } from '../images/filter/layout.ts'
import type { PrefixTable } from '../images/filter/prefixes.ts'
import type { FilterReader } from '../images/filter/reader.ts'
import type { FeedSettings } from '../settings/settings.ts'
import type { ListChanges, ListCounts } from './counts.ts'

interface State {
  readonly report: FeedReport | null
  readonly lastSuccessAt: number | null
}

/** How many rules of an image block, by element. */
function blockingRules(image: FilterReader): Float64Array {
  const counts = new Float64Array(image.elementCount)
  eachRule(image, element => {
    counts[element]!++
    return false
  })
  const countPrefixes = ({ words, count }: PrefixTable) => {
    for (let i = 0; i < count; i++) counts[words[i * PREFIX_FIELDS + PREFIX_ELEMENT]!]!++
  }
  countPrefixes(image.prefixes)
  countPrefixes(image.clients)
  return counts.map((count, element) => ((image.kindOf(element) & (ALLOW_BIT | MONITOR_BIT)) === 0 ? count : 0))
}

/**
 * Rules by list, class, category and basis, as the image has them. `feeds`, `categories`: by the image's numbers. Feeds that are only monitored block
 * nothing, and are not told of; one that is not in force is told of with nothing.
 */
export function listCounts(
  image: FilterReader,
  feeds: readonly FeedSettings[],
  categories: readonly string[],
  states: ReadonlyMap<string, State>,
): ListCounts[] {
  const rows = new Map<string, ListCounts>()
  const add = (row: Omit<ListCounts, 'updatedAt'>) => {
    const key = JSON.stringify([row.feed, row.class, row.category, row.basis])
    const entries = row.entries + (rows.get(key)?.entries ?? 0)
    rows.set(key, { ...row, entries, updatedAt: states.get(row.feed)?.lastSuccessAt ?? null })
  }
  const counts = blockingRules(image)
  const told = new Set<string>()
  for (const [element, entries] of counts.entries()) {
    const feed = feeds[image.feedOf(element)]
    if (entries === 0 || feed === undefined) continue
    told.add(feed.name)
    const basis = basisText(image.bases, image.basisOf(element))
    const category = categories[image.categoryOf(element)]!
    add({ feed: feed.name, class: CLASSES[image.classOf(element)]!, category, basis, entries })
  }
  for (const { name, mode, class: ruleClass, category } of feeds)
    if (mode === 'enforce' && !told.has(name)) add({ feed: name, class: ruleClass, category, basis: null, entries: 0 })
  const place = new Map(feeds.map(({ name }, i) => [name, i]))
  return [...rows.values()].sort((a, b) => place.get(a.feed)! - place.get(b.feed)! || b.entries - a.entries)
}

/** Entries of lists in force whose end has passed: they block nothing any more, and wait to be taken out by their publisher. */
export function expiredEntries(
  feeds: readonly FeedSettings[],
  states: ReadonlyMap<string, State>,
): Record<string, number> {
  const known = feeds.flatMap(({ name, mode }) => {
    const report = states.get(name)?.report ?? null
    return mode === 'enforce' && report !== null && isInForce(report) ? [[name, report.expired] as const] : []
  })
  return Object.fromEntries(known)
}

/** By how much lists grew and shrank from version to version, by month (`2026-11`, UTC). What came and went within one version shows as the difference. */
export function changesByMonth(lines: readonly HistoryLine[]): Record<string, ListChanges> {
  const now = new Map<string, number>()
  const months: Record<string, { added: number; removed: number }> = {}
  for (const { feed, act, at, block, reading } of lines) {
    const entries = act === 'in force' && reading.mode === 'enforce' ? block : 0
    const change = entries - (now.get(feed) ?? 0)
    now.set(feed, entries)
    if (change === 0) continue
    const month = at.slice(0, 7)
    months[month] ??= { added: 0, removed: 0 }
    if (change > 0) months[month].added += change
    else months[month].removed -= change
  }
  return months
}
