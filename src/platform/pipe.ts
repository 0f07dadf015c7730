/** A pipe that a child inherits one end of, while a thread of ours reads the other as it likes: Node's own are read by the thread that started the child. */
import { libcFunction } from './libc.ts'

const O_CLOEXEC = 0x80000

export interface Pipe {
  readonly readEnd: number
  readonly writeEnd: number
}

/** Null without koffi, off Linux, or where there are no descriptors left. Both ends are the caller's to close. */
export function openPipe(): Pipe | null {
  const pipe2 = libcFunction<(ends: Int32Array, flags: number) => number>('int pipe2(int *, int)')
  const ends = new Int32Array(2)
  return pipe2?.(ends, O_CLOEXEC) === 0 ? { readEnd: ends[0]!, writeEnd: ends[1]! } : null
}
