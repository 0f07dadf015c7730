/** Answers to clients in a few words, read by dns-packet. */
import packet, { type Answer } from 'dns-packet'
import { type Decoded, decode } from './messages.ts'

export interface ReadError {
  readonly code: number
  readonly text: string
}

/** The Extended DNS Error of an answer (RFC 8914 §2), or null. */
export function extendedError(message: Uint8Array | null): ReadError | null {
  const opt = optOf(message)
  const options = (opt?.options ?? []) as unknown as { code: number; data: Buffer }[]
  const own = options.find(option => option.code === 15)
  return own === undefined ? null : { code: own.data.readUInt16BE(0), text: own.data.subarray(2).toString('latin1') }
}

export function optOf(message: Uint8Array | null) {
  return (decode(message).additionals ?? []).find(record => record.type === 'OPT') ?? null
}

/** A record in one line: name, TTL, type, data. */
export function line(record: Answer): string {
  const data = 'data' in record ? record.data : ''
  const ttl = 'ttl' in record ? record.ttl : 0
  if (record.type === 'SOA') return `${record.name} ${ttl} SOA minimum ${record.data.minimum}`
  return `${record.name} ${ttl} ${record.type} ${typeof data === 'string' ? data : JSON.stringify(data)}`
}

export interface Read {
  readonly id: number
  readonly rcode: string
  readonly answers: readonly string[]
  readonly authorities: readonly string[]
  readonly question: string
  readonly truncated: boolean
  readonly error: ReadError | null
  readonly octets: number
}

export function read(message: Uint8Array | null): Read {
  const own: Decoded = decode(message)
  if (packet.decode.bytes !== message!.length) throw new Error('octets behind the last record')
  return {
    id: own.id ?? -1,
    rcode: own.rcode,
    answers: (own.answers ?? []).map(line),
    authorities: (own.authorities ?? []).map(line),
    question: own.questions?.map(each => `${each.name} ${each.type}`).join() ?? '',
    truncated: own.flag_tc,
    error: extendedError(message),
    octets: message!.length,
  }
}
