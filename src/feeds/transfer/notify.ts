/**
 * Hears primaries say that a zone has changed (RFC 1996), over UDP and TCP. Only a primary of a zone is heard about it, and only with a good signature
 * where the zone has a key; everybody else gets REFUSED, and a message that is no NOTIFY gets nothing.
 */
import { createSocket } from 'node:dgram'
import { createServer, type Socket } from 'node:net'
import { plainAddress } from '../../platform/http-admission.ts'
import type { Endpoint } from '../../settings/settings.ts'
import { FLAG_AA, FLAG_QR, HEADER_OCTETS, messageFlags, opcodeOf, questionCount } from '../../wire/header.ts'
import { BAD_NAME, nameEnd } from '../../wire/name.ts'
import { u16 } from '../../wire/octets.ts'
import { NOERROR, REFUSED, TYPE_SOA } from '../../wire/types.ts'
import { framed } from './session.ts'
import type { Transferer } from './transferer.ts'
import { nameAt, signMessage, TsigVerifier } from './tsig.ts'

const OPCODE_NOTIFY = 4
const NOTAUTH = 9
const QUESTION_FIXED_OCTETS = 4

/** A NOTIFY is a few hundred octets, and its sender waits for one answer. */
const TCP_CONNECTIONS_MAX = 64
const TCP_MS = 5000
const MESSAGE_OCTETS = 4096

export interface NotifyListener {
  close(): void
}

/** Rejects where the address cannot be had. */
export async function listenForNotifies(
  endpoint: Endpoint,
  zones: readonly Transferer[],
  /** Milliseconds since 1970. */
  now: () => number,
): Promise<NotifyListener> {
  const reply = (message: Buffer, address: string) =>
    answerTo(message, plainAddress(address), zones, Math.floor(now() / 1000))
  const udp = createSocket(endpoint.family === 4 ? 'udp4' : 'udp6')
  udp.on('message', (message, { address, port }) => {
    const answer = reply(message, address)
    if (answer !== null) udp.send(answer, port, address)
  })
  const tcp = createServer(socket => hear(socket, reply))
  tcp.maxConnections = TCP_CONNECTIONS_MAX
  const close = () => {
    udp.close()
    tcp.close()
  }
  await new Promise<void>((resolve, reject) => {
    udp.once('error', reject)
    udp.bind(endpoint.port, endpoint.address, resolve)
  })
  try {
    await new Promise<void>((resolve, reject) => {
      tcp.once('error', reject)
      tcp.listen(endpoint.port, endpoint.address, resolve)
    })
  } catch (error) {
    udp.close()
    throw error
  }
  // Such as an ICMP message about an answer: the next NOTIFY is heard all the same.
  for (const socket of [udp, tcp]) socket.on('error', () => {})
  return { close }
}

/** One message of a connection, and its answer. */
function hear(socket: Socket, reply: (message: Buffer, address: string) => Buffer | null): void {
  const deadline = setTimeout(() => socket.destroy(), TCP_MS)
  let heard: Buffer = Buffer.alloc(0)
  socket.on('error', () => {})
  socket.once('close', () => clearTimeout(deadline))
  socket.on('data', (chunk: Buffer) => {
    heard = Buffer.concat([heard, chunk])
    if (heard.length > MESSAGE_OCTETS) socket.destroy()
    if (heard.length > MESSAGE_OCTETS || heard.length < 2 || heard.length < 2 + heard.readUInt16BE(0)) return
    const answer = reply(heard.subarray(2, 2 + heard.readUInt16BE(0)), socket.remoteAddress ?? '')
    if (answer === null) socket.destroy()
    else socket.end(framed(answer))
  })
}

/** Null: nothing is to be said. */
function answerTo(message: Buffer, from: string, zones: readonly Transferer[], nowSeconds: number): Buffer | null {
  const end = questionEnd(message)
  if (end === BAD_NAME) return null
  const transferer = zones.find(own => own.zone === nameAt(message, HEADER_OCTETS) && own.isPrimary(from))
  if (transferer === undefined) return replyTo(message, end, REFUSED)
  const { key } = transferer
  if (key === null) {
    transferer.notified()
    return replyTo(message, end, NOERROR)
  }
  const verifier = new TsigVerifier(key, null, () => nowSeconds)
  try {
    verifier.accept(message)
  } catch {
    return replyTo(message, end, NOTAUTH)
  }
  transferer.notified()
  return signMessage(replyTo(message, end, NOERROR), key, nowSeconds, verifier.lastMac).message
}

/** Behind the question of a NOTIFY about a SOA, or BAD_NAME. */
function questionEnd(message: Buffer): number {
  if (message.length < HEADER_OCTETS || questionCount(message, 0) !== 1) return BAD_NAME
  const flags = messageFlags(message, 0)
  if ((flags & FLAG_QR) !== 0 || opcodeOf(flags) !== OPCODE_NOTIFY) return BAD_NAME
  const end = nameEnd(message, HEADER_OCTETS)
  if (end === BAD_NAME || end + QUESTION_FIXED_OCTETS > message.length || u16(message, end) !== TYPE_SOA)
    return BAD_NAME
  return end + QUESTION_FIXED_OCTETS
}

function replyTo(message: Buffer, questionAfter: number, rcode: number): Buffer {
  const reply = Buffer.from(message.subarray(0, questionAfter))
  reply.writeUInt16BE((OPCODE_NOTIFY << 11) | FLAG_QR | FLAG_AA | rcode, 2)
  reply.fill(0, 6, HEADER_OCTETS)
  return reply
}
