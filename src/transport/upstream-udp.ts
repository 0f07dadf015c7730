/**
 * UDP to upstream servers: a socket of its own for every attempt, connected, so that the kernel draws a fresh port each time and takes
 * answers from that server and port alone (RFC 5452 §9.2). Two drivers behind one interface.
 *
 * The batch driver keeps the sockets in an epoll set that itself is one descriptor on the event loop: one wake-up finds every answer
 * that is there.
 */
import { createSocket, type Socket } from 'node:dgram'
import { FAILED, UNREACHABLE } from '../images/counters.ts'
import type { Endpoint } from '../settings/settings.ts'
import { writeSocketAddress } from './address.ts'
import {
  AF_INET,
  AF_INET6,
  EPOLL_DATA_AT,
  EPOLL_EVENT_OCTETS,
  EPOLLIN,
  type Kernel,
  type KernelMemory,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  type PollHandle,
  SOCKADDR_OCTETS,
} from './kernel.ts'

/** Where what happens at upstream sockets is reported. */
export interface UpstreamEvents {
  receive(question: number, bytes: Uint8Array, start: number, end: number): void
  fail(question: number, outcome: number): void
  /** A round of events is over: late answers can be flushed. */
  settled(): void
}

export interface UpstreamUdp {
  send(question: number, server: number, message: Uint8Array, octets: number): boolean
  release(question: number): void
  close(): void
}

/** Events taken from the epoll set at a time. */
const EVENTS = 64
const ROUNDS_A_WAKE = 8
/** Answers are at most 1,232 octets because we say so; a server that sends more is still read, and judged. */
const ANSWER_OCTETS = 4096
/** Datagrams that one socket may bring in one round: an answer, and perhaps guesses at it. */
const READS_A_SOCKET = 8
const NONE = -1

export class BatchUpstreamUdp implements UpstreamUdp {
  private readonly kernel: Kernel
  private readonly events: UpstreamEvents
  private readonly epoll: number
  private readonly poll: PollHandle
  private readonly ready: KernelMemory
  private readonly buffer: KernelMemory
  private readonly addresses: readonly { family: number; octets: Uint8Array; length: number }[]
  private readonly event = new Uint8Array(EPOLL_EVENT_OCTETS)
  private readonly eventView = new DataView(this.event.buffer)
  /** Question of a descriptor, descriptor of a question; grown as descriptors come. */
  private questionOf = new Int32Array(1024).fill(NONE)
  private fdOf: Int32Array

  constructor(kernel: Kernel, servers: readonly Endpoint[], questions: number, events: UpstreamEvents) {
    this.kernel = kernel
    this.events = events
    this.fdOf = new Int32Array(questions).fill(NONE)
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
    const { kernel } = this
    const address = this.addresses[server]!
    const fd = kernel.udpSocket(address.family as typeof AF_INET)
    if (fd < 0) return false
    this.eventView.setUint32(0, EPOLLIN, true)
    this.eventView.setUint32(EPOLL_DATA_AT, fd, true)
    const sent =
      kernel.connect(fd, address.octets, address.length) === 0 &&
      kernel.epollAdd(this.epoll, fd, this.event) === 0 &&
      kernel.send(fd, message, octets, MSG_DONTWAIT | MSG_NOSIGNAL) === octets
    if (!sent) {
      kernel.close(fd)
      return false
    }
    if (fd >= this.questionOf.length) this.grow(fd)
    this.questionOf[fd] = question
    this.fdOf[question] = fd
    return true
  }

  private grow(fd: number): void {
    const larger = new Int32Array(2 ** Math.ceil(Math.log2(fd + 1))).fill(NONE)
    larger.set(this.questionOf)
    this.questionOf = larger
  }

  release(question: number): void {
    const fd = this.fdOf[question]!
    if (fd === NONE) return
    this.fdOf[question] = NONE
    this.questionOf[fd] = NONE
    this.kernel.close(fd) // which takes it out of the epoll set
  }

  private drain(): void {
    for (let round = 0; round < ROUNDS_A_WAKE; round++) {
      const count = this.kernel.epollWait(this.epoll, this.ready.address, EVENTS)
      for (let i = 0; i < count; i++) {
        const fd = this.ready.view.getUint32(i * EPOLL_EVENT_OCTETS + EPOLL_DATA_AT, true)
        const question = this.questionOf[fd] ?? NONE
        if (question !== NONE) this.read(fd, question)
      }
      if (count < EVENTS) break
    }
    this.events.settled()
  }

  /** Reads what a socket has, until it has no more or its question is settled and the socket gone. */
  private read(fd: number, question: number): void {
    for (let i = 0; i < READS_A_SOCKET && this.questionOf[fd] === question; i++) {
      const octets = this.kernel.recv(fd, this.buffer.address, ANSWER_OCTETS, MSG_DONTWAIT)
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
    this.poll.close()
    for (let question = 0; question < this.fdOf.length; question++) this.release(question)
    this.kernel.close(this.epoll)
  }
}

/** The same by node:dgram. */
export class DgramUpstreamUdp implements UpstreamUdp {
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

  close(): void {
    for (const question of [...this.sockets.keys()]) this.release(question)
  }
}
