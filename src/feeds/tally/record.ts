/**
 * After a compilation: what of each list came, was withdrawn and expired is counted into its tally, exactly, and nothing about which names those were.
 *
 * Lists that are as they were cost the reading of a head. Memory for the others: 8 octets a rule for all that changed, and as much again for the former
 * version of one.
 */
import { randomBytes } from 'node:crypto'
import { CLASSES } from '../../images/classes.ts'
import { provenanceOf } from '../../images/filter/provenance.ts'
import { FilterReader } from '../../images/filter/reader.ts'
import { sha256Of } from '../../platform/sha256.ts'
import { SIPHASH_KEY_OCTETS } from '../../wire/siphash.ts'
import { type HistoryLine, readHistory } from '../history/chain.ts'
import { type FeedReport, isInForce } from '../report.ts'
import { blockingRules } from './blocking.ts'
import { compareVersions } from './compare.ts'
import { ExpiredNames } from './expired-names.ts'
import { fingerprintNames, fingerprintRules, Place } from './fingerprints.ts'
import { differencesByMonth, keyOf, withCounts } from './months.ts'
import {
  type Cell,
  type CellChange,
  readHead,
  readTally,
  type Tally,
  type TallyHead,
  tallyHeads,
  tallyPath,
  writeTally,
} from './tally-file.ts'

export interface TallyOrders {
  readonly dataFolder: string
  /** Seconds since 1970. */
  readonly now: number
  /** Of the configuration that the image was made with. */
  readonly fingerprint: string
  readonly image: SharedArrayBuffer
  readonly categories: readonly string[]
  /** In the order of the image's feeds. */
  readonly reports: readonly FeedReport[]
  /** By the image's feeds: names whose entries have expired. */
  readonly expired: readonly ExpiredNames[]
}

/** What is to be counted of one list. */
interface Wanted {
  readonly feed: string
  readonly contents: string
  readonly key: Uint8Array
  readonly report: FeedReport | null
  readonly expired: ExpiredNames
  readonly cells: Map<string, Cell & { readonly place: Place }>
}

/** Returns what went wrong, a sentence each: that list's changes are counted with the next ones. Comes before the history's own lines. */
export function recordTallies(orders: TallyOrders): string[] {
  const wanted = wantedLists(orders)
  if (wanted.size === 0) return []
  fillCells(orders, wanted)
  const problems: string[] = []
  for (const one of wanted.values()) {
    try {
      recordOne(one, orders, problems)
    } catch (error) {
      problems.push(`changes of ${one.feed} are not counted: ${(error as Error).message}`)
    }
  }
  return problems
}

/** Lists that are not as they were, by the image's number; those that are gone from the configuration have none, and count from -1 down. */
function wantedLists({ reports, dataFolder, fingerprint, expired }: TallyOrders): Map<number, Wanted> {
  const wanted = new Map<number, Wanted>()
  const want = (index: number, feed: string, report: FeedReport | null, names: ExpiredNames) => {
    const contents = contentsOf(fingerprint, report)
    const head = readHead(tallyPath(dataFolder, feed))
    if (head?.contents === contents) return
    const key = head === null ? randomBytes(SIPHASH_KEY_OCTETS) : Buffer.from(head.key, 'hex')
    wanted.set(index, { feed, contents, key, report, expired: names, cells: new Map() })
  }
  for (const [index, report] of reports.entries()) want(index, report.name, report, expired[index]!)
  const names = new Set(reports.map(({ name }) => name))
  const gone = tallyHeads(dataFolder).filter(({ feed }) => !names.has(feed))
  for (const [index, { feed }] of gone.entries()) want(-1 - index, feed, null, new ExpiredNames())
  return wanted
}

function contentsOf(fingerprint: string, report: FeedReport | null): string {
  const own =
    report === null || !isInForce(report) ? null : [fingerprint, report.sha256, report.blocked, report.expired]
  return sha256Of(JSON.stringify(own))
}

function fillCells({ image: buffer, categories }: TallyOrders, wanted: ReadonlyMap<number, Wanted>): void {
  const image = new FilterReader(buffer)
  const rules = blockingRules(image)
  const cellOf = (element: number): Cell => ({
    class: CLASSES[image.classOf(element)]!,
    category: categories[image.categoryOf(element)]!,
    basis: provenanceOf(image, element).basis,
  })
  const keys = Array.from(rules, (_, element) => keyOf(cellOf(element)))
  const sizes = new Map<string, number>()
  for (const [element, count] of rules.entries()) {
    const own = `${image.feedOf(element)} ${keys[element]}`
    sizes.set(own, (sizes.get(own) ?? 0) + count)
  }
  const places = Array.from(rules, (count, element) => {
    const feed = image.feedOf(element)
    const list = wanted.get(feed)
    if (list === undefined || count === 0) return null
    const key = keys[element]!
    const known = list.cells.get(key)
    if (known !== undefined) return known.place
    const place = new Place(list.key, sizes.get(`${feed} ${key}`)!)
    list.cells.set(key, { ...cellOf(element), place })
    return place
  })
  fingerprintRules(image, places)
}

function recordOne(one: Wanted, { dataFolder, now }: TallyOrders, problems: string[]): void {
  const path = tallyPath(dataFolder, one.feed)
  const month = new Date(now * 1000).toISOString().slice(0, 7)
  let before: Tally | null = null
  try {
    before = readTally(path)
  } catch (error) {
    problems.push(`${(error as Error).message}: what came and went is counted anew from the history`)
  }
  const cells = [...one.cells.values()].map(({ place, ...cell }) => ({ cell, own: place.fingerprints.sort() }))
  const counted = before === null ? null : countedSince(before, cells, fingerprintNames(one.expired, one.key))
  const start = before ?? startFrom(readHistory(dataFolder).lines, one, cells, now)
  const months = counted === null ? start.months : withCounts(start.months, month, counted)
  writeTally(path, {
    feed: one.feed,
    contents: one.contents,
    key: Buffer.from(one.key).toString('hex'),
    differencesUntil: start.differencesUntil,
    cells: cells.map(({ cell, own }) => ({ ...cell, rules: own.length })),
    months,
    fingerprints: cells.map(({ own }) => own),
  })
}

type Cells = readonly { readonly cell: Cell; readonly own: BigUint64Array }[]

const NONE = new BigUint64Array(0)

function countedSince(before: Tally, now: Cells, ended: BigUint64Array): CellChange[] {
  const former = new Map(
    before.cells.map(({ rules: _, ...cell }, i) => [keyOf(cell), { cell, own: before.fingerprints[i]! }]),
  )
  const current = new Map(now.map(({ cell, own }) => [keyOf(cell), { cell, own }]))
  return [...new Set([...former.keys(), ...current.keys()])].map(key => {
    const [was, is] = [former.get(key), current.get(key)]
    return { ...(is ?? was)!.cell, ...compareVersions(was?.own ?? NONE, is?.own ?? NONE, ended) }
  })
}

/** The first count of a list: all that is in force has come now; or, where versions of it were in force before anybody counted, since then. */
function startFrom(
  lines: readonly HistoryLine[],
  { feed, report }: Wanted,
  cells: Cells,
  now: number,
): Pick<TallyHead, 'months' | 'differencesUntil'> {
  const at = new Date(now * 1000).toISOString()
  // Without what this very compilation has written.
  const own = lines.filter(line => line.feed === feed && line.at !== at)
  if (own.length === 0) {
    const came = cells.map(({ cell, own: rules }) => ({ ...cell, added: rules.length, withdrawn: 0, expired: 0 }))
    return { months: withCounts({}, at.slice(0, 7), came), differencesUntil: null }
  }
  const isListed = report !== null && isInForce(report)
  const last = { ...own.at(-1)!, at, block: report?.blocked ?? 0, act: isListed ? 'in force' : 'out of force' } as const
  return { months: differencesByMonth([...own, last]), differencesUntil: at }
}
