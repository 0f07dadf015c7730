/**
 * What a primary sends, message by message, as changes to a zone: all of it (AXFR, RFC 5936), or differences (IXFR, RFC 1995). Records become
 * lines of a zone file, one each, without TTLs, which policies have no use for; names are absolute and folded, so that a line that is to
 * go can be found by its text.
 *
 * Owns: the order in which SOAs and records may come. Skips what is outside the zone or of a type that policies do not use.
 */
import {
  answerCount,
  FLAG_QR,
  FLAG_TC,
  HEADER_OCTETS,
  messageFlags,
  messageId,
  opcodeOf,
  questionCount,
  rcodeOf,
} from '../../wire/header.ts'
import { BAD_NAME, nameEnd } from '../../wire/name.ts'
import { u16, u32 } from '../../wire/octets.ts'
import { FIXED_OCTETS, RDLENGTH_AT } from '../../wire/records.ts'
import {
  CLASS_IN,
  FORMERR,
  NOERROR,
  NOTIMP,
  REFUSED,
  SERVFAIL,
  TYPE_A,
  TYPE_AAAA,
  TYPE_CNAME,
  TYPE_SOA,
} from '../../wire/types.ts'
import { FetchError } from '../remote/fetch-error.ts'
import { addressText } from './address-text.ts'
import { isNewer } from './serial.ts'
import { nameAt } from './tsig.ts'

const QUESTION_FIXED_OCTETS = 4
const SOA_NUMBERS_OCTETS = 20

export interface Soa {
  readonly serial: number
  /** Seconds. */
  readonly refresh: number
  readonly retry: number
  readonly expire: number
  readonly line: string
}

export interface ZoneChanges {
  /** The whole zone follows. */
  full(soa: Soa): void
  /** Differences to the version at hand follow. */
  difference(soa: Soa): void
  add(line: string): void
  remove(line: string): void
}

export type Outcome = 'current' | 'full' | 'difference'

export class ZoneReader {
  outcome: Outcome | null = null
  soa: Soa | null = null
  private readonly zone: string
  private readonly id: number
  private readonly serial: number | null
  private readonly changes: ZoneChanges
  private state: 'first' | 'second' | 'all' | 'removing' | 'adding' | 'done' = 'first'
  /** Of the difference in hand. */
  private reached = 0

  /** `serial`: of the version at hand, where differences to it were asked for. */
  constructor(zone: string, id: number, serial: number | null, changes: ZoneChanges) {
    this.zone = zone
    this.id = id
    this.serial = serial
    this.changes = changes
  }

  get isDone(): boolean {
    return this.state === 'done'
  }

  /** Throws FetchError for what no primary should send. */
  push(message: Buffer): void {
    if (message.length < HEADER_OCTETS) throw new FetchError('transfer', 'a message that cannot be read')
    this.checkHead(message)
    let at = HEADER_OCTETS
    for (let left = questionCount(message, 0); left > 0; left--) at = nameAfter(message, at) + QUESTION_FIXED_OCTETS
    const records = answerCount(message, 0)
    for (let left = records; left > 0; left--) {
      if (this.isDone) throw new FetchError('transfer', 'records behind the end of the zone')
      at = this.record(message, at)
    }
    // An answer of one SOA: there is nothing newer.
    if (this.state === 'second' && records === 1 && this.serial !== null) this.settleCurrent()
  }

  private checkHead(message: Buffer): void {
    const flags = messageFlags(message, 0)
    if (messageId(message, 0) !== this.id || (flags & FLAG_QR) === 0 || opcodeOf(flags) !== 0)
      throw new FetchError('transfer', 'an answer to another question')
    const rcode = rcodeOf(flags)
    if (rcode !== NOERROR) throw new FetchError('refused', `the primary says ${RCODES[rcode] ?? `RCODE ${rcode}`}`)
    if ((flags & FLAG_TC) !== 0) throw new FetchError('transfer', 'a truncated answer')
    if (this.state === 'first' && answerCount(message, 0) === 0) throw new FetchError('soa', 'an answer without a SOA')
  }

  private settleCurrent(): void {
    const { serial } = this.soa!
    if (serial !== this.serial) return
    this.outcome = 'current'
    this.state = 'done'
  }

  private record(message: Buffer, at: number): number {
    const fixed = nameAfter(message, at)
    if (fixed + FIXED_OCTETS > message.length) throw new FetchError('transfer', 'a record that is cut')
    const rdata = fixed + FIXED_OCTETS
    const end = rdata + u16(message, fixed + RDLENGTH_AT)
    if (end > message.length) throw new FetchError('transfer', 'a record that is cut')
    const owner = nameAt(message, at)
    const type = u16(message, fixed)
    if (u16(message, fixed + 2) !== CLASS_IN) throw new FetchError('transfer', 'a record of another class')
    if (type === TYPE_SOA && owner === this.zone) this.soaRecord(readSoa(message, owner, rdata, end))
    else this.otherRecord(message, owner, type, rdata, end)
    return end
  }

  private soaRecord(soa: Soa): void {
    if (this.state === 'first') this.firstSoa(soa)
    else if (this.state === 'second') this.secondSoa(soa)
    else if (this.state === 'all') this.end(soa)
    else if (this.state === 'removing') this.beginAdding(soa)
    else if (this.reached === this.soa!.serial) this.end(soa)
    else this.beginRemoving(soa)
  }

  private firstSoa(soa: Soa): void {
    if (this.serial !== null && isNewer(this.serial, soa.serial))
      throw new FetchError('serial', `its serial went back, from ${this.serial} to ${soa.serial}`)
    this.soa = soa
    this.state = 'second'
  }

  private secondSoa(soa: Soa): void {
    // A zone of nothing but its SOA.
    if (soa.serial === this.soa!.serial) {
      this.begin('full')
      this.end(soa)
    } else if (this.serial !== null && soa.serial === this.serial) {
      this.begin('difference')
      this.reached = this.serial
      this.state = 'removing'
    } else throw new FetchError('soa', 'a difference to another version')
  }

  private begin(outcome: 'full' | 'difference'): void {
    this.outcome = outcome
    if (outcome === 'full') this.changes.full(this.soa!)
    else this.changes.difference(this.soa!)
  }

  private beginAdding({ serial }: Soa): void {
    if (!isNewer(serial, this.reached)) throw new FetchError('serial', 'a difference that goes back')
    this.reached = serial
    this.state = 'adding'
  }

  private beginRemoving({ serial }: Soa): void {
    if (serial !== this.reached) throw new FetchError('soa', 'a difference that does not follow from the one before')
    this.state = 'removing'
  }

  private end({ serial }: Soa): void {
    if (serial !== this.soa!.serial) throw new FetchError('soa', 'the zone changed while it was sent')
    this.state = 'done'
  }

  private otherRecord(message: Buffer, owner: string, type: number, rdata: number, end: number): void {
    if (this.state === 'first') throw new FetchError('soa', 'a zone that does not begin with its SOA')
    if (this.state === 'second') {
      this.begin('full')
      this.state = 'all'
    }
    if (owner !== this.zone && !owner.endsWith(`.${this.zone}`)) return
    const text = rdataText(message, type, rdata, end)
    if (text === null) return
    const line = `${owner}. IN ${text}`
    if (this.state === 'removing') this.changes.remove(line)
    else this.changes.add(line)
  }
}

const RCODES: Readonly<Record<number, string>> = {
  [FORMERR]: 'FORMERR',
  [SERVFAIL]: 'SERVFAIL',
  [NOTIMP]: 'NOTIMP',
  [REFUSED]: 'REFUSED',
  9: 'NOTAUTH: it does not have the zone, or does not take our signature',
}

function nameAfter(message: Buffer, at: number): number {
  const end = nameEnd(message, at)
  if (end === BAD_NAME) throw new FetchError('transfer', 'a name that cannot be read')
  return end
}

function readSoa(message: Buffer, owner: string, rdata: number, end: number): Soa {
  const server = nameAfter(message, rdata)
  const numbers = nameAfter(message, server)
  if (numbers + SOA_NUMBERS_OCTETS !== end) throw new FetchError('soa', 'a SOA that cannot be read')
  const [serial, refresh, retry, expire, minimum] = [0, 4, 8, 12, 16].map(at => u32(message, numbers + at))
  const names = `${absolute(nameAt(message, rdata))} ${absolute(nameAt(message, server))}`
  const line = `${owner}. IN SOA ${names} ${serial} ${refresh} ${retry} ${expire} ${minimum}`
  return { serial: serial!, refresh: refresh!, retry: retry!, expire: expire!, line }
}

function absolute(name: string): string {
  return name === '.' ? name : `${name}.`
}

/** Null for types that say nothing in a policy zone, such as its NS. */
function rdataText(message: Buffer, type: number, rdata: number, end: number): string | null {
  if (type === TYPE_CNAME) return `CNAME ${absolute(nameAt(message, rdata))}`
  if (type === TYPE_A && end - rdata === 4) return `A ${addressText(message.subarray(rdata, end))}`
  if (type === TYPE_AAAA && end - rdata === 16) return `AAAA ${addressText(message.subarray(rdata, end))}`
  return null
}
