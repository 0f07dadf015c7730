/** Messages for tests, written and read by dns-packet: another's implementation judges ours. */
import packet, { type Answer, type DecodedPacket } from 'dns-packet'

export interface Question {
  readonly name: string
  readonly type?: string
  readonly id?: number
  readonly edns?: boolean
  readonly udpPayloadSize?: number
  readonly dnssecOk?: boolean
  readonly flags?: number
}

export function query(question: Question): Uint8Array {
  const {
    name,
    type = 'A',
    id = 0x1234,
    edns = false,
    udpPayloadSize = 1232,
    dnssecOk = false,
    flags = packet.RECURSION_DESIRED,
  } = question
  return packet.encode({
    type: 'query',
    id,
    flags,
    questions: [{ type: type as 'A', name }],
    additionals: edns
      ? [
          {
            type: 'OPT',
            name: '.',
            udpPayloadSize,
            extendedRcode: 0,
            ednsVersion: 0,
            flags: dnssecOk ? packet.DNSSEC_OK : 0,
            flag_do: dnssecOk,
            options: [],
          },
        ]
      : [],
  })
}

export interface Reply {
  readonly answers?: readonly Answer[]
  readonly authorities?: readonly Answer[]
  readonly rcode?: number
  readonly flags?: number
  readonly id?: number
}

/** An upstream's reply to a message that was sent to it. */
export function replyTo(message: Uint8Array, reply: Reply): Uint8Array {
  const asked = packet.decode(Buffer.from(message))
  const { answers = [], authorities = [], rcode = 0, flags = 0, id = asked.id ?? 0 } = reply
  return packet.encode({
    type: 'response',
    id,
    flags: packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE | flags | rcode,
    questions: asked.questions ?? [],
    answers: [...answers],
    authorities: [...authorities],
  })
}

export type Decoded = DecodedPacket & { rcode: string; flags: number }

export function decode(message: Uint8Array | null): Decoded {
  if (message === null) throw new Error('no message')
  return packet.decode(Buffer.from(message)) as Decoded
}
