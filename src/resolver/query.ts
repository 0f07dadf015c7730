/**
 * Data plane. One query on its way: where its octets stand, what was read from them, what the stages found, where its answer goes.
 *
 * Slots are made once and used again; nothing in them outlives the query. A query that must wait for an upstream is copied into
 * the table of waiters (`waiters.ts`) and comes back through `restore` there.
 */
import { NO_RULE } from '../images/filter/layout.ts'
import type { QueryOptions } from '../wire/edns.ts'
import type { RoomName } from '../wire/name-room.ts'
import { NO_EDE } from '../wire/types.ts'

/** The answer stands in the query's `out`; send it. */
export const ANSWERED = 1
/** An upstream was asked; the answer comes later, through `deliver`. */
export const PARKED = 2
/** Nothing is to be sent. */
export const DROPPED = 3
/** A stage had nothing to say; the next one is asked. */
export const PASS = 0
/** The query gets an error, `rcode`; `reply.ts` writes it. */
export const REFUSE = 5
export type Verdict = typeof PASS | typeof ANSWERED | typeof PARKED | typeof DROPPED | typeof REFUSE

/** A client's socket address as Linux has it (struct sockaddr_in6 or sockaddr_in), in whatever driver. */
export const ADDRESS_OCTETS = 28
/** What an answer needs to leave by the address that was asked: struct in_pktinfo or in6_pktinfo; zeroes where the socket is bound to it. */
export const LOCAL_OCTETS = 20

/** RFC 7873 §4: at most 8 octets of the client's and 32 of the server's. */
export const COOKIE_ROOM_OCTETS = 40

export class QuerySlot implements QueryOptions, RoomName {
  // What the transport fills in.
  /** Memory in which the message stands, at `[start, end)`. */
  bytes: Uint8Array
  start = 0
  end = 0
  /** UDP or TCP, as in `images/counters.ts`. */
  transport = 0
  /** Number of the listener, and for TCP of the connection. */
  listener = 0
  connection = 0
  /** Memory in which the client's address stands, `ADDRESS_OCTETS` at `clientAt`, and the local one, `LOCAL_OCTETS` at `localAt`. */
  client: Uint8Array
  clientAt = 0
  localAt = ADDRESS_OCTETS
  /** Whether `proxyClient`, a socket address, is who really asks; `client` is then the proxy that gets the answer. */
  proxied = false
  proxyClient: Uint8Array = new Uint8Array(ADDRESS_OCTETS)
  /** Memory for the answer, from `outAt`; at most `outRoom` octets. May be the message's own: the answer then begins with its question. */
  out: Uint8Array
  outAt = 0
  outRoom = 0
  outLength = 0

  // What admit read.
  id = 0
  flags = 0
  type = 0
  qclass = 0
  hasOpt = false
  dnssecOk = false
  /** Octets that the client takes in one message. */
  payloadMax = 0
  /** The question's name as asked: offset in `bytes`, octets. */
  nameAt = 0
  nameOctets = 0
  /** Where it stands folded, with what lookups need of it and what they find. */
  readonly room: number
  labelCount = 0

  /** What its options ask for; see `QueryOptions`. */
  cookieAt = -1
  cookieOctets = 0
  wantsKeepalive = false
  wantsStructured = false
  /** Client and server cookie, as they came and then as they are sent back; `cookieOctets` 0: none. */
  readonly cookie = new Uint8Array(COOKIE_ROOM_OCTETS)
  cookieIsValid = false
  /** How long its TCP connection may idle, in 100 ms (RFC 7828 §3.1); the transport's. */
  idleTenths = 0

  // What the stages found.
  /** MARK_… of the records answered with: what `inspect` must look at. */
  marks = 0
  /** The cached answer will soon have to be fetched again. */
  isFading = false
  /** Classes that have an exception for the name, a bit each. */
  excepted = 0
  /** Classes whose blocks are not for this client, a bit each. */
  clientExcepted = 0
  /** Number of the feed whose rule would have blocked it, were the feed not only monitored; -1: none. */
  monitoredFeed = -1
  policy = 0
  blockClass = 0
  blockCategory = 0
  blockAnswer = 0
  /** The rule's element in its image; -1 where no rule decided. */
  blockElement = -1
  blockRule = NO_RULE
  /** The rule is the overlay's. */
  blockIsUrgent = false
  /** Labels of the flagged name that decided; 0 where none did (a policy's positive list). */
  blockDepth = 0

  /** What admit said, until the query's turn comes. */
  verdict: Verdict = PASS

  // What the answer says beside its records.
  rcode = 0
  source = 0
  ede = NO_EDE

  /** `room`: of the slots that are in use at one time each must have its own. */
  constructor(bytes: Uint8Array, out: Uint8Array, room = 0) {
    this.bytes = bytes
    this.out = out
    this.room = room
    this.client = new Uint8Array(ADDRESS_OCTETS + LOCAL_OCTETS)
  }
}
