/** What the accept stage makes of a message, as a message of its own that dns-packet can read. */
import packet, { type DecodedPacket } from 'dns-packet'
import { ACCEPTED, type AcceptLimits, Acceptor, type Expected } from '../../src/resolver/accept.ts'
import { writeHeader } from '../../src/wire/header.ts'
import { nameToText } from '../../src/wire/name.ts'
import { join, wireName } from './octets.ts'

export const LIMITS: AcceptLimits = { ttlSecondsMin: 0, ttlSecondsMax: 86_400, negativeTtlSecondsMax: 3600 }

export function expected(name = 'example.test', type = 1, dnssecOk = false, id = 0x1234): Expected {
  const names = join(new Uint8Array(9), wireName(name))
  return { id, names, nameAt: 9, nameOctets: names.length - 9, type, dnssecOk, spelling: 0 }
}

/** The records that an acceptor holds, as a whole response to the question. */
export function rewritten(acceptor: Acceptor, asked: Expected): Buffer {
  const name = asked.names.subarray(asked.nameAt, asked.nameAt + asked.nameOctets)
  const out = Buffer.alloc(acceptor.at + acceptor.octets)
  const flags = 0x8180 | acceptor.rcode | (acceptor.authenticData ? 0x20 : 0)
  let at = writeHeader(out, 0, asked.id, flags, 1, acceptor.answers, acceptor.authorities, 0)
  out.set(name, at)
  at += name.length
  out.writeUInt16BE(asked.type, at)
  out.writeUInt16BE(1, at + 2)
  out.set(acceptor.bytes.subarray(acceptor.at, acceptor.at + acceptor.octets), acceptor.at)
  return out
}

export interface Accepted {
  readonly verdict: number
  readonly acceptor: Acceptor
  readonly octets: Buffer
  readonly message: DecodedPacket | null
}

export function accept(message: Uint8Array, asked = expected(), limits = LIMITS): Accepted {
  const acceptor = new Acceptor(limits)
  const verdict = acceptor.accept(message, 0, message.length, asked)
  if (verdict !== ACCEPTED) return { verdict, acceptor, octets: Buffer.alloc(0), message: null }
  const octets = rewritten(acceptor, asked)
  return { verdict, acceptor, octets, message: packet.decode(octets) }
}

/** The answer section in one line a record: owner, type, data. */
export function answersOf(own: Accepted): string[] {
  return (own.message?.answers ?? []).map(record => {
    const data = 'data' in record ? record.data : ''
    return `${record.name} ${record.type} ${typeof data === 'string' ? data : JSON.stringify(data)}`
  })
}

export { nameToText }
