/**
 * The thread in which feeds become a filter image: wiring only. It lives for one compilation, so that the memory this took is gone
 * with it, and reads files synchronously, since nobody waits for it but the keeper.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { FilterBuilder } from '../images/filter/builder.ts'
import type { FeedSettings } from '../settings/settings.ts'
import { compileFeeds } from './compile.ts'
import { readDecisions } from './decisions.ts'
import { filterSink } from './filter-sink.ts'
import { NeverBlock, type NeverBlockNames } from './guards/never-block.ts'
import type { FeedReport } from './report.ts'

export interface CompileOrders {
  readonly feeds: readonly FeedSettings[]
  readonly dataFolder: string | null
  /** Seconds since 1970. */
  readonly now: number
  readonly seed: number
  readonly categories: readonly string[]
  readonly generation: number
  readonly neverBlock: NeverBlockNames
}

export interface Compiled {
  readonly image: SharedArrayBuffer
  readonly reports: readonly FeedReport[]
  readonly seconds: number
}

export function compile(orders: CompileOrders): Compiled {
  const startMs = performance.now()
  const builder = new FilterBuilder(orders.seed)
  const options = {
    dataFolder: orders.dataFolder,
    now: orders.now,
    neverBlock: new NeverBlock(orders.neverBlock),
    decisions: orders.dataFolder === null ? [] : readDecisions(orders.dataFolder),
  }
  const reports = compileFeeds(orders.feeds, options, feed => {
    const mark = builder.mark()
    const feedNumber = orders.feeds.indexOf(feed)
    const sink = filterSink(feed, { builder, categories: orders.categories, feedNumber })
    return { sink, undo: () => builder.cutBack(mark) }
  })
  const image = builder.finish(orders.generation)
  return { image, reports, seconds: (performance.now() - startMs) / 1000 }
}

// Imported by a test or a bench, this file only offers `compile`.
if (parentPort !== null && workerData?.compile !== undefined)
  parentPort.postMessage(compile(workerData.compile as CompileOrders))
