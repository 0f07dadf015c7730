/**
 * A compilation in a process of its own, seen from who asked for it.
 *
 * A process, since V8's helper threads belong to all threads of one: those that compile JavaScript and collect garbage for a thread that goes last do not
 * go last, and took the workers' turns for milliseconds. In a process of its own all of them do that it makes once it goes last. Its image comes through a pipe, which works whatever state the
 * disk is in.
 *
 * Owns: that the process goes last though not for ever, and what its end means. Never: takes an image that did not arrive whole.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { closeSync, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { openPipe, type Pipe } from '../platform/pipe.ts'
import { processorMs } from '../platform/processor-time.ts'
import { goLast, goOn, policySetter } from '../platform/yielding.ts'
import type { Compiled, CompileOrders } from './compilation.ts'
import { Arrival, type Finished, type FromCompiler, IMAGE_PIPE, type Start } from './handover.ts'
import type { FromImageThread, ImageOrders } from './image-thread.ts'
import { type Patience, startPatience } from './patience.ts'

/** How long a compilation gives way to everybody whatever it gets: what it takes where a core is idle a third of the time. */
const YIELD_MS = 2000
const YIELD_MS_A_MIB = 600
/** What is made for a line is of no use after it, and more room for it is only memory. */
const YOUNG_MIB = 1

const PROGRAM = fileURLToPath(new URL('./compile-process.ts', import.meta.url))

export interface Compiling {
  readonly compiled: Compiled
  /** When all is written down. Never rejects. */
  readonly ended: Promise<void>
}

interface UnderWay {
  readonly child: ChildProcess
  readonly ended: Promise<string | null>
  readonly pipe: Pipe | null
  readonly patience: Patience
}

type Announced = Pick<Finished, 'octets' | 'sum'>

export class Compiler {
  private readonly program: string
  private readonly end = new AbortController()
  private thread: Worker | null = null

  /** `program` is for tests. */
  constructor(program = PROGRAM) {
    this.program = program
    policySetter()
  }

  /** Rejects with one clear line where no image comes of it. What goes wrong afterwards is told to `onProblem`. One at a time. */
  async compile(orders: CompileOrders, onProblem: (problem: string) => void): Promise<Compiling> {
    // Looked for before the process is there, which must be told to go last before it has threads.
    const patientMs = patienceMs(orders)
    const pipe = openPipe()
    try {
      const child = startProcess(this.program, pipe, this.end.signal)
      const patience = yieldFor(child, patientMs)
      const ended = endOf(child)
      try {
        return await this.follow({ child, ended, pipe, patience }, orders, onProblem)
      } catch (error) {
        // What it would write down is no better, and must not be written while another one does.
        child.kill('SIGKILL')
        patience.end()
        throw error
      }
    } finally {
      if (pipe !== null) closeSync(pipe.readEnd)
    }
  }

  /** From its orders to its image. */
  private async follow(
    { child, ended, pipe, patience }: UnderWay,
    orders: CompileOrders,
    onProblem: (problem: string) => void,
  ): Promise<Compiling> {
    const { finished, aftermath } = wordsOf(child, ended)
    // It never began, as without descriptors or memory.
    if (child.send === undefined) throw new Error((await ended) ?? 'the compiling process could not be started')
    const start: Start = { orders, parent: process.pid }
    // What could not be sent shows in the end of the process.
    child.send(start, () => {})
    if (pipe !== null) this.thread ??= this.startThread()
    const { reports, seconds, ...announced } = await finished
    const taken = pipe === null ? takeHere(child, announced) : this.take(pipe, announced, patience.isLeft)
    const image = await imageOf(taken, ended)
    const told = aftermath.then(problems => this.end.signal.aborted || problems.forEach(onProblem))
    const over = Promise.all([told, ended]).then(() => patience.end())
    return { compiled: { image, reports, seconds }, ended: over }
  }

  /** Kills what is under way: nothing is lost by that at any moment. */
  close(): void {
    this.end.abort()
    void this.thread?.terminate()
  }

  private startThread(): Worker {
    const thread = new Worker(new URL('./image-thread.ts', import.meta.url), {
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    })
    thread.unref()
    // Whoever waits for it learns of both; an error that nobody hears would end the server.
    thread.on('error', () => {})
    thread.once('exit', () => {
      this.thread = null
    })
    return thread
  }

  private take(pipe: Pipe, { octets, sum }: Announced, last: boolean): Promise<FromImageThread> {
    this.thread ??= this.startThread()
    const { thread } = this
    const orders: ImageOrders = { octets, sum, pipe: pipe.readEnd, last }
    return new Promise((resolve, reject) => {
      const end = (code: number) => reject(new Error(`the thread that takes images ended with code ${code}`))
      thread.once('error', reject).once('exit', end)
      thread.once('message', (own: FromImageThread) => {
        thread.off('error', reject).off('exit', end)
        resolve(own)
      })
      thread.postMessage(orders)
    })
  }
}

function startProcess(program: string, pipe: Pipe | null, signal: AbortSignal): ChildProcess {
  try {
    return fork(program, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', pipe?.writeEnd ?? 'pipe'],
      execArgv: [...process.execArgv, `--max-semi-space-size=${YOUNG_MIB}`, '--single-threaded'],
      signal,
      killSignal: 'SIGKILL',
    })
  } finally {
    if (pipe !== null) closeSync(pipe.writeEnd)
  }
}

/** An entry that expires in a short list must not wait as long as ten million names may. */
function patienceMs({ feeds }: CompileOrders): number {
  const octets = feeds.reduce((sum, { source }) => sum + octetsOf(source), 0)
  return YIELD_MS + (octets / 2 ** 20) * YIELD_MS_A_MIB
}

/** 0 for what cannot be looked at: whoever reads it says why. */
function octetsOf(path: string): number {
  try {
    return statSync(path).size
  } catch {
    return 0
  }
}

/** Lets the process, and then the thread that takes its image, go last, though not for ever. */
function yieldFor({ pid }: ChildProcess, patientMs: number): Patience {
  if (pid === undefined) return { isLeft: true, end() {} }
  goLast(pid)
  const usedMs = () => processorMs(pid)
  // The thread may only have heard that it is to go last when this is called again.
  return startPatience(patientMs, usedMs, () => [pid, process.pid].forEach(goOn))
}

/** When it is gone, and what it has said was heard: null where it ended well, otherwise how, in a sentence. */
function endOf(child: ChildProcess): Promise<string | null> {
  return new Promise(resolve => {
    child.on('error', ({ message }) => resolve(`the compiling process failed: ${message}`))
    child.once('close', (code, signal) => {
      if (code === 0) resolve(null)
      else resolve(`the compiling process ended ${signal === null ? `with code ${code}` : `by ${signal}`}`)
    })
  })
}

interface Words {
  readonly finished: Promise<Finished>
  /** What went wrong after the image was made. Never rejects. */
  readonly aftermath: Promise<readonly string[]>
}

function wordsOf(child: ChildProcess, ended: Promise<string | null>): Words {
  const finished = Promise.withResolvers<Finished>()
  const aftermath = Promise.withResolvers<readonly string[]>()
  // Nobody may be waiting yet, or any longer.
  finished.promise.catch(() => {})
  child.on('message', (message: FromCompiler) => {
    if (message.kind === 'finished') return finished.resolve(message)
    if (message.kind === 'aftermath') return aftermath.resolve(message.warnings)
    finished.reject(new Error(message.problem))
    aftermath.resolve([notAll(message.problem)])
  })
  void ended.then(how => {
    finished.reject(new Error(how ?? 'the compiling process ended without an image'))
    aftermath.resolve(how === null ? [] : [notAll(how)])
  })
  return { finished: finished.promise, aftermath: aftermath.promise }
}

function notAll(problem: string): string {
  return `what came into force is not all written down: ${problem}`
}

/** Rejects for what is not the image that was announced; with the end of the process, where that came first. */
async function imageOf(taken: Promise<FromImageThread>, ended: Promise<string | null>): Promise<SharedArrayBuffer> {
  const own = await taken.catch((error: Error) => ({ problem: error.message }))
  if ('image' in own) return own.image
  const problem = own.problem ?? (await ended) ?? 'it is not whole'
  throw new Error(`no image came of a compilation: ${problem}`)
}

/** Where there is no such pipe. */
async function takeHere(child: ChildProcess, { octets, sum }: Announced): Promise<FromImageThread> {
  const arrival = new Arrival(octets, sum)
  for await (const piece of child.stdio[IMAGE_PIPE] as Readable) {
    arrival.take(piece as Buffer)
    if (arrival.isWhole) return { image: arrival.finish() }
  }
  return { problem: null }
}
