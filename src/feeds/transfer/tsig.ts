/**
 * Transaction signatures (RFC 8945): who shares a secret with us has said this, within the last minutes, and nobody has changed it.
 *
 * Owns: the record, what goes into its MAC, and the chain of MACs over the messages of one transfer. HMAC-SHA-256 and HMAC-SHA-512, never truncated.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { additionalCount, answerCount, authorityCount, HEADER_OCTETS, questionCount } from '../../wire/header.ts'
import { BAD_NAME, expandName, FOLD, nameEnd, nameToText } from '../../wire/name.ts'
import { u16, u32 } from '../../wire/octets.ts'
import { FIXED_OCTETS, RDLENGTH_AT } from '../../wire/records.ts'
import { FetchError } from '../remote/fetch-error.ts'
import { wireName, words } from './message-parts.ts'

export const TSIG_ALGORITHMS = ['hmac-sha256', 'hmac-sha512'] as const
export type TsigAlgorithm = (typeof TSIG_ALGORITHMS)[number]

export interface TsigKey {
  readonly name: string
  readonly algorithm: TsigAlgorithm
  /** Base64. */
  readonly secret: string
}

const HASHES: Readonly<Record<TsigAlgorithm, string>> = { 'hmac-sha256': 'sha256', 'hmac-sha512': 'sha512' }
const TYPE_TSIG = 250
const CLASS_ANY = 255
/** Seconds by which clocks may differ (RFC 8945 §10). */
const FUDGE_SECONDS = 300
/** Messages between signed ones (RFC 8945 §5.3.1). */
const UNSIGNED_MAX = 99
const QUESTION_FIXED_OCTETS = 4
const ERRORS: Readonly<Record<number, string>> = {
  16: 'BADSIG: the secrets differ',
  17: 'BADKEY: it does not know the key',
  18: 'BADTIME: the clocks differ',
  22: 'BADTRUNC',
}

export interface SignedMessage {
  readonly message: Buffer
  readonly mac: Buffer
}

/** Adds a signature to a message that has none. `priorMac`: of the request that it answers. */
export function signMessage(
  message: Buffer,
  key: TsigKey,
  nowSeconds: number,
  priorMac: Buffer | null = null,
): SignedMessage {
  const times = timesOf(nowSeconds, FUDGE_SECONDS)
  const mac = macOf(key, [lengthened(priorMac), message, variablesOf(key, times, 0, Buffer.alloc(0))])
  const rdata = Buffer.concat([
    wireName(key.algorithm),
    times,
    words(mac.length),
    mac,
    message.subarray(0, 2),
    words(0),
    words(0),
  ])
  const fixed = Buffer.concat([words(TYPE_TSIG), words(CLASS_ANY), Buffer.alloc(4), words(rdata.length)])
  const signed = Buffer.concat([message, wireName(key.name), fixed, rdata])
  signed.writeUInt16BE(additionalCount(message, 0) + 1, 10)
  return { message: signed, mac }
}

function macOf(key: TsigKey, parts: readonly Buffer[]): Buffer {
  const hmac = createHmac(HASHES[key.algorithm], Buffer.from(key.secret, 'base64'))
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}

function lengthened(mac: Buffer | null): Buffer {
  return mac === null ? Buffer.alloc(0) : Buffer.concat([words(mac.length), mac])
}

/** RFC 8945 §4.3.3: name, class, TTL, algorithm, times, error, other data. */
function variablesOf(key: TsigKey, times: Buffer, error: number, other: Buffer): Buffer {
  const head = [wireName(key.name), words(CLASS_ANY), Buffer.alloc(4), wireName(key.algorithm)]
  return Buffer.concat([...head, times, words(error), words(other.length), other])
}

function timesOf(seconds: number, fudge: number): Buffer {
  const times = Buffer.alloc(8)
  times.writeUIntBE(seconds, 0, 6)
  times.writeUInt16BE(fudge, 6)
  return times
}

interface TsigRecord {
  /** Where it begins; it is the last of the message. */
  readonly at: number
  readonly keyName: string
  readonly algorithm: string
  readonly times: Buffer
  readonly seconds: number
  readonly fudge: number
  readonly mac: Buffer
  readonly originalId: Buffer
  readonly error: number
  readonly other: Buffer
}

/** The signature of a message, or null. Throws FetchError for a message that cannot be read. */
export function findTsig(message: Buffer): TsigRecord | null {
  if (message.length < HEADER_OCTETS) throw unreadable()
  const records = answerCount(message, 0) + authorityCount(message, 0) + additionalCount(message, 0)
  if (additionalCount(message, 0) === 0) return null
  let at = HEADER_OCTETS
  for (let left = questionCount(message, 0); left > 0; left--) at = after(message, at) + QUESTION_FIXED_OCTETS
  for (let left = records; left > 1; left--) {
    const fixed = after(message, at)
    at = fixed + FIXED_OCTETS + u16(message, within(message, fixed + RDLENGTH_AT, 2))
  }
  const fixed = after(message, at)
  if (u16(message, within(message, fixed, FIXED_OCTETS)) !== TYPE_TSIG) return null
  // RFC 8945 §4.2: the MAC covers both, as they must be.
  if (u16(message, fixed + 2) !== CLASS_ANY || u32(message, fixed + 4) !== 0) throw unreadable()
  return readTsig(message, at, fixed + FIXED_OCTETS, fixed + FIXED_OCTETS + u16(message, fixed + RDLENGTH_AT))
}

function readTsig(message: Buffer, at: number, rdata: number, end: number): TsigRecord {
  const algorithmEnd = after(message, rdata)
  const macAt = within(message, algorithmEnd, 10) + 10
  const macEnd = macAt + u16(message, algorithmEnd + 8)
  within(message, macEnd, 6)
  const otherEnd = macEnd + 6 + u16(message, macEnd + 4)
  if (otherEnd !== end || end !== message.length) throw unreadable()
  return {
    at,
    keyName: nameAt(message, at),
    algorithm: nameAt(message, rdata),
    times: message.subarray(algorithmEnd, algorithmEnd + 8),
    seconds: message.readUIntBE(algorithmEnd, 6),
    fudge: u16(message, algorithmEnd + 6),
    mac: message.subarray(macAt, macEnd),
    originalId: message.subarray(macEnd, macEnd + 2),
    error: u16(message, macEnd + 2),
    other: message.subarray(macEnd + 6, otherEnd),
  }
}

function after(message: Buffer, at: number): number {
  const end = nameEnd(message, at)
  if (end === BAD_NAME) throw unreadable()
  return end
}

function within(message: Buffer, at: number, octets: number): number {
  if (at + octets > message.length) throw unreadable()
  return at
}

function unreadable(): FetchError {
  return new FetchError('transfer', 'a message that cannot be read')
}

/** Folded text of a name, which may be compressed. */
export function nameAt(message: Uint8Array, at: number): string {
  const name = new Uint8Array(256)
  if (expandName(message, 0, at, message.length, name, 0) === BAD_NAME) throw unreadable()
  return nameToText(name.map(octet => FOLD[octet]!))
}

/**
 * Checks messages of one exchange in the order they come: each MAC covers the one before it and the unsigned messages between. Throws FetchError
 * `tsig` for what is not signed as it must be.
 */
export class TsigVerifier {
  private readonly key: TsigKey
  private readonly now: () => number
  private prior: Buffer | null
  private isFirst = true
  private unsigned: Buffer[] = []

  /** `requestMac` null: what comes is a request. `now`: seconds since 1970. */
  constructor(key: TsigKey, requestMac: Buffer | null, now: () => number) {
    this.key = key
    this.prior = requestMac
    this.now = now
  }

  accept(message: Buffer): void {
    const tsig = findTsig(message)
    if (tsig === null) {
      if (this.isFirst) throw new FetchError('tsig', 'an answer without a signature')
      this.unsigned.push(Buffer.from(message))
      if (this.unsigned.length > UNSIGNED_MAX)
        throw new FetchError('tsig', `more than ${UNSIGNED_MAX} messages without a signature`)
      return
    }
    this.check(message, tsig)
    this.prior = Buffer.from(tsig.mac)
    this.isFirst = false
    this.unsigned = []
  }

  /** After the last message, which must have been signed. */
  finish(): void {
    if (this.isFirst || this.unsigned.length > 0) throw new FetchError('tsig', 'its end is not signed')
  }

  get lastMac(): Buffer | null {
    return this.prior
  }

  private check(message: Buffer, tsig: TsigRecord): void {
    const { key } = this
    if (tsig.error !== 0)
      throw new FetchError('tsig', `the primary says ${ERRORS[tsig.error] ?? `error ${tsig.error}`}`)
    if (tsig.keyName !== nameToText(wireName(key.name)) || tsig.algorithm !== key.algorithm)
      throw new FetchError('tsig', 'signed with another key')
    const stripped = Buffer.from(message.subarray(0, tsig.at))
    tsig.originalId.copy(stripped)
    stripped.writeUInt16BE(additionalCount(message, 0) - 1, 10)
    const tail = this.isFirst ? variablesOf(key, tsig.times, tsig.error, tsig.other) : tsig.times
    const mac = macOf(key, [lengthened(this.prior), ...this.unsigned, stripped, tail])
    if (mac.length !== tsig.mac.length || !timingSafeEqual(mac, tsig.mac))
      throw new FetchError('tsig', 'a signature that is not good: the secrets differ, or the message was changed')
    if (Math.abs(this.now() - tsig.seconds) > tsig.fudge)
      throw new FetchError('tsig', 'a signature of another time: the clocks differ')
  }
}
