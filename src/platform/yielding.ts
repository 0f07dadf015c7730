/**
 * Processes that let others go first: whoever compiles lists must not make those wait who answer.
 *
 * A low priority is not enough: since Linux 6.6 a thread that runs is not interrupted within its slice of some milliseconds by one that wakes up, whatever
 * their priorities, unless its policy is SCHED_IDLE (sched(7)). Without koffi, or elsewhere, the low priority is what there is.
 *
 * Both belong to threads, and a new thread has those of the one that made it: a process that goes last from its first moment, when it has one thread, does so with all
 * that it will have.
 */
import { readdirSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { libcFunction } from './libc.ts'

const SCHED_OTHER = 0
const SCHED_IDLE = 5
/** struct sched_param: one int. */
const PARAM_OCTETS = 4

type SetPolicy = (thread: number, policy: number, parameter: Uint8Array) => number

let setPolicy: SetPolicy | null | undefined

/** Null: the low priority has to do. The first call takes a while: to be made before a process is started that is to go last. */
export function policySetter(): SetPolicy | null {
  setPolicy ??= libcFunction<SetPolicy>('int sched_setscheduler(int, int, const uint8_t *)')
  return setPolicy
}

/**
 * Lets a process that has just begun run only when no other wants to; 0: the calling thread. Its priority is what it has when it goes on: a tenth of a share then, since at the lowest
 * of all it would starve on cores that are never idle.
 */
export function goLast(pid: number): void {
  policySetter()?.(pid, SCHED_IDLE, new Uint8Array(PARAM_OCTETS))
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // Gone already, or not allowed: the scheduler is on its own.
  }
}

/**
 * Takes that back, of those of its threads that go last, for a process that never got its turn: the low priority stays, and whatever policy an operator gave the others. Where
 * RLIMIT_NICE does not let us, nothing changes.
 */
export function goOn(pid: number): void {
  const set = policySetter()
  const policyOf = libcFunction<(thread: number) => number>('int sched_getscheduler(int)')
  if (set === null || policyOf === null) return
  for (const thread of threadsOf(pid))
    if (policyOf(thread) === SCHED_IDLE) set(thread, SCHED_OTHER, new Uint8Array(PARAM_OCTETS))
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
