/**
 * One list size, in a process of its own: builds the image as the compiling process does (last good copy and all), says what that took, and
 * measures lookups. Takes its orders as JSON, prints one line of JSON.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type Compiled, compile } from '../../src/feeds/compilation.ts'
import { NOTHING_OF_YOUR_OWN } from '../../src/feeds/guards/never-block.ts'
import { KEEP_NOTHING } from '../../src/feeds/history/archive.ts'
import { FilterBuilder } from '../../src/images/filter/builder.ts'
import { returnLargeBlocks } from '../../src/platform/malloc.ts'
import { type ImageBuffers, openImages } from '../../src/resolver/assemble.ts'
import { CATEGORIES, onePolicy, SEED } from '../support/images.ts'
import { processorMs } from '../support/measure.ts'

export interface ListOrders {
  /** For the last good copy. */
  readonly folder: string
  readonly file: string
  readonly octets: number
  readonly names: number
  readonly questions: number
}

export interface ListScale {
  readonly names: number
  readonly textOctets: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly octetsAName: number
  /** What resident memory grew by at its peak, over the size of the image. */
  readonly peakOverImage: number
  /** Resident memory at its peak, Node and all. */
  readonly peakOctets: number
  /** Nanoseconds, by `LOOKUP_GOALS`. */
  readonly lookups: Readonly<Record<string, number>>
}

function build({ folder, file, names }: ListOrders): Compiled & { cpuSeconds: number } {
  const beforeMs = processorMs()
  const compiled = compile({
    feeds: [
      {
        name: 'bench',
        source: file,
        format: 'domains',
        class: 'hotline',
        category: CATEGORIES[0]!,
        scope: 'page',
        subdomains: null,
        answer: null,
        remote: null,
        transfer: null,
        limits: null,
        signature: null,
        mode: 'enforce' as const,
      },
    ],
    dataFolder: join(folder, 'data'),
    now: Math.floor(Date.now() / 1000),
    seed: SEED,
    categories: CATEGORIES,
    generation: 1,
    neverBlock: NOTHING_OF_YOUR_OWN,
    keeping: KEEP_NOTHING,
  })
  const problem = compiled.reports.find(report => report.failure !== null || report.bad > 0)
  if (problem !== undefined) throw new Error(`the list did not load: ${problem.failure ?? `${problem.bad} bad lines`}`)
  const own = { ...compiled, cpuSeconds: (processorMs() - beforeMs) / 1000 }
  if (openedNames(own) !== names) throw new Error(`${openedNames(own)} names were loaded and not ${names}`)
  return own
}

function buffersOf({ image }: Compiled): ImageBuffers {
  return {
    filter: image,
    overlay: new FilterBuilder(SEED).finish(0),
    policies: onePolicy(),
    notListedCategory: 1,
  }
}

function openedNames(compiled: Compiled): number {
  return openImages(buffersOf(compiled)).filter.names
}

/** Octets, from /proc/self/status. */
function memory(field: 'VmHWM' | 'VmRSS'): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))
  if (found === null) throw new Error(`/proc/self/status has no ${field}`)
  return Number(found[1]) * 1024
}

function measureLookups(buffers: ImageBuffers, names: number, questions: number): Promise<Record<string, number>> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./lookups-thread.ts', import.meta.url), {
      workerData: { buffers, names, questions },
    })
    thread.once('message', resolve)
    thread.once('error', reject)
  })
}

async function main(orders: ListOrders): Promise<void> {
  // As the program does at its start.
  returnLargeBlocks()
  const before = memory('VmRSS')
  const compiled = build(orders)
  const peakOctets = memory('VmHWM')
  const { image, seconds, cpuSeconds } = compiled
  const result: ListScale = {
    names: orders.names,
    textOctets: orders.octets,
    seconds,
    cpuSeconds,
    octetsAName: image.byteLength / orders.names,
    peakOverImage: (peakOctets - before) / image.byteLength,
    peakOctets,
    lookups: await measureLookups(buffersOf(compiled), orders.names, orders.questions),
  }
  console.log(JSON.stringify(result))
}

if (import.meta.main) await main(JSON.parse(process.argv[2]!) as ListOrders)
