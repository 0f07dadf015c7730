/**
 * Data plane. DNS cookies in the form that servers of different makers can share (RFC 7873, RFC 9018): a client that sends back what it
 * was given has shown that it can be reached at its address.
 *
 *     server cookie   version 1 (1) │ 0 (3) │ seconds since 1970 (4) │ SipHash-2-4 of client cookie │ all before │ client's address (8)
 */
import * as fromOctets from '../wire/octets.ts'
import * as fromSiphash from '../wire/siphash.ts'
import * as fromClientAddress from './client-address.ts'
import type { QuerySlot } from './query.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { copyOctets, putU32, u32 } = fromOctets
const { SIPHASH_KEY_OCTETS, SIPHASH_OCTETS, siphash } = fromSiphash
const { addressAt, addressMemory, hasIpv4, IPV4_OCTETS, IPV6_OCTETS } = fromClientAddress

export const CLIENT_COOKIE_OCTETS = 8
const SERVER_COOKIE_OCTETS = 16
export const COOKIE_OCTETS = CLIENT_COOKIE_OCTETS + SERVER_COOKIE_OCTETS
const VERSION = 1
const TIME_AT = CLIENT_COOKIE_OCTETS + 4
const HASH_AT = CLIENT_COOKIE_OCTETS + 8
/** RFC 9018 §4.3: not older than an hour, not further in the future than five minutes. */
const AGE_MAX = 3600
const AHEAD_MAX = 300

export class Cookies {
  private readonly secrets: readonly Uint8Array[]
  private readonly hashed = new Uint8Array(HASH_AT + IPV6_OCTETS)
  private readonly hash = new Uint8Array(SIPHASH_OCTETS)

  /** `secrets`: 16 octets each; the first makes cookies, all are good. Throws RangeError for others. */
  constructor(secrets: readonly Uint8Array[]) {
    if (secrets.length === 0 || secrets.some(own => own.length !== SIPHASH_KEY_OCTETS))
      throw new RangeError(`a secret for cookies has ${SIPHASH_KEY_OCTETS} octets`)
    this.secrets = secrets
  }

  /**
   * Judges the server cookie in `query.cookie` (of `query.cookieOctets`, the client's included) and puts a fresh one in its place.
   * `unixSeconds` modulo 2^32. Returns whether the one that came was ours, for this client, and recent.
   */
  exchange(query: QuerySlot, unixSeconds: number): boolean {
    const isValid = query.cookieOctets === COOKIE_OCTETS && this.isOurs(query, unixSeconds)
    query.cookie[CLIENT_COOKIE_OCTETS] = VERSION
    query.cookie.fill(0, CLIENT_COOKIE_OCTETS + 1, TIME_AT)
    putU32(query.cookie, TIME_AT, unixSeconds)
    this.sign(query, this.secrets[0]!)
    copyOctets(this.hash, 0, query.cookie, HASH_AT, SIPHASH_OCTETS)
    query.cookieOctets = COOKIE_OCTETS
    return isValid
  }

  private isOurs(query: QuerySlot, unixSeconds: number): boolean {
    const { cookie } = query
    if (cookie[CLIENT_COOKIE_OCTETS] !== VERSION) return false
    // Serial number arithmetic (RFC 1982), as RFC 9018 §4.3 asks for.
    const age = (unixSeconds - u32(cookie, TIME_AT)) | 0
    if (age > AGE_MAX || age < -AHEAD_MAX) return false
    for (let i = 0; i < this.secrets.length; i++) {
      this.sign(query, this.secrets[i]!)
      if (this.isSigned(cookie)) return true
    }
    return false
  }

  /** Compares all octets whatever the first ones are: the time it takes says nothing. */
  private isSigned(cookie: Uint8Array): boolean {
    let difference = 0
    for (let i = 0; i < SIPHASH_OCTETS; i++) difference |= cookie[HASH_AT + i]! ^ this.hash[i]!
    return difference === 0
  }

  private sign(query: QuerySlot, secret: Uint8Array): void {
    const octets = hasIpv4(query) ? IPV4_OCTETS : IPV6_OCTETS
    copyOctets(query.cookie, 0, this.hashed, 0, HASH_AT)
    copyOctets(addressMemory(query), addressAt(query), this.hashed, HASH_AT, octets)
    siphash(secret, this.hashed, 0, HASH_AT + octets, this.hash, 0)
  }
}
