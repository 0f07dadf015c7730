/**
 * The kernel's calls, with a look at every pointer that outlives its call or leads to others: what recvmmsg and sendmmsg are given must lie in
 * mapped memory, header, address, vector, payload and control alike. And afterwards, whether that memory is still what both sides see.
 *
 * Why this is enough: an ArrayBuffer that V8 made can be moved (a small typed array lies in the heap itself) or be given back (its memory goes
 * with its last reference), and koffi keeps neither from happening. Memory from mmap has no such life: V8 has only a view of
 * it and was never told how to free it, no collection changes where it is, and nothing here unmaps it. Pointers to JavaScript's own
 * arrays go only into calls that are over before anything else runs (send, bind, setsockopt).
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import type { Kernel, KernelMemory } from '../../src/transport/kernel.ts'

const MMSGHDR_OCTETS = 64
const NAME_AT = 0
const NAME_LENGTH_AT = 8
const VECTOR_AT = 16
const VECTOR_COUNT_AT = 24
const CONTROL_AT = 32
const CONTROL_LENGTH_AT = 40
const VECTOR_OCTETS = 16

export class WatchedKernel {
  readonly kernel: Kernel
  /** What was wrong with a pointer; each once. */
  readonly problems = new Set<string>()
  batchCalls = 0
  private readonly memories: KernelMemory[] = []

  constructor(kernel: Kernel) {
    this.kernel = {
      ...kernel,
      map: octets => this.keep(kernel.map(octets)),
      recvmmsg: (fd, headers, count, flags, timeout) => {
        this.checkHeaders('recvmmsg', headers, count)
        return kernel.recvmmsg(fd, headers, count, flags, timeout)
      },
      sendmmsg: (fd, headers, count, flags) => {
        this.checkHeaders('sendmmsg', headers, count)
        return kernel.sendmmsg(fd, headers, count, flags)
      },
      epollWait: (epoll, events, count) => {
        this.find('epoll_wait', events, 1)
        return kernel.epollWait(epoll, events, count)
      },
    }
  }

  private keep(memory: KernelMemory): KernelMemory {
    this.memories.push(memory)
    return memory
  }

  private checkHeaders(call: string, headers: bigint, count: number): void {
    this.batchCalls++
    const memory = this.find(call, headers, count * MMSGHDR_OCTETS)
    if (memory === null) return
    for (let i = 0; i < count; i++) {
      const at = Number(headers - memory.address) + i * MMSGHDR_OCTETS
      const { view } = memory
      this.find(`${call}: address`, view.getBigUint64(at + NAME_AT, true), view.getUint32(at + NAME_LENGTH_AT, true))
      const controlOctets = Number(view.getBigUint64(at + CONTROL_LENGTH_AT, true))
      if (controlOctets > 0) this.find(`${call}: control`, view.getBigUint64(at + CONTROL_AT, true), controlOctets)
      this.checkVector(call, view.getBigUint64(at + VECTOR_AT, true), view.getBigUint64(at + VECTOR_COUNT_AT, true))
    }
  }

  private checkVector(call: string, vector: bigint, count: bigint): void {
    if (count !== 1n) this.problems.add(`${call}: ${count} vectors`)
    const memory = this.find(`${call}: vector`, vector, VECTOR_OCTETS)
    if (memory === null) return
    const at = Number(vector - memory.address)
    this.find(`${call}: payload`, memory.view.getBigUint64(at, true), Number(memory.view.getBigUint64(at + 8, true)))
  }

  /** The mapped memory that holds `octets` from `address` on. */
  private find(what: string, address: bigint, octets: number): KernelMemory | null {
    for (const memory of this.memories) {
      if (address >= memory.address && address + BigInt(octets) <= memory.address + BigInt(memory.bytes.length)) {
        return memory
      }
    }
    this.problems.add(`${what}: ${octets} octets outside of mapped memory`)
    return null
  }

  /** Whether what the kernel has at each address is what the typed arrays show, in memory that can be read and written. */
  checkMemory(): void {
    const maps = readFileSync('/proc/self/maps', 'utf8').trim().split('\n')
    const file = openSync('/proc/self/mem', 'r')
    try {
      for (const memory of this.memories) {
        if (!maps.some(line => isPrivateMapOf(line, memory))) this.problems.add('memory is not mapped as it was')
        const seen = Buffer.alloc(memory.bytes.length)
        readSync(file, seen, 0, seen.length, memory.address)
        if (seen.compare(memory.bytes) !== 0) this.problems.add('the kernel sees other octets than we do')
      }
    } finally {
      closeSync(file)
    }
  }
}

/** A line of /proc/self/maps: `from-to rw-p offset device inode`, without a file behind it. */
function isPrivateMapOf(line: string, memory: KernelMemory): boolean {
  const [range = '', permissions, , , inode, path] = line.split(/\s+/)
  const [from, to] = range.split('-').map(text => BigInt(`0x${text}`))
  const end = memory.address + BigInt(memory.bytes.length)
  return (
    permissions === 'rw-p' &&
    inode === '0' &&
    (path === undefined || path === '') &&
    memory.address >= from! &&
    end <= to!
  )
}
