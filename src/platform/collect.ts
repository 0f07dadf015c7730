/**
 * Gives memory back that only the collector knows to be free. A thread that allocates nothing never collects, and an image that it has let go of
 * then stays in memory: hundreds of megabytes, one more with each reload.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What is smaller is not worth the pause, which takes some milliseconds. */
export const WORTH_OCTETS = 32 * 1024 * 1024

/** A function that collects all garbage of the thread that calls it. */
export function collector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}
