/**
 * The batch driver of a UDP listener: the event loop says that datagrams are there (or, under load, looks by itself: `watch.ts`), `recvmmsg`
 * takes up to 64 of them at a time into memory mapped once, the data plane writes the answers into other such memory, `sendmmsg` sends them.
 * Two system calls for 64 queries.
 *
 * An answer to a query of the batch in hand is written into that query's own memory, behind its question, and sent to the address that
 * stands beside it: nothing is copied. Answers that were waited for are written into slots of their own. Both go out through one array of
 * message headers that point to either.
 *
 * Owns: its socket, its memory, the handling of what the kernel does not take. A listener bound to a wildcard address answers from the
 * address that was asked (IP_PKTINFO, IPV6_RECVPKTINFO).
 *
 *     memory    64 headers to send │ 64 slots to receive │ 64 slots for late answers, each slot
 *               header (64) │ iovec (16) │ address (32) │ control (64), and then the payloads
 */

import * as fromCounters from '../images/counters.ts'
import * as fromAccount from '../resolver/account.ts'
import * as fromBatch from '../resolver/batch.ts'
import type { Plane } from '../resolver/plane.ts'
import * as fromQuery from '../resolver/query.ts'
import { QuerySlot } from '../resolver/query.ts'
import * as fromReadAhead from '../resolver/read-ahead.ts'
import * as fromEdns from '../wire/edns.ts'
import * as fromOctets from '../wire/octets.ts'
import * as fromAddress from './address.ts'
import type { Kernel, KernelMemory } from './kernel.ts'
import * as fromKernel from './kernel.ts'
import type { UdpListener } from './udp.ts'
import { Watch } from './watch.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { UDP } = fromCounters
const { add } = fromAccount
const { resolveBatch } = fromBatch
const { ADDRESS_OCTETS, LOCAL_OCTETS } = fromQuery
const { BATCH_MAX } = fromReadAhead
const { UDP_OCTETS_MAX } = fromEdns
const { copyOctets } = fromOctets
const { isReflectingPort, socketAddressOctets, socketPort, writeSocketAddress } = fromAddress
const {
  AF_INET,
  AF_INET6,
  IP_MTU_DISCOVER,
  IP_PKTINFO,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_MTU_DISCOVER,
  IPV6_PKTINFO,
  IPV6_RECVPKTINFO,
  IPV6_V6ONLY,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  MSG_TRUNC,
  PMTUDISC_OMIT,
  SO_RCVBUF,
  SO_REUSEPORT,
  SO_SNDBUF,
  SOCKADDR_OCTETS,
  SOL_SOCKET,
} = fromKernel

/** Datagrams in one system call: what Linux takes at most is 1,024; beyond 64 nothing was gained when it was measured. */
const BATCH = BATCH_MAX
/** Batches taken before the event loop gets its turn, so that a flood does not keep timers and TCP from theirs. */
const BATCHES_A_WAKE = 8
/** A query is short; one that is longer than this is not one. */
const QUERY_OCTETS = 4096
const ANSWER_OCTETS = UDP_OCTETS_MAX
/** What the kernel keeps for us while we are busy: some 10,000 queries. It gives what net.core.rmem_max allows. */
const SOCKET_BUFFER_OCTETS = 8 * 1024 * 1024

const MMSGHDR_OCTETS = 64
const M_NAME = 0
const M_NAMELEN = 8
const M_IOV = 16
const M_IOVLEN = 24
const M_CONTROL = 32
const M_CONTROLLEN = 40
const M_FLAGS = 48
const M_LENGTH = 56
const IOVEC_OCTETS = 16
const IOV_LENGTH = 8
const NAME_OCTETS = 32
const CONTROL_OCTETS = 64
const REST_OCTETS = IOVEC_OCTETS + NAME_OCTETS + CONTROL_OCTETS
const SLOT_OCTETS = MMSGHDR_OCTETS + REST_OCTETS
/** struct cmsghdr: length (8), level (4), type (4), then the data. */
const CMSG_LEVEL = 8
const CMSG_TYPE = 12
const CMSG_DATA = 16
const IN_PKTINFO_OCTETS = 12
const IN6_PKTINFO_OCTETS = 20
const IN6_INTERFACE_AT = 16
/** The upper ten bits of fe80::/10 (RFC 4291 §2.5.6). */
const LINK_LOCAL = 0xfe80 >>> 6

/** 64 slots in mapped memory, from `start` on. */
class Slots {
  private readonly memory: KernelMemory
  private readonly words: Int32Array
  private readonly start: number
  private readonly payloadOctets: number

  constructor(memory: KernelMemory, start: number, payloadOctets: number) {
    this.memory = memory
    this.words = new Int32Array(memory.bytes.buffer)
    this.start = start
    this.payloadOctets = payloadOctets
    for (let slot = 0; slot < BATCH; slot++) this.prepare(slot)
  }

  static octets(payloadOctets: number): number {
    return BATCH * (SLOT_OCTETS + payloadOctets)
  }

  private prepare(slot: number): void {
    const { view, address } = this.memory
    const header = this.header(slot)
    const put = (at: number, offset: number) => view.setBigUint64(at, address + BigInt(offset), true)
    put(header + M_NAME, this.name(slot))
    put(header + M_IOV, this.iovec(slot))
    view.setBigUint64(header + M_IOVLEN, 1n, true)
    put(header + M_CONTROL, this.control(slot))
    put(this.iovec(slot), this.payload(slot))
    view.setBigUint64(this.iovec(slot) + IOV_LENGTH, BigInt(this.payloadOctets), true)
  }

  /** Headers lie one behind the other, as recvmmsg wants them; so do payloads. */
  header(slot: number): number {
    return this.start + slot * MMSGHDR_OCTETS
  }
  iovec(slot: number): number {
    return this.start + BATCH * MMSGHDR_OCTETS + slot * REST_OCTETS
  }
  name(slot: number): number {
    return this.iovec(slot) + IOVEC_OCTETS
  }
  control(slot: number): number {
    return this.name(slot) + NAME_OCTETS
  }
  payload(slot: number): number {
    return this.start + BATCH * SLOT_OCTETS + slot * this.payloadOctets
  }
  /** A 32-bit field of a slot's header; 64-bit ones whose upper half is zero are read and set by their lower. */
  field(slot: number, field: number): number {
    return this.words[(this.header(slot) + field) >>> 2]!
  }
  setField(slot: number, field: number, value: number): void {
    this.words[(this.header(slot) + field) >>> 2] = value
  }
  setPayloadLength(slot: number, octets: number): void {
    this.words[(this.iovec(slot) + IOV_LENGTH) >>> 2] = octets
  }
}

export interface BatchListenerOptions {
  readonly address: string
  readonly port: number
  readonly listener: number
}

export class BatchListener implements UdpListener {
  private readonly kernel: Kernel
  private readonly plane: Plane
  private readonly listener: number
  /** -1 once closed. */
  private fd: number
  private readonly isWildcard: boolean
  private readonly isIpv6: boolean
  private readonly memory: KernelMemory
  private readonly words: Int32Array
  private readonly receiveAt: bigint
  private readonly incoming: Slots
  private readonly late: Slots
  private readonly queries: readonly QuerySlot[]
  /** The slot that a query of the batch in hand came in, by its place. */
  private readonly slotOf = new Uint8Array(BATCH)
  /** Where the late slots begin. */
  private readonly lateAt: number
  /** The slot, counted through both kinds, that a header to send points to; -1: none yet. */
  private readonly pointsTo = new Int16Array(BATCH).fill(-1)
  private watch: Watch | null = null
  /** Headers in use of the array to send, and late slots behind some of them. */
  private pending = 0
  private pendingLate = 0
  /** Slots that the kernel or we have written to since they were last made ready to receive. */
  private used = BATCH

  /** Throws an Error with a `code` where the address cannot be bound. */
  constructor(kernel: Kernel, plane: Plane, options: BatchListenerOptions) {
    this.kernel = kernel
    this.plane = plane
    this.listener = options.listener
    this.isIpv6 = options.address.includes(':')
    this.isWildcard = options.address === '0.0.0.0' || options.address === '::'
    this.fd = this.open(options)
    const headers = BATCH * MMSGHDR_OCTETS
    this.memory = kernel.map(headers + Slots.octets(QUERY_OCTETS) + Slots.octets(ANSWER_OCTETS))
    this.words = new Int32Array(this.memory.bytes.buffer)
    this.incoming = new Slots(this.memory, headers, QUERY_OCTETS)
    this.late = new Slots(this.memory, headers + Slots.octets(QUERY_OCTETS), ANSWER_OCTETS)
    this.lateAt = headers + Slots.octets(QUERY_OCTETS)
    for (let i = 0; i < BATCH; i++) this.memory.view.setBigUint64(i * MMSGHDR_OCTETS + M_IOVLEN, 1n, true)
    this.receiveAt = this.memory.address + BigInt(headers)
    this.queries = Array.from({ length: BATCH }, (_, place) => this.makeQuery(place))
  }

  private makeQuery(place: number): QuerySlot {
    const { bytes } = this.memory
    const query = new QuerySlot(bytes, bytes, place)
    query.transport = UDP
    query.listener = this.listener
    query.client = bytes
    return query
  }

  private open(options: BatchListenerOptions): number {
    const { kernel } = this
    const fd = kernel.udpSocket(this.isIpv6 ? AF_INET6 : AF_INET)
    if (fd < 0) throw systemError('socket', kernel.errno(), options)
    kernel.setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1)
    kernel.setOption(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER_OCTETS)
    kernel.setOption(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER_OCTETS)
    if (this.isIpv6) kernel.setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)
    // No answer is so large that a sound path must cut it, and no forged ICMP may make it so (RFC 9715 §3). With "don't fragment" the kernel would save
    // some 60 ns a datagram, but believe such ICMP for the rest of the host, and lose what a narrow link must cut.
    if (this.isIpv6) kernel.setOption(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_OMIT)
    else kernel.setOption(fd, IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_OMIT)
    if (this.isWildcard && this.isIpv6) kernel.setOption(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
    else if (this.isWildcard) kernel.setOption(fd, IPPROTO_IP, IP_PKTINFO, 1)
    const address = new Uint8Array(SOCKADDR_OCTETS)
    const octets = writeSocketAddress(options.address, options.port, address)
    if (kernel.bind(fd, address, octets) < 0) {
      const errno = kernel.errno()
      kernel.close(fd)
      throw systemError('bind', errno, options)
    }
    return fd
  }

  start(): void {
    this.watch = new Watch(
      this.kernel,
      this.fd,
      () => this.drain(),
      () => performance.now(),
    )
  }

  /** The port that is bound: for port 0, the one that the kernel chose. */
  port(): number {
    const address = new Uint8Array(SOCKADDR_OCTETS)
    this.kernel.getsockname(this.fd, address, Uint32Array.of(SOCKADDR_OCTETS))
    return socketPort(address, 0)
  }

  /** Takes what is there, a few batches of it at most; returns how many datagrams that were. */
  private drain(): number {
    let taken = 0
    for (let batch = 0; batch < BATCHES_A_WAKE; batch++) {
      this.makeReady()
      const count = this.kernel.recvmmsg(this.fd, this.receiveAt, BATCH, MSG_DONTWAIT, null)
      // Nothing there, or an ICMP error that some earlier answer has caused: neither is anybody's query.
      if (count <= 0) return taken
      taken += count
      this.used = count
      this.take(count)
      this.flush()
      if (count < BATCH) return taken
    }
    return taken
  }

  /** Sets what the kernel overwrites, and what an answer in a slot has changed. */
  private makeReady(): void {
    for (let slot = 0; slot < this.used; slot++) {
      this.incoming.setField(slot, M_NAMELEN, SOCKADDR_OCTETS)
      this.incoming.setField(slot, M_CONTROLLEN, this.isWildcard ? CONTROL_OCTETS : 0)
      this.incoming.setPayloadLength(slot, QUERY_OCTETS)
    }
    this.used = 0
  }

  private take(count: number): void {
    let queries = 0
    for (let slot = 0; slot < count; slot++) {
      if (this.isUnusable(slot)) add(this.plane, 'droppedMalformed', 1)
      else {
        this.slotOf[queries] = slot
        this.fill(this.queries[queries++]!, slot)
      }
    }
    if (queries > 0) resolveBatch(this.queries, queries, this.plane, this)
  }

  private isUnusable(slot: number): boolean {
    if ((this.incoming.field(slot, M_FLAGS) & MSG_TRUNC) !== 0) return true
    return isReflectingPort(socketPort(this.memory.bytes, this.incoming.name(slot)))
  }

  private fill(query: QuerySlot, slot: number): void {
    query.start = this.incoming.payload(slot)
    query.end = query.start + this.incoming.field(slot, M_LENGTH)
    query.clientAt = this.incoming.name(slot)
    query.localAt = this.incoming.control(slot) + CMSG_DATA
  }

  reserve(query: QuerySlot): boolean {
    if (query.bytes === this.memory.bytes) {
      // A query of the batch in hand: its answer begins where it stands.
      query.outAt = query.start
      query.outRoom = QUERY_OCTETS
      return true
    }
    if (this.pending === BATCH) this.flush()
    query.out = this.memory.bytes
    query.outAt = this.late.payload(this.pendingLate)
    query.outRoom = ANSWER_OCTETS
    return true
  }

  send(query: QuerySlot): void {
    if (this.pending === BATCH) this.flush()
    const number = this.pending++
    // A query of the batch in hand is answered where it stands; see `reserve`.
    if (query.outAt < this.lateAt) return this.point(number, this.incoming, this.slotOf[query.room]!, query.outLength)
    this.fillLate(this.pendingLate, query)
    this.point(number, this.late, this.pendingLate++, query.outLength)
  }

  /** Makes a header to send point to a slot's address and payload. */
  private point(number: number, slots: Slots, slot: number, octets: number): void {
    const { words } = this
    const header = number * MMSGHDR_OCTETS
    this.setPointers(number, header, slots, slot)
    words[(header + M_NAMELEN) >>> 2] = socketAddressOctets(this.memory.bytes, slots.name(slot))
    slots.setPayloadLength(slot, octets)
    if (this.isWildcard) words[(header + M_CONTROLLEN) >>> 2] = this.writeSource(slots.control(slot))
  }

  /** Mostly a header points already to where it did in the batch before. */
  private setPointers(number: number, header: number, slots: Slots, slot: number): void {
    const to = slots === this.late ? BATCH + slot : slot
    if (this.pointsTo[number] === to) return
    this.pointsTo[number] = to
    this.copyPointer(slots.header(slot) + M_NAME, header + M_NAME)
    this.copyPointer(slots.header(slot) + M_IOV, header + M_IOV)
    if (this.isWildcard) this.copyPointer(slots.header(slot) + M_CONTROL, header + M_CONTROL)
  }

  private copyPointer(from: number, to: number): void {
    this.words[to >>> 2] = this.words[from >>> 2]!
    this.words[(to >>> 2) + 1] = this.words[(from >>> 2) + 1]!
  }

  private fillLate(slot: number, query: QuerySlot): void {
    const { bytes } = this.memory
    copyOctets(query.client, query.clientAt, bytes, this.late.name(slot), ADDRESS_OCTETS)
    copyOctets(query.client, query.localAt, bytes, this.late.control(slot) + CMSG_DATA, LOCAL_OCTETS)
  }

  /** Completes the control message at `at`, whose data is there, so that an answer leaves from the address that was asked; returns its length. */
  private writeSource(at: number): number {
    const { view } = this.memory
    const data = this.isIpv6 ? IN6_PKTINFO_OCTETS : IN_PKTINFO_OCTETS
    view.setUint32(at, CMSG_DATA + data, true)
    view.setUint32(at + 4, 0, true)
    view.setUint32(at + CMSG_LEVEL, this.isIpv6 ? IPPROTO_IPV6 : IPPROTO_IP, true)
    view.setUint32(at + CMSG_TYPE, this.isIpv6 ? IPV6_PKTINFO : IP_PKTINFO, true)
    // Interface 0 lets the routing table choose it, as for any answer; only a link-local address needs the one it was asked on.
    if (!this.isIpv6) view.setUint32(at + CMSG_DATA, 0, true)
    else if (view.getUint16(at + CMSG_DATA) >>> 6 !== LINK_LOCAL)
      view.setUint32(at + CMSG_DATA + IN6_INTERFACE_AT, 0, true)
    return CMSG_DATA + ((data + 7) & ~7)
  }

  flush(): void {
    const count = this.pending
    if (count === 0) return
    this.pending = 0
    this.pendingLate = 0
    const headers = this.memory.address
    for (let sent = 0; sent < count; ) {
      const taken = this.kernel.sendmmsg(
        this.fd,
        headers + BigInt(sent * MMSGHDR_OCTETS),
        count - sent,
        MSG_DONTWAIT | MSG_NOSIGNAL,
      )
      if (taken > 0) sent += taken
      else if (this.mustGiveUp()) {
        add(this.plane, 'sendFailed', count - sent)
        return
      } else {
        // This one cannot be sent (no route, a forged source): the others can.
        add(this.plane, 'sendFailed', 1)
        sent++
      }
    }
  }

  /** Whether the kernel has no room: to wait for it would make everyone wait, and a client asks again. */
  private mustGiveUp(): boolean {
    const { errors } = this.kernel
    const errno = this.kernel.errno()
    return errno === errors.EAGAIN || errno === errors.ENOBUFS
  }

  pause(): void {
    this.watch?.close()
    this.watch = null
  }

  close(): void {
    this.pause()
    if (this.fd < 0) return
    this.kernel.close(this.fd)
    this.fd = -1
  }
}

function systemError(call: string, errno: number, options: BatchListenerOptions): Error {
  const codes: Record<number, string> = {
    1: 'EPERM',
    13: 'EACCES',
    97: 'EAFNOSUPPORT',
    98: 'EADDRINUSE',
    99: 'EADDRNOTAVAIL',
    24: 'EMFILE',
  }
  const code = codes[errno] ?? `errno ${errno}`
  return Object.assign(new Error(`${call} ${options.address}:${options.port}: ${code}`), { code })
}
