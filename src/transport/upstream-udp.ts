/**
 * UDP to upstream servers: sockets connected to one server each, so that the kernel draws a random port for each and takes answers from that
 * server and port alone (RFC 5452 §9.2). A socket has one question at a time. Two drivers behind one interface.
 *
 * The batch driver keeps the sockets in an epoll set that itself is one descriptor on the event loop: one wake-up finds every answer
 * that is there. A socket that was answered serves a few more questions, drawn at random among at least IDLE_MIN, which saves four of six
 * system calls; one whose question was not answered is closed with it, so that a late answer finds nobody. node:dgram takes a new
 * socket for every attempt.
 */
import { createSocket, type Socket } from 'node:dgram'
import { constants } from 'node:os'
import * as fromCounters from '../images/counters.ts'
import type { Endpoint } from '../settings/settings.ts'
import * as fromAddress from './address.ts'
import type { Kernel, KernelMemory, PollHandle } from './kernel.ts'
import * as fromKernel from './kernel.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { FAILED, UNREACHABLE } = fromCounters
const { writeSocketAddress } = fromAddress
const { AF_INET, AF_INET6, EPOLL_DATA_AT, EPOLL_EVENT_OCTETS, EPOLLIN, MSG_DONTWAIT, MSG_NOSIGNAL, SOCKADDR_OCTETS } =
  fromKernel

/** Where what happens at upstream sockets is reported. */
export interface UpstreamEvents {
  receive(question: number, bytes: Uint8Array, start: number, end: number): void
  fail(question: number, outcome: number): void
  /** A round of events is over: late answers can be flushed. */
  settled(): void
}

export interface UpstreamUdp {
  /** See `UpstreamTransport.isShort`. */
  readonly isShort: boolean
  send(question: number, server: number, message: Uint8Array, octets: number): boolean
  /** Nothing more is wanted for a question; what may still come must find nobody. */
  release(question: number): void
  /** The same for a question that was answered: nothing more will come. */
  settle(question: number): void
  /** To be called about once a second. */
  tidy(nowMs: number): void
  close(): void
}

/** What this machine has run out of, rather than what is wrong with a server. */
const { EMFILE, ENFILE, ENOBUFS, ENOMEM, EAGAIN: EAGAIN_HERE } = constants.errno
const SHORTAGES: ReadonlySet<number> = new Set([EMFILE, ENFILE, ENOBUFS, ENOMEM, EAGAIN_HERE])

/** Events taken from the epoll set at a time. */
const EVENTS = 64
const ROUNDS_A_WAKE = 8
/** Answers are at most 1,232 octets because we say so; a server that sends more is still read, and judged. */
const ANSWER_OCTETS = 4096
/** Datagrams that one socket may bring in one round: an answer, and perhaps guesses at it. */
const READS_A_SOCKET = 8
/** Questions that one port is used for, one after the other: few, so that who learns a port has little of it. */
const USES_MAX = 8
/** Idle sockets of a server below which a new one is opened instead, and above which they are closed. */
export const IDLE_MIN = 256
const IDLE_MAX = 1024
/** How long a socket may be idle. */
const IDLE_MS = 2000
const NONE = -1

/** What is known of a socket, by its descriptor. */
interface UpstreamSocket {
  readonly fd: number
  readonly server: number
  /** The question it is busy with, or NONE. */
  question: number
  uses: number
  idleSinceMs: number
}

export class BatchUpstreamUdp implements UpstreamUdp {
  isShort = false
  private readonly kernel: Kernel
  private readonly events: UpstreamEvents
  private readonly random: () => number
  private readonly epoll: number
  private readonly poll: PollHandle
  private readonly ready: KernelMemory
  private readonly buffer: KernelMemory
  private readonly addresses: readonly {
    family: typeof AF_INET | typeof AF_INET6
    octets: Uint8Array
    length: number
  }[]
  private readonly event = new Uint8Array(EPOLL_EVENT_OCTETS)
  private readonly eventView = new DataView(this.event.buffer)
  private readonly byFd: (UpstreamSocket | undefined)[] = []
  private readonly byQuestion: (UpstreamSocket | undefined)[]
  /** Sockets without a question, per server. */
  private readonly idle: UpstreamSocket[][]
  private isClosed = false
  private nowMs = 0

  constructor(
    kernel: Kernel,
    servers: readonly Endpoint[],
    questions: number,
    events: UpstreamEvents,
    random: () => number,
  ) {
    this.kernel = kernel
    this.events = events
    this.random = random
    this.byQuestion = new Array<UpstreamSocket | undefined>(questions).fill(undefined)
    this.idle = servers.map(() => [])
    this.ready = kernel.map(EVENTS * EPOLL_EVENT_OCTETS)
    this.buffer = kernel.map(ANSWER_OCTETS)
    this.addresses = servers.map(server => {
      const octets = new Uint8Array(SOCKADDR_OCTETS)
      const length = writeSocketAddress(server.address, server.port, octets)
      return { family: server.family === 4 ? AF_INET : AF_INET6, octets, length }
    })
    this.epoll = kernel.epollCreate()
    if (this.epoll < 0) throw new Error('epoll_create1 failed')
    this.poll = kernel.onReadable(this.epoll, () => this.drain())
  }

  send(question: number, server: number, message: Uint8Array, octets: number): boolean {
    const socket = this.takeIdle(server) ?? this.open(server)
    if (socket === null) return false
    socket.question = question
    socket.uses++
    this.byQuestion[question] = socket
    if (this.kernel.send(socket.fd, message, octets, MSG_DONTWAIT | MSG_NOSIGNAL) === octets) return true
    this.noteShortage()
    this.drop(socket)
    return false
  }

  private noteShortage(): void {
    this.isShort = SHORTAGES.has(this.kernel.errno())
  }

  /** One of a server's idle sockets at random, once there are enough of them that the choice says little. */
  private takeIdle(server: number): UpstreamSocket | null {
    const idle = this.idle[server]!
    if (idle.length < IDLE_MIN) return null
    const chosen = this.random() % idle.length
    const socket = idle[chosen]!
    idle[chosen] = idle[idle.length - 1]!
    idle.pop()
    return socket
  }

  private open(server: number): UpstreamSocket | null {
    const { kernel } = this
    const { family, octets, length } = this.addresses[server]!
    const fd = kernel.udpSocket(family)
    if (fd < 0) {
      this.noteShortage()
      return null
    }
    this.eventView.setUint32(0, EPOLLIN, true)
    this.eventView.setUint32(EPOLL_DATA_AT, fd, true)
    if (kernel.connect(fd, octets, length) !== 0 || kernel.epollAdd(this.epoll, fd, this.event) !== 0) {
      this.noteShortage()
      kernel.close(fd)
      return null
    }
    const socket: UpstreamSocket = { fd, server, question: NONE, uses: 0, idleSinceMs: 0 }
    this.byFd[fd] = socket
    return socket
  }

  release(question: number): void {
    const socket = this.byQuestion[question]
    if (socket !== undefined) this.drop(socket)
  }

  /** Ends a question's use of its socket, which was answered and may serve again. */
  settle(question: number): void {
    const socket = this.byQuestion[question]
    if (socket === undefined) return
    if (socket.uses >= USES_MAX || this.idle[socket.server]!.length >= IDLE_MAX) {
      this.drop(socket)
      return
    }
    this.byQuestion[question] = undefined
    socket.question = NONE
    socket.idleSinceMs = this.nowMs
    this.idle[socket.server]!.push(socket)
  }

  private drop(socket: UpstreamSocket): false {
    if (socket.question !== NONE) this.byQuestion[socket.question] = undefined
    this.byFd[socket.fd] = undefined
    this.kernel.close(socket.fd) // which takes it out of the epoll set
    return false
  }

  /** Closes sockets that have been idle for long: a port that stays open on a quiet resolver can be searched for. */
  tidy(nowMs: number): void {
    this.nowMs = nowMs
    for (const [server, idle] of this.idle.entries()) {
      if (idle.every(socket => nowMs - socket.idleSinceMs < IDLE_MS)) continue
      this.idle[server] = idle.filter(socket => nowMs - socket.idleSinceMs < IDLE_MS || this.drop(socket))
    }
  }

  private drain(): void {
    for (let round = 0; round < ROUNDS_A_WAKE; round++) {
      const count = this.kernel.epollWait(this.epoll, this.ready.address, EVENTS)
      for (let i = 0; i < count; i++) {
        const socket = this.byFd[this.ready.view.getUint32(i * EPOLL_EVENT_OCTETS + EPOLL_DATA_AT, true)]
        if (socket === undefined) continue
        if (socket.question === NONE) this.discard(socket)
        else this.read(socket, socket.question)
      }
      if (count < EVENTS) break
    }
    this.events.settled()
  }

  /** Something came to a socket that asked nothing: its port is known to somebody, so it is not used again. */
  private discard(socket: UpstreamSocket): void {
    const idle = this.idle[socket.server]!
    idle.splice(idle.indexOf(socket), 1)
    this.drop(socket)
  }

  /** Reads what a socket has, until it has no more or its question is settled. */
  private read(socket: UpstreamSocket, question: number): void {
    for (let i = 0; i < READS_A_SOCKET && this.byFd[socket.fd] === socket && socket.question === question; i++) {
      const octets = this.kernel.recv(socket.fd, this.buffer.address, ANSWER_OCTETS, MSG_DONTWAIT)
      if (octets >= 0) this.events.receive(question, this.buffer.bytes, 0, octets)
      else return this.handleError(question)
    }
  }

  private handleError(question: number): void {
    const errno = this.kernel.errno()
    const { EAGAIN, EINTR } = this.kernel.errors
    // An ICMP error came back: the server is not there, and waiting for it would be for nothing.
    if (errno !== EAGAIN && errno !== EINTR) this.events.fail(question, UNREACHABLE)
  }

  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.poll.close()
    for (const socket of this.byFd) if (socket !== undefined) this.kernel.close(socket.fd)
    this.byFd.length = 0
    this.kernel.close(this.epoll)
  }
}

/** The same by node:dgram. */
export class DgramUpstreamUdp implements UpstreamUdp {
  /** It never refuses at once: what goes wrong is told later. */
  readonly isShort = false
  private readonly servers: readonly Endpoint[]
  private readonly events: UpstreamEvents
  private readonly sockets = new Map<number, Socket>()

  constructor(servers: readonly Endpoint[], events: UpstreamEvents) {
    this.servers = servers
    this.events = events
  }

  send(question: number, server: number, message: Uint8Array, octets: number): boolean {
    const { address, port, family } = this.servers[server]!
    const socket = createSocket(family === 4 ? 'udp4' : 'udp6')
    const copy = Buffer.from(message.subarray(0, octets))
    const isCurrent = () => this.sockets.get(question) === socket
    this.sockets.set(question, socket)
    socket.on('error', () => {
      if (isCurrent()) this.events.fail(question, FAILED)
      this.events.settled()
    })
    socket.on('message', answer => {
      if (isCurrent()) this.events.receive(question, answer, 0, answer.length)
      this.events.settled()
    })
    socket.connect(port, address, () => {
      if (isCurrent()) socket.send(copy)
    })
    return true
  }

  release(question: number): void {
    const socket = this.sockets.get(question)
    if (socket === undefined) return
    this.sockets.delete(question)
    try {
      socket.close()
    } catch {
      // Closed by its own error already.
    }
  }

  settle(question: number): void {
    this.release(question)
  }

  tidy(): void {}

  close(): void {
    for (const question of [...this.sockets.keys()]) this.release(question)
  }
}
