/**
 * Threads that let others go first: whoever compiles lists must not make those wait who answer.
 *
 * A low priority is not enough: since Linux 6.6 a thread that runs is not interrupted within its slice of some milliseconds by one that wakes up, whatever
 * their priorities, unless its policy is SCHED_IDLE (sched(7)). Without koffi, or elsewhere, the low priority is what there is.
 *
 * V8's helpers, which compile JavaScript for the compiling thread too, stay as they are: where they went last as well, the 99th percentile during reloads was 0.2 instead
 * of 0.8 ms, but on a busy core the workers' own code was not compiled any more, and a query cost a tenth more.
 */
import { readlinkSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { basename } from 'node:path'
import { libcFunction } from './libc.ts'

const SCHED_OTHER = 0
const SCHED_IDLE = 5
/** struct sched_param: one int. */
const PARAM_OCTETS = 4

type SetPolicy = (thread: number, policy: number, parameter: Uint8Array) => number

/** The system's number of the thread that calls this; null where there are none. */
export function ownThread(): number | null {
  try {
    return Number(basename(readlinkSync('/proc/thread-self')))
  } catch {
    return null
  }
}

let setPolicy: SetPolicy | null | undefined

/** Null: the low priority has to do. */
function policySetter(): SetPolicy | null {
  setPolicy ??= libcFunction<SetPolicy>('int sched_setscheduler(int, int, const uint8_t *)')
  return setPolicy
}

/** Lets a thread of this process run only when no other wants to. */
export function goLast(thread: number): void {
  try {
    setPriority(thread, constants.priority.PRIORITY_LOW)
  } catch {
    // Gone already, or not allowed: the scheduler is on its own.
  }
  policySetter()?.(thread, SCHED_IDLE, new Uint8Array(PARAM_OCTETS))
}

/** Takes that back but for the low priority, for a thread that never got its turn. Where RLIMIT_NICE does not let us, it stays. */
export function goOn(thread: number): void {
  policySetter()?.(thread, SCHED_OTHER, new Uint8Array(PARAM_OCTETS))
}
