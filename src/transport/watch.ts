/**
 * When a listener's socket is looked at: when the kernel says that it can be read, or, under load, in every turn of the event loop.
 *
 * A socket that somebody waits for costs at every answer sent: each time one has left, the kernel tells whoever waits that there is room
 * again. That is a tenth of a microsecond a query. So once datagrams come by the dozen, wake after wake, the event loop waits for something
 * else in the socket's place, which can always be read; after a few turns in which nothing was there it waits for the socket again. The kernel tells then
 * at once of what came in between: nothing is missed, and nothing turns while there is nothing to do.
 *
 *     event loop ── epoll set ──┬── the socket            while waiting
 *                               └── an eventfd above 0    while looking by itself
 *
 * Owns: its epoll set and its eventfd. Where it gets neither (a shortage of descriptors) the event loop waits for the socket itself, always.
 */
import { EPOLL_DATA_AT, EPOLL_EVENT_OCTETS, EPOLLIN, type Kernel, type PollHandle } from './kernel.ts'

/** A wake with fewer datagrams than this is no load. */
const MANY = 32
/** So many such wakes in a row: a burst alone is over before the change has paid. */
const WAKES_MIN = 4
/** So many turns in a row that found nothing. */
const EMPTY_TURNS_MAX = 2

export class Watch {
  private readonly kernel: Kernel
  private readonly fd: number
  private epoll: number
  private always: number
  private readonly event = new Uint8Array(EPOLL_EVENT_OCTETS)
  private poll: PollHandle | null
  private isLooking = false
  /** Wakes in a row that had many, or turns in a row that had nothing. */
  private inRow = 0

  /** Calls `take` from now on whenever there may be datagrams at `fd`; it takes what is there and returns how many that were. */
  constructor(kernel: Kernel, fd: number, take: () => number) {
    this.kernel = kernel
    this.fd = fd
    new DataView(this.event.buffer).setUint32(0, EPOLLIN, true)
    this.event.fill(0, EPOLL_DATA_AT)
    this.epoll = kernel.epollCreate()
    this.always = kernel.alwaysReadable()
    if (this.epoll >= 0 && this.always >= 0 && kernel.epollAdd(this.epoll, fd, this.event) === 0)
      this.poll = kernel.onReadable(this.epoll, () => this.turn(take()))
    else {
      this.closeOwn()
      this.poll = kernel.onReadable(fd, () => void take())
    }
  }

  private turn(taken: number): void {
    // Closed meanwhile, by what was taken.
    if (this.poll === null) return
    const counts = this.isLooking ? taken === 0 : taken >= MANY
    this.inRow = counts ? this.inRow + 1 : 0
    if (this.inRow >= (this.isLooking ? EMPTY_TURNS_MAX : WAKES_MIN)) this.change()
  }

  private change(): void {
    const [from, to] = this.isLooking ? [this.always, this.fd] : [this.fd, this.always]
    this.inRow = 0
    // First the one that comes, so that there is always something to wait for. Where the kernel has no memory for it, it is tried again later.
    if (this.kernel.epollAdd(this.epoll, to, this.event) !== 0) return
    this.kernel.epollRemove(this.epoll, from)
    this.isLooking = !this.isLooking
  }

  close(): void {
    this.poll?.close()
    this.poll = null
    this.closeOwn()
  }

  /** Each once: a number that is closed may soon be somebody else's. */
  private closeOwn(): void {
    if (this.epoll >= 0) this.kernel.close(this.epoll)
    if (this.always >= 0) this.kernel.close(this.always)
    this.epoll = -1
    this.always = -1
  }
}
