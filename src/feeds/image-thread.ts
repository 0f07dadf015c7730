/**
 * The thread that takes images from pipes into shared memory: wiring only. What it does is little, but the kernel takes its time to clear new memory, a large page at once, and
 * this must be nobody's time who answers: so it goes last. It stays, since a thread that starts does so at everybody's cost.
 */
import { readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { collectorInTurns, LettingGo } from '../platform/collect.ts'
import { goLast, inTurns } from '../platform/yielding.ts'
import { Arrival, PIECE_OCTETS } from './handover.ts'

export interface ImageOrders {
  readonly pipe: number
  readonly octets: number
  readonly sum: number
  /** False where there is no more time to give way. */
  readonly last: boolean
}

/** No problem and no image: whoever wrote has ended, and how is known better elsewhere. */
export type FromImageThread = { readonly image: SharedArrayBuffer } | { readonly problem: string | null }

const port = parentPort!
const lettingGo = new LettingGo(collectorInTurns(), 0)

port.on('message', (orders: ImageOrders) => {
  port.postMessage(orders.last ? giveWay(() => takeOrSay(orders)) : takeOrSay(orders))
  // What was handed over must not stay in memory because nothing more is allocated here.
  lettingGo.note(orders.octets)
})

function giveWay<T>(work: () => T): T {
  goLast(0)
  return inTurns(work)
}

function takeOrSay(orders: ImageOrders): FromImageThread {
  try {
    return take(orders)
  } catch (error) {
    return { problem: (error as Error).message }
  }
}

function take({ pipe, octets, sum }: ImageOrders): FromImageThread {
  const arrival = new Arrival(octets, sum)
  const piece = new Uint8Array(PIECE_OCTETS)
  while (!arrival.isWhole) {
    const read = readSync(pipe, piece)
    if (read === 0) return { problem: null }
    arrival.take(piece.subarray(0, read))
  }
  return { image: arrival.finish() }
}
