/**
 * Processes that let others go first: whoever compiles lists must not make those wait who answer.
 *
 * A low priority is not enough: since Linux 6.6 a thread that runs is not interrupted within its slice of some milliseconds by one that wakes up, whatever
 * their priorities, unless its policy is SCHED_IDLE (sched(7)). Without koffi, or elsewhere, the low priority is what there is.
 *
 * The policy belongs to threads, and a new thread has that of the one that made it: a process that goes last from its first moment, when it has one thread, does so with all
 * that it will have.
 */
import { readdirSync, readlinkSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { basename } from 'node:path'
import { libcFunction } from './libc.ts'

const SCHED_OTHER = 0
const SCHED_IDLE = 5
/** struct sched_param: one int. */
const PARAM_OCTETS = 4

/** timer_create(2). */
const SIGALRM = 14
const SIGEV_THREAD_ID = 4
const CLOCK_MONOTONIC = 1
/**
 * What others wait at most, about. More often costs more: at 0.2 ms, in a virtual machine whose timers are dear, what was to be computed took a fifth to a third longer, and at 0.1 ms those
 * who were let in found caches so cold that a query took a sixth more.
 */
const OFFER_NS = 300_000n

type SetPolicy = (thread: number, policy: number, parameter: Uint8Array) => number

let setPolicy: SetPolicy | null | undefined

/** Null: the low priority has to do. The first call takes a while: to be made before a process is started that is to go last. */
export function policySetter(): SetPolicy | null {
  if (setPolicy === undefined) setPolicy = libcFunction<SetPolicy>('int sched_setscheduler(int, int, const uint8_t *)')
  return setPolicy
}

/**
 * Lets a process that has just begun run only when no other wants to; 0: the calling thread. By a low priority where there is nothing better. Threads that it has made by then, as it may on
 * a machine that is busy, stay as they are: looking for them would cost more, see `threadsOf`.
 */
export function goLast(pid: number): void {
  if (policySetter()?.(pid, SCHED_IDLE, new Uint8Array(PARAM_OCTETS)) === 0) return
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // Gone already, or not allowed: the scheduler is on its own.
  }
}

/**
 * Takes that back, of those of its threads that go last, for a process that got next to nothing: it shares cores with others then. With the turns of
 * `offerOften`, each of which is counted as a whole slice, its share is small still: a fifteenth to a fifth of a core beside one that is always busy. Threads with another policy keep
 * it. Where RLIMIT_NICE does not let us (it must be 20 less the nice value or more, sched(7)), nothing changes.
 */
export function goOn(pid: number): void {
  const set = policySetter()
  const policyOf = libcFunction<(thread: number) => number>('int sched_getscheduler(int)')
  if (set === null || policyOf === null) return
  const goesOn = (thread: number) =>
    policyOf(thread) !== SCHED_IDLE || set(thread, SCHED_OTHER, new Uint8Array(PARAM_OCTETS)) === 0
  // What is not allowed for the first is not for the others, and those had better not be listed then.
  if (goesOn(pid)) for (const thread of threadsOf(pid)) goesOn(thread)
}

/**
 * Offers the calling thread's core to others all the time, whatever the thread is at: looking names up, collecting garbage, compressing. SCHED_IDLE alone does not: since Linux 6.6
 * (EEVDF) who wakes up may owe time, the more the smaller the weight of who ran meanwhile, and then waits for up to 4 ms. After sched_yield(2) nobody owes any.
 *
 * Nothing in JavaScript could be called at any moment; so the C library's own sched_yield is the handler of a signal that a timer sends to this thread. Calls of the system that
 * it interrupts go on: most by themselves (SA_RESTART), the others since libuv makes them again. What is returned ends it. Without koffi, or off Linux, nothing happens.
 */
export function offerOften(): () => void {
  if (timerCalls === undefined) timerCalls = bindTimerCalls()
  const thread = ownThread()
  if (timerCalls === null || thread === null) return () => {}
  const { create, setTime, remove } = timerCalls
  // struct sigevent: a value of eight octets, the signal, who gets it, the thread, and room.
  const event = new Int32Array(16)
  event.set([0, 0, SIGALRM, SIGEV_THREAD_ID, thread])
  const timer = new BigInt64Array(1)
  if (create(CLOCK_MONOTONIC, event, timer) !== 0) return () => {}
  setTime(timer[0]!, 0, BigInt64Array.of(0n, OFFER_NS, 0n, OFFER_NS), null)
  return () => void remove(timer[0]!)
}

/** Does something while the core is offered often, and no longer, whatever comes of it. */
export function inTurns<T>(work: () => T): T {
  const endOffers = offerOften()
  try {
    return work()
  } finally {
    endOffers()
  }
}

/** Not by gettid(2): the C library has it since glibc 2.30 only. Null without /proc. */
function ownThread(): number | null {
  try {
    return Number(basename(readlinkSync('/proc/thread-self')))
  } catch {
    return null
  }
}

interface TimerCalls {
  readonly create: (clock: number, event: Int32Array, timer: BigInt64Array) => number
  readonly setTime: (timer: bigint, flags: number, times: BigInt64Array, before: null) => number
  readonly remove: (timer: bigint) => number
}

let timerCalls: TimerCalls | null | undefined

/** With sched_yield as the signal's handler from now on. */
function bindTimerCalls(): TimerCalls | null {
  const address = libcFunction<(library: null, name: string) => unknown>('void *dlsym(void *, const char *)')
  const handle = libcFunction<(signal: number, handler: unknown) => unknown>('void *signal(int, void *)')
  const create = libcFunction<TimerCalls['create']>('int timer_create(int, const void *, int64_t *)')
  const setTime = libcFunction<TimerCalls['setTime']>('int timer_settime(int64_t, int, const int64_t *, void *)')
  const remove = libcFunction<TimerCalls['remove']>('int timer_delete(int64_t)')
  const handler = address?.(null, 'sched_yield') ?? null
  if (handler === null || handle === null) return null
  if (create === null || setTime === null || remove === null) return null
  handle(SIGALRM, handler)
  return { create, setTime, remove }
}

/**
 * The process itself where nobody knows its threads. Not for every process: once its threads were listed, the kernel has names to forget when it ends, and who waits
 * for that end spins until threads that go last have forgotten theirs. Hundreds of milliseconds were seen.
 */
function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number)
  } catch {
    return [pid]
  }
}
