/** One transfer of a zone from one primary over TCP: the question, the messages that come, and their signatures. */
import { connect, type Socket } from 'node:net'
import type { Endpoint } from '../../settings/settings.ts'
import { HEADER_OCTETS, MESSAGE_OCTETS_MAX } from '../../wire/header.ts'
import { CLASS_IN, TYPE_AXFR, TYPE_IXFR, TYPE_SOA } from '../../wire/types.ts'
import { asFetchError, FetchError } from '../remote/fetch-error.ts'
import { wireName, words } from './message-parts.ts'
import { signMessage, type TsigKey, TsigVerifier } from './tsig.ts'
import { type ZoneChanges, ZoneReader } from './zone-reader.ts'

/** How long a primary may be silent. */
const SILENCE_MS = 30_000
/** Answers need not say much: a primary that sends messages without records for ever is not let. */
const EMPTY_MESSAGES_MAX = 100

export interface TransferOptions {
  readonly zone: string
  readonly primary: Endpoint
  readonly key: TsigKey | null
  /** Of the version at hand; null: the whole zone is wanted. */
  readonly serial: number | null
  /** For the whole transfer. */
  readonly timeoutMs: number
  /** 16 bits. */
  readonly id: number
  /** Seconds since 1970. */
  readonly now: () => number
}

/** Gives what comes to `changes`; `afterMessage` is waited for before more is read. Rejects with what `asFetchError` understands. */
export async function transferZone(
  options: TransferOptions,
  changes: ZoneChanges,
  afterMessage: () => Promise<void>,
): Promise<ZoneReader> {
  const { zone, primary, key, serial, id, now } = options
  const question = questionFor(zone, id, serial)
  const signed = key === null ? null : signMessage(question, key, now())
  const verifier = key === null ? null : new TsigVerifier(key, signed!.mac, now)
  const reader = new ZoneReader(zone, id, serial, changes)
  const socket = connect(primary.port, primary.address)
  const deadline = setTimeout(() => socket.destroy(new FetchError('timeout', 'it took too long')), options.timeoutMs)
  socket.setTimeout(SILENCE_MS, () => socket.destroy(new FetchError('timeout', 'the primary is silent')))
  try {
    socket.write(framed(signed?.message ?? question))
    await readAll(socket, reader, verifier, afterMessage)
  } catch (error) {
    throw asFetchError(error)
  } finally {
    clearTimeout(deadline)
    socket.destroy()
  }
  verifier?.finish()
  return reader
}

async function readAll(
  socket: Socket,
  reader: ZoneReader,
  verifier: TsigVerifier | null,
  afterMessage: () => Promise<void>,
): Promise<void> {
  let empty = 0
  for await (const message of messagesOf(socket)) {
    verifier?.accept(message)
    const before = reader.soa
    reader.push(message)
    if (reader.isDone) return
    if (before === null && reader.soa === null && ++empty > EMPTY_MESSAGES_MAX) break
    await afterMessage()
  }
  throw new FetchError('length', 'the connection ended before the zone did')
}

async function* messagesOf(socket: Socket): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    while (rest.length - at >= 2 && rest.length - at >= 2 + rest.readUInt16BE(at)) {
      const end = at + 2 + rest.readUInt16BE(at)
      yield rest.subarray(at + 2, end)
      at = end
    }
    rest = rest.subarray(at)
  }
}

/** A message with its length before it (RFC 1035 §4.2.2). */
export function framed(message: Buffer): Buffer {
  if (message.length > MESSAGE_OCTETS_MAX) throw new RangeError('a message that is too long')
  return Buffer.concat([words(message.length), message])
}

/** AXFR, or IXFR with the serial at hand in a SOA of the authority section (RFC 1995 §3). */
function questionFor(zone: string, id: number, serial: number | null): Buffer {
  const header = Buffer.alloc(HEADER_OCTETS)
  header.writeUInt16BE(id)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(serial === null ? 0 : 1, 8)
  const name = wireName(zone)
  const question = Buffer.concat([name, words(serial === null ? TYPE_AXFR : TYPE_IXFR, CLASS_IN)])
  if (serial === null) return Buffer.concat([header, question])
  const numbers = Buffer.alloc(22)
  numbers.writeUInt32BE(serial, 2)
  const soa = Buffer.concat([name, words(TYPE_SOA, CLASS_IN, 0, 0, numbers.length), numbers])
  return Buffer.concat([header, question, soa])
}
