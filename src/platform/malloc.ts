/**
 * Large blocks of memory go back to the system when they are freed. glibc learns from blocks that are freed: once one of 32 MiB was, it takes smaller ones from
 * its arenas, trims those from twice that size on only, and a thread that is gone leaves some 40 MiB behind after each compilation. A threshold that
 * was set is not learned any more.
 */
import { libcFunction } from './libc.ts'

/** mallopt(3). */
const M_MMAP_THRESHOLD = -3
/** Blocks of this size are few, and long-lived or large. */
export const RETURNED_OCTETS = 1024 * 1024

/** For the whole process. Whether it could be set: not without koffi, and not with another C library. */
export function returnLargeBlocks(): boolean {
  const mallopt = libcFunction<(what: number, value: number) => number>('int mallopt(int, int)')
  return mallopt?.(M_MMAP_THRESHOLD, RETURNED_OCTETS) === 1
}

/** Gives what is free back to the system, of all threads' arenas; malloc_trim(3). Whether there was something, where that is known. */
export function returnFreedBlocks(): boolean {
  const trim = libcFunction<(pad: number) => number>('int malloc_trim(size_t)')
  return trim?.(0) === 1
}
