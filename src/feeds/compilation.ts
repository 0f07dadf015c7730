/**
 * Feeds to a filter image, and what of it is written down. Reads files synchronously, since nobody waits for it but the keeper; the process that
 * it runs in is `compile-process.ts`.
 */

import { FilterBuilder } from '../images/filter/builder.ts'
import { allocateForRandomReads } from '../platform/huge-pages.ts'
import type { FeedSettings } from '../settings/settings.ts'
import { compileFeeds } from './compile.ts'
import { readDecisions } from './decisions.ts'
import { filterSink } from './filter-sink.ts'
import { KeptBack } from './guards/kept-back.ts'
import { NeverBlock, type NeverBlockNames } from './guards/never-block.ts'
import type { Keeping } from './history/archive.ts'
import { recordVersions } from './history/record.ts'
import type { FeedReport } from './report.ts'
import { fingerprintOf, saveImage } from './saved-image.ts'
import { ExpiredNames } from './tally/expired-names.ts'
import { recordTallies } from './tally/record.ts'

export interface CompileOrders {
  readonly feeds: readonly FeedSettings[]
  readonly dataFolder: string | null
  /** Seconds since 1970. */
  readonly now: number
  readonly seed: number
  readonly categories: readonly string[]
  readonly generation: number
  readonly neverBlock: NeverBlockNames
  /** What of former versions is kept. */
  readonly keeping: Keeping
}

export interface Compiled {
  readonly image: SharedArrayBuffer
  readonly reports: readonly FeedReport[]
  readonly seconds: number
}

/** What is met of each feed that is in no image, but is written down: by feed. */
export interface Aside {
  /** Names whose entries have expired. */
  readonly expired: readonly ExpiredNames[]
  /** Rules that guards keep back. */
  readonly keptBack: readonly KeptBack[]
}

export function newAside({ feeds }: Pick<CompileOrders, 'feeds'>): Aside {
  return { expired: feeds.map(() => new ExpiredNames()), keptBack: feeds.map(() => new KeptBack()) }
}

export function compile(orders: CompileOrders, aside: Aside = newAside(orders)): Compiled {
  const startMs = performance.now()
  const builder = new FilterBuilder(orders.seed)
  const options = {
    dataFolder: orders.dataFolder,
    now: orders.now,
    neverBlock: new NeverBlock(orders.neverBlock, orders.now),
    decisions: orders.dataFolder === null ? [] : readDecisions(orders.dataFolder),
  }
  const reports = compileFeeds(orders.feeds, options, feed => {
    const mark = builder.mark()
    const feedNumber = orders.feeds.indexOf(feed)
    const expired = aside.expired[feedNumber]!
    const keptBack = aside.keptBack[feedNumber]!
    const sink = filterSink(feed, { builder, categories: orders.categories, feedNumber, expired, keptBack })
    const undo = () => {
      builder.cutBack(mark)
      expired.clear()
      keptBack.clear()
    }
    return { sink, undo }
  })
  const image = builder.finish(orders.generation, allocateForRandomReads)
  return { image, reports, seconds: (performance.now() - startMs) / 1000 }
}

/** Writes down what has come into force. Returns what went wrong, a sentence each. */
export function writeDown(orders: CompileOrders, compiled: Compiled, { expired, keptBack }: Aside): string[] {
  const { dataFolder, feeds, keeping, now, categories } = orders
  if (dataFolder === null) return []
  const decisions = readDecisions(dataFolder)
  const { exceptions } = orders.neverBlock
  const recorded = { dataFolder, feeds, decisions, keeping, keptBack, exceptions, nowMs: now * 1000 }
  const problems = recordVersions(compiled.reports, recorded)
  const fingerprint = fingerprintOf(orders)
  try {
    saveImage(dataFolder, fingerprint, compiled, now)
  } catch (error) {
    problems.push(`the filter image is not kept: ${(error as Error).message}`)
  }
  const { image, reports } = compiled
  try {
    problems.push(...recordTallies({ dataFolder, now, fingerprint, image, categories, reports, expired }))
  } catch (error) {
    problems.push(`what came and went is not counted: ${(error as Error).message}`)
  }
  return problems
}
