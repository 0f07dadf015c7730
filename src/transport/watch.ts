/**
 * When a listener's socket is looked at: when the kernel says that it can be read; or, under load, in every turn of the event loop; or, where more comes than that
 * is good for, ten thousand times a second.
 *
 * A socket that somebody waits for costs at every answer sent: each time one has left, the kernel tells whoever waits that there is room
 * again. That is a tenth of a microsecond a query. So once datagrams come by the dozen, wake after wake, the event loop waits for something
 * else in the socket's place, which can always be read; after a few turns in which nothing was there it waits for the socket again. The kernel tells then
 * at once of what came in between: nothing is missed, and nothing turns while there is nothing to do.
 *
 * And a worker that is quicker than whoever asks finds few datagrams at a time, turn after turn, while turns and system calls cost the same. So at a rate at which it is
 * hardly ever done anyway it takes what has gathered in PACE_NS, as network cards do with their interrupts. An answer is later by that at most. Below that rate a
 * timer would cost more than it gains: each wake from rest does.
 *
 *     event loop ── epoll set ──┬── the socket             while waiting
 *                               ├── an eventfd above 0     while looking by itself
 *                               └── a timerfd              while paced
 *
 * Owns: these. Where it does not get them (a shortage of descriptors) the event loop waits for the socket itself, always.
 */
import { EPOLL_DATA_AT, EPOLL_EVENT_OCTETS, EPOLLIN, type Kernel, type PollHandle } from './kernel.ts'

/** A wake with fewer datagrams than this is no load. */
const FULL = 32
/** So many full wakes in a row: a burst alone is over before the change has paid. */
const FULL_WAKES = 4
/** So many turns in a row that found nothing. */
const EMPTY_TURNS_MAX = 2

/** No client sees a tenth of a millisecond. */
const PACE_NS = 100_000
const PACES_A_MS = 1_000_000 / PACE_NS
/** So many that come in a pace keep a worker busy: 400,000 a second. */
const MANY = 40
/** So few, so many times in a row, do not. */
const FEW = 36
const FEW_TIMES_MAX = 4
/** Turns after which is reckoned how fast datagrams come: more than a burst takes. */
const RECKONED_TURNS = 32

const NONE = -1

export class Watch {
  private readonly kernel: Kernel
  private readonly fd: number
  private readonly nowMs: () => number
  private epoll: number
  private always: number
  private pacer: number
  private readonly event = new Uint8Array(EPOLL_EVENT_OCTETS)
  private poll: PollHandle | null
  /** Which of the three is waited for. */
  private watched: number
  /** Full wakes in a row, or turns that had nothing, or paces that had few. */
  private inRow = 0
  /** Turns since the rate was last reckoned, what they took, and since when. */
  private turns = 0
  private taken = 0
  private sinceMs: number

  /** Calls `take` from now on whenever there may be datagrams at `fd`; it takes what is there and returns how many that were. */
  constructor(kernel: Kernel, fd: number, take: () => number, nowMs: () => number) {
    this.kernel = kernel
    this.fd = fd
    this.nowMs = nowMs
    this.sinceMs = nowMs()
    this.watched = fd
    new DataView(this.event.buffer).setUint32(0, EPOLLIN, true)
    this.event.fill(0, EPOLL_DATA_AT)
    this.epoll = kernel.epollCreate()
    this.always = kernel.alwaysReadable()
    this.pacer = kernel.pacer()
    const hasAll = this.epoll >= 0 && this.always >= 0 && this.pacer >= 0
    if (hasAll && kernel.epollAdd(this.epoll, fd, this.event) === 0)
      this.poll = kernel.onReadable(this.epoll, () => this.turn(take))
    else {
      this.closeOwn()
      this.poll = kernel.onReadable(fd, () => void take())
    }
  }

  private turn(take: () => number): void {
    // Before the datagrams: a pace that is over while they are answered is the next turn's.
    if (this.watched === this.pacer) this.kernel.takePace(this.pacer)
    const taken = take()
    // Closed meanwhile, by what was taken.
    if (this.poll === null) return
    const next = this.watched === this.pacer ? this.afterPace(taken) : this.afterTurn(taken)
    if (next !== this.watched) this.change(next)
  }

  private afterPace(taken: number): number {
    this.inRow = taken < FEW ? this.inRow + 1 : 0
    return this.inRow >= FEW_TIMES_MAX ? this.fd : this.pacer
  }

  private afterTurn(taken: number): number {
    if (this.isBusy(taken)) return this.pacer
    const isLooking = this.watched === this.always
    this.inRow = (isLooking ? taken === 0 : taken >= FULL) ? this.inRow + 1 : 0
    if (isLooking) return this.inRow >= EMPTY_TURNS_MAX ? this.fd : this.always
    return this.inRow >= FULL_WAKES ? this.always : this.fd
  }

  private isBusy(taken: number): boolean {
    this.taken += taken
    if (++this.turns < RECKONED_TURNS) return false
    const now = this.nowMs()
    const inPace = this.taken / ((now - this.sinceMs) * PACES_A_MS)
    this.reckonFrom(now)
    return inPace >= MANY
  }

  private reckonFrom(now: number): void {
    this.sinceMs = now
    this.turns = 0
    this.taken = 0
  }

  private change(next: number): void {
    const { kernel, epoll, pacer } = this
    this.inRow = 0
    // First the one that comes, so that there is always something to wait for. Where the kernel has no memory for it, it is tried again later.
    if (next === pacer && kernel.setPace(pacer, PACE_NS) !== 0) return
    if (kernel.epollAdd(epoll, next, this.event) !== 0) {
      if (next === pacer) kernel.setPace(pacer, 0)
      return
    }
    kernel.epollRemove(epoll, this.watched)
    if (this.watched === pacer) {
      kernel.setPace(pacer, 0)
      this.reckonFrom(this.nowMs())
    }
    this.watched = next
  }

  close(): void {
    this.poll?.close()
    this.poll = null
    this.closeOwn()
  }

  /** Each once: a number that is closed may soon be somebody else's. */
  private closeOwn(): void {
    for (const own of [this.epoll, this.always, this.pacer]) if (own >= 0) this.kernel.close(own)
    this.epoll = NONE
    this.always = NONE
    this.pacer = NONE
  }
}
