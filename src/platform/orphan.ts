/**
 * A process that does not outlive its parent, however that ends: what it writes must not be written by two at once when the parent is started again.
 *
 * The kernel sees to it (prctl(2), PR_SET_PDEATHSIG). Without koffi, or off Linux, a thread looks several times a second whether there is another parent: the
 * process itself may be busy for seconds.
 */
import { Worker } from 'node:worker_threads'
import { libcFunction } from './libc.ts'

const PR_SET_PDEATHSIG = 1
const SIGKILL = 9
const LOOK_MS = 200

/** To be called in the child. `useKernel` is for tests. */
export function endWithParent(parent: number, useKernel = true): void {
  const prctl = useKernel
    ? libcFunction<(what: number, signal: bigint) => number>('int prctl(int, unsigned long)')
    : null
  if (prctl?.(PR_SET_PDEATHSIG, BigInt(SIGKILL)) !== 0) watch(parent)
  // It may have ended before the kernel was asked.
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
}

/** In plain JavaScript: a thread that has to load nothing. */
const WATCHER = `setInterval(() => {
  if (process.ppid !== require('node:worker_threads').workerData) process.kill(process.pid, 'SIGKILL')
}, ${LOOK_MS})`

function watch(parent: number): void {
  new Worker(WATCHER, { eval: true, workerData: parent, execArgv: [] }).unref()
}
