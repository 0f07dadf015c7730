/** Images of any size for benches, without a feed: names by number, one category, every client under one policy. */
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { SUBTREE } from '../../src/feeds/entry.ts'
import { HOTLINE } from '../../src/images/classes.ts'
import { FilterBuilder } from '../../src/images/filter/builder.ts'
import { ANSWER_AS_SET, NO_RULE } from '../../src/images/filter/layout.ts'
import { buildPolicies } from '../../src/images/policies.ts'
import { allocateForRandomReads } from '../../src/platform/huge-pages.ts'
import { type ImageBuffers, openImages } from '../../src/resolver/assemble.ts'
import type { FilterImages } from '../../src/resolver/filter.ts'
import { NAME_OCTETS_MAX, nameFromText } from '../../src/wire/name.ts'
import { flaggedName } from './names.ts'

export const SEED = 0x5eed
/** A million names take about a second. */
const BUILD_MS_MAX = 120_000
export const CATEGORIES: readonly string[] = ['bench', 'not-listed']

/** `withCases`: every name has a case number of its own, as a hotline's have. */
export function benchImages(names: number, withCases = false): FilterImages {
  return openImages(benchBuffers(names, withCases))
}

/** The same as they cross to a thread. */
export function benchBuffers(names: number, withCases = false): ImageBuffers {
  return {
    filter: builtElsewhere(names, withCases),
    overlay: new FilterBuilder(SEED).finish(0),
    policies: onePolicy(),
    notListedCategory: 1,
  }
}

/**
 * In a thread of its own, as lists are compiled in the program: a builder gives memory back by ArrayBuffer.transfer, and from then on V8 looks, in that thread, whether an
 * array still has its memory before every read.
 */
function builtElsewhere(names: number, withCases: boolean): SharedArrayBuffer {
  const { port1, port2 } = new MessageChannel()
  const done = new Int32Array(new SharedArrayBuffer(4))
  const thread = new Worker(new URL('./image-thread.ts', import.meta.url), {
    workerData: { names, withCases, port: port2, done },
    transferList: [port2],
  })
  thread.unref()
  if (Atomics.wait(done, 0, 0, BUILD_MS_MAX) === 'timed-out') throw new Error('an image was not built in time')
  const built = receiveMessageOnPort(port1) as { message: SharedArrayBuffer } | undefined
  port1.close()
  if (built === undefined) throw new Error('an image was built and not handed over')
  return built.message
}

export function buildFilter(names: number, withCases: boolean): SharedArrayBuffer {
  const builder = new FilterBuilder(SEED)
  const wire = new Uint8Array(NAME_OCTETS_MAX + 1)
  const element = builder.tables.element({
    feed: 0,
    category: 0,
    basis: 0,
    ruleClass: HOTLINE,
    kind: SUBTREE,
    answer: ANSWER_AS_SET,
  })
  for (let i = 0; i < names; i++) {
    const rule = withCases ? builder.tables.rule(`CASE-2026-${i}`, 0) : NO_RULE
    builder.add(wire, nameFromText(flaggedName(i), wire), element, rule)
  }
  return builder.finish(1, allocateForRandomReads)
}

export function onePolicy(): SharedArrayBuffer {
  return buildPolicies([{ categories: [0], allowOnly: [] }], [], 0, CATEGORIES.length)
}
