/**
 * Large pages for memory that is read at random: an image of some ten megabytes has more pages of 4 KiB than the processor remembers the
 * places of, and looking one up costs nearly as much as the read itself. The kernel is asked to back such memory by pages of 2 MiB
 * (madvise(2), MADV_HUGEPAGE); where it has none to spare, or is set never to, everything works as before. To be called before
 * the memory is first written to.
 */
import { libcFunction } from './libc.ts'

const MADV_HUGEPAGE = 14
export const HUGE_PAGE_OCTETS = 2 * 1024 * 1024

type Calls = {
  address: (memory: Uint8Array) => bigint
  madvise: (at: bigint, octets: number, advice: number) => number
}
let calls: Calls | null | undefined

/** Zeroed memory that threads share, on large pages where these can be had. */
export function allocateForRandomReads(octets: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(octets)
  adviseHugePages(memory)
  return memory
}

/** Whether the kernel took the advice for the whole pages within `memory`: not for less than one, and not without koffi or off Linux. */
export function adviseHugePages(memory: ArrayBufferLike): boolean {
  if (memory.byteLength < 2 * HUGE_PAGE_OCTETS) return false
  calls ??= bindCalls()
  if (calls === null) return false
  const start = calls.address(new Uint8Array(memory, 0, 1))
  const page = BigInt(HUGE_PAGE_OCTETS)
  const first = ((start + page - 1n) / page) * page
  const end = ((start + BigInt(memory.byteLength)) / page) * page
  return end > first && calls.madvise(first, Number(end - first), MADV_HUGEPAGE) === 0
}

function bindCalls(): Calls | null {
  const move = libcFunction<(to: Uint8Array, from: Uint8Array, octets: number) => bigint>(
    'void *memmove(void *, void *, size_t)',
  )
  const madvise = libcFunction<Calls['madvise']>('int madvise(void *, size_t, int)')
  // A call that moves nothing and returns the address it was given.
  return move === null || madvise === null ? null : { address: memory => move(memory, memory, 0), madvise }
}
