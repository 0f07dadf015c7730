/**
 * The workers: started together, replaced when one dies, told of new images, stopped together.
 *
 * Owns: how many run, and the pause before a replacement, which doubles while workers die young. A worker's counters and cache share
 * outlive it; what was in flight with it is lost, and clients ask again.
 */
import { Worker } from 'node:worker_threads'
import type { FromWorker, Images, ToWorker, WorkerOrders } from './worker-messages.ts'

/** What the pool needs of the kernel, and where it has it not, nothing is opened that way either. */
export interface DescriptorCloser {
  close(fd: number): number
}

export interface PoolOptions {
  readonly orders: readonly Omit<WorkerOrders, 'images'>[]
  readonly images: Images
  readonly kernel: DescriptorCloser | null
  readonly onNote: (worker: number, note: string) => void
  readonly onDeath: (worker: number, reason: string, restartMs: number) => void
}

const RESTART_MS = 100
const RESTART_MS_MAX = 10_000
/** A worker that lived this long died of something else than its start. */
const SETTLED_MS = 30_000
/** What a worker gets beyond its own time to stop, before it is left behind. */
const GRACE_MS = 1000

interface Place {
  thread: Worker | null
  startedMs: number
  restartMs: number
}

export class WorkerPool {
  restarts = 0
  private readonly options: Omit<PoolOptions, 'images'>
  private readonly places: Place[]
  private images: Images
  private stopping = false

  constructor({ images, ...options }: PoolOptions) {
    this.options = options
    // Only those in force: the first ones would stay for ever.
    this.images = images
    this.places = options.orders.map(() => ({ thread: null, startedMs: 0, restartMs: RESTART_MS }))
  }

  get alive(): number {
    return this.places.filter(place => place.thread !== null).length
  }

  /** Starts every worker; rejects with the first one's problem. Resolves with how they read datagrams. */
  async start(): Promise<Extract<FromWorker, { kind: 'listening' }>> {
    const first = await Promise.all(this.places.map((_, number) => this.launch(number)))
    return first[0]!
  }

  private launch(number: number): Promise<Extract<FromWorker, { kind: 'listening' }>> {
    const place = this.places[number]!
    const workerData: WorkerOrders = { ...this.options.orders[number]!, images: this.images }
    const thread = new Worker(new URL('./worker.ts', import.meta.url), { workerData })
    place.thread = thread
    place.startedMs = performance.now()
    return new Promise((resolve, reject) => {
      let reason = 'it ended'
      let listening = false
      thread.on('message', (message: FromWorker) => {
        if (message.kind === 'note') {
          this.options.onNote(number, message.note)
          return
        }
        listening = message.kind === 'listening'
        if (message.kind === 'listening') resolve(message)
        else reason = message.problem
      })
      thread.on('error', error => {
        reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
      })
      thread.on('exit', () => {
        place.thread = null
        this.closeLeftovers(number)
        reject(new Error(reason))
        if (listening) this.bury(number, reason)
      })
    })
  }

  /** Closes what a dead worker has left open: to its sockets the kernel would go on sending queries that nobody reads. */
  private closeLeftovers(number: number): void {
    const marks = new Uint8Array(this.options.orders[number]!.descriptors)
    for (let fd = marks.indexOf(1); fd >= 0; fd = marks.indexOf(1, fd + 1)) {
      marks[fd] = 0
      this.options.kernel?.close(fd)
    }
  }

  private bury(number: number, reason: string): void {
    if (this.stopping) return
    const place = this.places[number]!
    const livedMs = performance.now() - place.startedMs
    place.restartMs = livedMs > SETTLED_MS ? RESTART_MS : Math.min(place.restartMs * 2, RESTART_MS_MAX)
    this.options.onDeath(number, reason, place.restartMs)
    this.replaceLater(number)
  }

  private replaceLater(number: number): void {
    const place = this.places[number]!
    setTimeout(() => {
      if (this.stopping) return
      this.restarts++
      this.launch(number).catch((error: Error) => this.bury(number, error.message))
    }, place.restartMs)
  }

  /** Puts images in force: each worker swaps between two queries. */
  broadcast(images: Images): void {
    this.images = images
    this.tell({ kind: 'images', images })
  }

  /** Throws a folded name, and with `below` all names below it, out of every cache. */
  flush(name: Uint8Array, below: boolean): void {
    this.tell({ kind: 'flush', name, below })
  }

  private tell(message: ToWorker): void {
    for (const { thread } of this.places) thread?.postMessage(message)
  }

  /** Ends all workers: what is in flight is answered first, for at most `withinMs`. */
  async stop(withinMs: number): Promise<void> {
    this.stopping = true
    const ends = this.places.flatMap(({ thread }) => (thread === null ? [] : [once(thread)]))
    this.tell({ kind: 'stop', withinMs })
    await Promise.race([Promise.all(ends), delay(withinMs + GRACE_MS)])
  }
}

/** Resolves after so long; keeps no process alive. */
function delay(ms: number): Promise<void> {
  return new Promise(resolve => {
    setTimeout(resolve, ms).unref()
  })
}

function once(thread: Worker): Promise<void> {
  return new Promise(resolve => {
    thread.once('exit', () => resolve())
  })
}
