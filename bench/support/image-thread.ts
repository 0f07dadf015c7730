/** The thread in which `images.ts` builds: writes the image, hands it over, and wakes who waits. */
import { type MessagePort, workerData } from 'node:worker_threads'
import { buildFilter } from './images.ts'

const { names, withCases, port, done } = workerData as {
  names: number
  withCases: boolean
  port: MessagePort
  done: Int32Array
}

port.postMessage(buildFilter(names, withCases))
Atomics.store(done, 0, 1)
Atomics.notify(done, 0)
