/**
 * The kernel's socket calls through koffi, on memory that is mapped once and never moved or collected: no pointer that the kernel sees is
 * ever to a JavaScript object. Linux on 64-bit little-endian machines only; elsewhere `openKernel` returns null and node:dgram serves.
 *
 * Errors are negative return values; `errno()` says which, until the next call.
 */
import { createRequire } from 'node:module'

export const AF_INET = 2
export const AF_INET6 = 10
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
export const MSG_DONTWAIT = 0x40
export const MSG_TRUNC = 0x20
export const MSG_NOSIGNAL = 0x4000

export const SOL_SOCKET = 1
export const SO_SNDBUF = 7
export const SO_RCVBUF = 8
export const SO_REUSEPORT = 15
export const IPPROTO_IP = 0
export const IP_MTU_DISCOVER = 10
/** Path MTUs that ICMP tells are not believed, and datagrams may be cut on the way. */
export const PMTUDISC_OMIT = 5
export const IP_PKTINFO = 8
export const IPPROTO_IPV6 = 41
export const IPV6_MTU_DISCOVER = 23
export const IPV6_V6ONLY = 26
export const IPV6_RECVPKTINFO = 49
export const IPV6_PKTINFO = 50

export const EPOLL_CTL_ADD = 1
export const EPOLL_CTL_DEL = 2
const EFD_CLOEXEC = 0o2000000
const CLOCK_MONOTONIC = 1
/** struct itimerspec: interval and first time, seconds and nanoseconds each. */
const ITIMERSPEC_OCTETS = 32
/** struct epoll_event is packed on x86-64 and aligned on arm64. */
export const EPOLL_EVENT_OCTETS = process.arch === 'x64' ? 12 : 16
export const EPOLL_DATA_AT = process.arch === 'x64' ? 4 : 8
export const EPOLLIN = 1

const PROT_READ_WRITE = 3
const MAP_PRIVATE_ANONYMOUS = 0x22
/** A socket address that holds either family (struct sockaddr_in6). */
export const SOCKADDR_OCTETS = 28
export const SOCKADDR_IN_OCTETS = 16

type Pointer = bigint | Uint8Array | null

/** Mapped memory: the same octets for us and, by address, for the kernel. Lives as long as the process. */
export interface KernelMemory {
  readonly address: bigint
  readonly bytes: Uint8Array
  readonly view: DataView
}

export interface PollHandle {
  stop(): void
  close(): void
}

export interface Kernel {
  map(octets: number): KernelMemory
  errno(): number
  udpSocket(family: typeof AF_INET | typeof AF_INET6): number
  setOption(fd: number, level: number, name: number, value: number): number
  bind(fd: number, address: Uint8Array, octets: number): number
  connect(fd: number, address: Pointer, octets: number): number
  close(fd: number): number
  send(fd: number, from: Pointer, octets: number, flags: number): number
  recv(fd: number, into: Pointer, octets: number, flags: number): number
  recvmmsg(fd: number, headers: bigint, count: number, flags: number, timeout: null): number
  sendmmsg(fd: number, headers: bigint, count: number, flags: number): number
  getsockname(fd: number, into: Uint8Array, octets: Uint32Array): number
  epollCreate(): number
  epollAdd(epoll: number, fd: number, event: Uint8Array): number
  epollRemove(epoll: number, fd: number): number
  /** A descriptor that can always be read from. */
  alwaysReadable(): number
  /** A descriptor that can be read from each time so many nanoseconds are over, once `setPace` said how many; 0: never. */
  pacer(): number
  setPace(pacer: number, nanoseconds: number): number
  /** Takes note of the times that are over: it can be read from again after the next. */
  takePace(pacer: number): void
  epollWait(epoll: number, events: bigint, count: number): number
  /** Calls back on the event loop whenever `fd` can be read. What the callback throws ends the worker as any uncaught error does. */
  onReadable(fd: number, callback: () => void): PollHandle
  readonly errors: {
    readonly EAGAIN: number
    readonly EINTR: number
    readonly ENOBUFS: number
    readonly ECONNREFUSED: number
  }
}

/** Descriptors that can be marked; one beyond is still closed by who opened it, only not after its death. */
export const DESCRIPTORS = 65_536

/**
 * Loads koffi and binds the calls; null where this machine has them not, with the reason given to `say`. `marks`, where given, has a 1 for
 * every descriptor that was opened here and not closed: descriptors are the process's, and who outlives a thread must close what it left.
 */
export function openKernel(say: (why: string) => void, marks: Uint8Array = new Uint8Array(DESCRIPTORS)): Kernel | null {
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64')) {
    say(`batches need Linux on x64 or arm64, this is ${process.platform} on ${process.arch}`)
    return null
  }
  try {
    return bindCalls(createRequire(import.meta.url)('koffi') as typeof import('koffi'), marks)
  } catch (error) {
    say(`koffi does not load: ${error instanceof Error ? error.message : String(error)}`)
    return null
  }
}

function bindCalls(koffi: typeof import('koffi'), marks: Uint8Array): Kernel {
  const library = koffi.load(null)
  const socket = library.func('int socket(int, int, int)')
  const setsockopt = library.func('int setsockopt(int, int, int, void *, unsigned int)')
  const mmap = library.func('void *mmap(void *, size_t, int, int, int, long)')
  const epollCreate1 = library.func('int epoll_create1(int)')
  const epollCtl = library.func('int epoll_ctl(int, int, int, void *)')
  const eventfd = library.func('int eventfd(unsigned int, int)')
  const timerfdCreate = library.func('int timerfd_create(int, int)')
  const timerfdSettime = library.func('int timerfd_settime(int, int, void *, void *)')
  const read = library.func('long read(int, void *, size_t)')
  const spec = new BigInt64Array(ITIMERSPEC_OCTETS / 8)
  const times = new Uint8Array(8)
  const close = library.func('int close(int)')
  const marked = (fd: number) => {
    if (fd >= 0 && fd < marks.length) marks[fd] = 1
    return fd
  }
  const epollWait = library.func('int epoll_wait(int, void *, int, int)')
  const value = new Int32Array(1)
  const { EAGAIN, EINTR, ENOBUFS, ECONNREFUSED } = koffi.os.errno as Record<string, number>
  return {
    map(octets) {
      const address = mmap(null, octets, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0) as bigint
      if (address === -1n || BigInt.asUintN(64, address) === 0xffffffffffffffffn) throw new Error('mmap failed')
      const memory = koffi.view(address, octets)
      return { address, bytes: new Uint8Array(memory), view: new DataView(memory) }
    },
    errno: () => koffi.errno(),
    udpSocket: family => marked(socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
    setOption(fd, level, name, number) {
      value[0] = number
      return setsockopt(fd, level, name, value, 4) as number
    },
    bind: library.func('int bind(int, void *, unsigned int)') as Kernel['bind'],
    connect: library.func('int connect(int, void *, unsigned int)') as Kernel['connect'],
    close(fd) {
      // First, so that nobody finds a mark for a number that is already somebody else's.
      if (fd < marks.length) marks[fd] = 0
      return close(fd) as number
    },
    send: library.func('long send(int, void *, size_t, int)') as Kernel['send'],
    recv: library.func('long recv(int, void *, size_t, int)') as Kernel['recv'],
    recvmmsg: library.func('int recvmmsg(int, void *, unsigned int, int, void *)') as Kernel['recvmmsg'],
    sendmmsg: library.func('int sendmmsg(int, void *, unsigned int, int)') as Kernel['sendmmsg'],
    getsockname: library.func('int getsockname(int, void *, void *)') as Kernel['getsockname'],
    epollCreate: () => marked(epollCreate1(SOCK_CLOEXEC)),
    epollAdd: (epoll, fd, event) => epollCtl(epoll, EPOLL_CTL_ADD, fd, event) as number,
    epollRemove: (epoll, fd) => epollCtl(epoll, EPOLL_CTL_DEL, fd, null) as number,
    alwaysReadable: () => marked(eventfd(1, EFD_CLOEXEC)),
    pacer: () => marked(timerfdCreate(CLOCK_MONOTONIC, SOCK_NONBLOCK | SOCK_CLOEXEC)),
    setPace(pacer, nanoseconds) {
      spec[1] = BigInt(nanoseconds)
      spec[3] = BigInt(nanoseconds)
      return timerfdSettime(pacer, 0, spec, null) as number
    },
    takePace: pacer => void read(pacer, times, times.length),
    epollWait: (epoll, events, count) => epollWait(epoll, events, count, 0) as number,
    onReadable: (fd, callback) => koffi.node.poll(fd, { readable: true }, guarded(callback)),
    errors: { EAGAIN: EAGAIN!, EINTR: EINTR!, ENOBUFS: ENOBUFS!, ECONNREFUSED: ECONNREFUSED! },
  }
}

/** An exception must not pass through native code, which would end the process: it is thrown again from the event loop. */
function guarded(callback: () => void): () => void {
  return () => {
    try {
      callback()
    } catch (error) {
      setImmediate(() => {
        throw error
      })
    }
  }
}
