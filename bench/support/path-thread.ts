/** A thread of `workers.ts`: puts blocked queries through the whole path whenever it is told to, and says how many it has answered. */
import { workerData } from 'node:worker_threads'
import { openImages } from '../../src/resolver/assemble.ts'
import { END, GO, READY, REST, type ScalingSize } from '../workers.ts'
import type { benchBuffers } from './images.ts'
import { WholePath } from './whole-path.ts'

const { size, buffers, lead, answered } = workerData as {
  size: ScalingSize
  buffers: ReturnType<typeof benchBuffers>
  lead: Int32Array
  answered: Float64Array
}

const WARM_UP_ROUNDS = 3
const path = new WholePath(size, openImages(buffers))
for (let round = 0; round < WARM_UP_ROUNDS; round++) path.resolveAll(path.blocked)
Atomics.store(lead, READY, 1)
for (;;) {
  Atomics.wait(lead, GO, REST)
  if (Atomics.load(lead, GO) === END) break
  path.resolveAll(path.blocked)
  answered[0] = answered[0]! + path.blocked.count
}
