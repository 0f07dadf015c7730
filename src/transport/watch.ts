/**
 * When a listener's socket is looked at: when the kernel says that it can be read, or, under load, ten thousand times a second.
 *
 * Woken for each datagram, a worker that is quick finds few of them at a time, and what a wake costs is shared by few; and a socket that somebody waits for
 * costs at every answer sent, since the kernel then tells whoever waits that there is room again. So where datagrams come so fast that a dozen gather within PACE_NS,
 * the event loop waits for a timer in the socket's place, and takes what has gathered: as network cards do with their interrupts. An answer is later by PACE_NS at
 * most. When less comes, it waits for the socket again, and the kernel tells at once of what came in between: nothing is missed.
 *
 *     event loop ── epoll set ──┬── the socket     while little comes
 *                               └── a timerfd      under load
 *
 * Owns: its epoll set and its timer. Where it gets neither (a shortage of descriptors) the event loop waits for the socket itself, always.
 */
import { EPOLL_DATA_AT, EPOLL_EVENT_OCTETS, EPOLLIN, type Kernel, type PollHandle } from './kernel.ts'

/** A tenth of a millisecond: no client sees it, and at 400,000 queries a second 40 of them gather. */
const PACE_NS = 100_000
const PACES_A_MS = 1_000_000 / PACE_NS
/** So many that gather in a pace are load; so few, so many times in a row, are none. */
const MANY = 12
const FEW = 6
const FEW_TIMES_MAX = 4
/** Wakes by the socket after which is reckoned how fast datagrams come: more than a burst has. */
const WAKES = 32

export class Watch {
  private readonly kernel: Kernel
  private readonly fd: number
  private readonly nowMs: () => number
  private epoll: number
  private pacer: number
  private readonly event = new Uint8Array(EPOLL_EVENT_OCTETS)
  private poll: PollHandle | null
  private isPaced = false
  /** Wakes by the socket since it was last reckoned, what they brought, and since when. */
  private wakes = 0
  private brought = 0
  private sinceMs: number
  private fewTimes = 0

  /** Calls `take` from now on whenever there may be datagrams at `fd`; it takes what is there and returns how many that were. */
  constructor(kernel: Kernel, fd: number, take: () => number, nowMs: () => number) {
    this.kernel = kernel
    this.fd = fd
    this.nowMs = nowMs
    this.sinceMs = nowMs()
    new DataView(this.event.buffer).setUint32(0, EPOLLIN, true)
    this.event.fill(0, EPOLL_DATA_AT)
    this.epoll = kernel.epollCreate()
    this.pacer = kernel.pacer()
    if (this.epoll >= 0 && this.pacer >= 0 && kernel.epollAdd(this.epoll, fd, this.event) === 0)
      this.poll = kernel.onReadable(this.epoll, () => this.turn(take))
    else {
      this.closeOwn()
      this.poll = kernel.onReadable(fd, () => void take())
    }
  }

  private turn(take: () => number): void {
    // Before the datagrams: a pace that is over while they are answered is the next one's turn.
    if (this.isPaced) this.kernel.takePace(this.pacer)
    const taken = take()
    // Closed meanwhile, by what was taken.
    if (this.poll === null) return
    if (this.isPaced ? this.hasCalmed(taken) : this.isLoaded(taken)) this.change()
  }

  private isLoaded(taken: number): boolean {
    this.brought += taken
    if (++this.wakes < WAKES) return false
    const now = this.nowMs()
    const inPace = this.brought / ((now - this.sinceMs) * PACES_A_MS)
    this.sinceMs = now
    this.wakes = 0
    this.brought = 0
    return inPace >= MANY
  }

  private hasCalmed(taken: number): boolean {
    this.fewTimes = taken < FEW ? this.fewTimes + 1 : 0
    return this.fewTimes >= FEW_TIMES_MAX
  }

  private change(): void {
    const { kernel, epoll } = this
    const [from, to, pace] = this.isPaced ? [this.pacer, this.fd, 0] : [this.fd, this.pacer, PACE_NS]
    this.fewTimes = 0
    if (kernel.setPace(this.pacer, pace) !== 0) return
    // First the one that comes, so that there is always something to wait for. Where the kernel has no memory for it, it is tried again later.
    if (kernel.epollAdd(epoll, to, this.event) === 0) {
      kernel.epollRemove(epoll, from)
      this.isPaced = !this.isPaced
      this.sinceMs = this.nowMs()
    } else kernel.setPace(this.pacer, this.isPaced ? PACE_NS : 0)
  }

  close(): void {
    this.poll?.close()
    this.poll = null
    this.closeOwn()
  }

  /** Each once: a number that is closed may soon be somebody else's. */
  private closeOwn(): void {
    if (this.epoll >= 0) this.kernel.close(this.epoll)
    if (this.pacer >= 0) this.kernel.close(this.pacer)
    this.epoll = -1
    this.pacer = -1
  }
}
