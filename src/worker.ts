/**
 * A worker: one thread, one event loop, its own sockets. Wiring only: takes its orders, puts the data plane and the transports together,
 * swaps images when told, and ends when told. If the main thread stalls or dies, it goes on answering.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { layOutCounters } from './images/counters.ts'
import { collector, LettingGo } from './platform/collect.ts'
import { randomSource } from './platform/random.ts'
import { type Assembled, assemble, octetsLetGo, openImages } from './resolver/assemble.ts'
import { type Clock, monotonicClock, type Plane } from './resolver/plane.ts'
import type { Questions } from './resolver/questions.ts'
import { ConnectionLimits } from './transport/connection-limits.ts'
import { type Kernel, openKernel } from './transport/kernel.ts'
import { Outlets } from './transport/outlets.ts'
import { TcpListener } from './transport/tcp.ts'
import { listenUdp } from './transport/udp.ts'
import { Upstreams } from './transport/upstreams.ts'
import { WorkerGauges } from './transport/worker-gauges.ts'
import { flush, keep, restore } from './worker-cache.ts'
import type { FromWorker, ToWorker, WorkerOrders } from './worker-messages.ts'

/** How often timeouts are looked for: what an attempt's time may be off by. */
const TICK_MS = 20
/** How long after a swap the former images are collected. */
const COLLECT_MS = 50
const TIDY_MS = 1000

const port = parentPort!
const orders = workerData as WorkerOrders
/** Those of the start; not kept in what this thread was given, or they would stay in memory for as long as it lives. */
const takeImages = () => {
  const { images } = orders
  delete (workerData as Partial<Record<keyof WorkerOrders, unknown>>).images
  return images
}

function say(message: FromWorker): void {
  port.postMessage(message)
}

function sayNote(text: string | null): void {
  if (text !== null) say({ kind: 'note', note: text })
}

function openDriver(): { kernel: Kernel | null; note: string | null } {
  let note: string | null = null
  if (orders.driver === 'dgram') return { kernel: null, note }
  const kernel = openKernel(why => {
    note = why
  }, new Uint8Array(orders.descriptors))
  if (kernel === null && orders.driver === 'batch') throw new Error(`udp.driver: batch cannot be had: ${note}`)
  return { kernel, note }
}

function assemblePlane(): Assembled {
  const layout = layOutCounters(orders.counterShape)
  const clock = monotonicClock(() => performance.now())
  setUnixOffset(clock)
  return assemble({
    seed: orders.seed,
    images: openImages(takeImages()),
    listenerPolicies: orders.listenerPolicies,
    blockAnswers: orders.blockAnswers,
    localNames: orders.localNames,
    cacheOctets: orders.cacheOctets,
    limits: orders.limits,
    servers: orders.upstreamsForAll,
    options: orders.options,
    timeoutMs: orders.timeoutMs,
    attempts: orders.attempts,
    clock,
    random: randomSource(),
    counters: new Float64Array(orders.counters),
    layout,
  })
}

/** The time of day may be set while we run: the offset to it is looked at again from time to time. */
function setUnixOffset(clock: Clock): void {
  clock.tick()
  clock.unixOffset = Math.floor(Date.now() / 1000) - clock.nowSeconds
}

/** What must be closed when this worker ends, however it ends. */
const opened: { close(): void }[] = []

function closeAll(): void {
  for (const one of opened.splice(0)) one.close()
}

async function run(): Promise<void> {
  const { kernel, note } = openDriver()
  const { plane, questions } = assemblePlane()
  if (orders.cacheFile !== null) sayNote(restore(orders.cacheFile, plane.cache, plane.clock, orders.seed))
  const outlets = new Outlets()
  const upstreams = new Upstreams(
    kernel,
    orders.upstreams,
    {
      receive: (question, bytes, start, end) => plane.forwarder.receive(question, bytes, start, end),
      fail: (question, outcome) => plane.forwarder.fail(question, outcome),
      settled: () => outlets.flush(),
    },
    randomSource(),
  )
  opened.push(upstreams)
  plane.forwarder.connect(upstreams, outlets)
  await listen(kernel, plane, outlets)
  for (const listener of outlets.udp) listener.start()

  const lettingGo = new LettingGo(collector(), COLLECT_MS)
  const gauges = new WorkerGauges(plane, questions, TICK_MS)
  gauges.setGeneration(plane.images.filter.generation)
  const ticker = setInterval(() => {
    plane.forwarder.sweep()
    outlets.flush()
    gauges.update(performance.now())
  }, TICK_MS)
  const tidier = setInterval(() => {
    upstreams.tidy(performance.now())
    setUnixOffset(plane.clock)
  }, TIDY_MS)
  opened.push({ close: () => [ticker, tidier].forEach(clearInterval) })

  port.on('message', (message: ToWorker) => {
    if (message.kind === 'stop') stop(plane, questions, outlets, message.withinMs)
    else if (message.kind === 'flush') flush(plane.cache, message.name, message.below, () => {})
    else {
      const former = plane.images
      plane.images = openImages(message.images)
      gauges.setGeneration(plane.images.filter.generation)
      lettingGo.note(octetsLetGo(former, plane.images))
    }
  })
  say({ kind: 'listening', driver: kernel === null ? 'dgram' : 'batch', note })
}

async function listen(kernel: Kernel | null, plane: Plane, outlets: Outlets): Promise<void> {
  const { connections, connectionsPerClient, idleMs } = orders.tcp
  const limits = new ConnectionLimits(
    orders.connectionTables,
    orders.number,
    orders.connectionKey,
    connections,
    connectionsPerClient,
  )
  for (const [listener, { address, port: number }] of orders.listen.entries()) {
    const udp = await listenUdp(kernel, plane, { address, port: number, listener })
    opened.push(udp)
    outlets.udp.push(udp)
    const tcp = await TcpListener.bind(plane, limits, { address, port: number, listener, idleMs })
    opened.push(tcp)
    outlets.tcp.push(tcp)
  }
}

/** Takes no more queries, waits for what is in flight, and ends; what is not answered by then is told so. */
function stop(plane: Plane, questions: Questions, outlets: Outlets, withinMs: number): void {
  for (const listener of outlets.udp) listener.pause()
  for (const listener of outlets.tcp) listener.stopAccepting()
  const untilMs = performance.now() + withinMs
  const wait = setInterval(() => {
    if (questions.inFlight > 0 && performance.now() < untilMs) return
    clearInterval(wait)
    plane.forwarder.abandon()
    outlets.flush()
    closeAll()
    if (orders.cacheFile !== null) sayNote(keep(orders.cacheFile, plane.cache, plane.clock))
    port.close()
  }, TICK_MS)
}

// A worker that dies of an error closes its sockets on the way out, before the kernel sends them more queries; one that has no chance to is
// cleaned up after by the pool.
process.once('exit', closeAll)

run().catch((error: unknown) => {
  const problem = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : null
  say({ kind: 'failed', problem, code })
  closeAll()
  port.close()
})
