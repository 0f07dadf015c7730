/** A primary whose every message a test decides. */

import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { nameEnd, nameFromText } from '../../src/wire/name.ts'

export const ZONE = 'rpz.test'
const TYPES = { A: 1, CNAME: 5, SOA: 6, TXT: 16, AAAA: 28 } as const
const CLASS_CH = 3

/** `owner TYPE data`; a SOA's data is its serial. `CH` before the type makes it of that class. */
export type RecordText = string

export interface Asked {
  readonly id: number
  readonly type: 'AXFR' | 'IXFR'
  /** Of an IXFR. */
  readonly serial: number | null
  readonly message: Buffer
}

function name(text: string): Buffer {
  const octets = Buffer.alloc(256)
  return octets.subarray(0, nameFromText(text.replace(/(.)\.$/, '$1'), octets))
}

function words(...values: readonly number[]): Buffer {
  const octets = Buffer.alloc(2 * values.length)
  for (const [i, value] of values.entries()) octets.writeUInt16BE(value, 2 * i)
  return octets
}

export function soa(serial: number): RecordText {
  return `${ZONE} SOA ${serial}`
}

function record(text: RecordText): Buffer {
  const [owner, ...rest] = text.split(' ')
  const isChaos = rest[0] === 'CH'
  const [type, data] = (isChaos ? rest.slice(1) : rest) as [keyof typeof TYPES, string]
  const rdata = rdataOf(type, data)
  return Buffer.concat([name(owner!), words(TYPES[type], isChaos ? CLASS_CH : 1, 0, 60, rdata.length), rdata])
}

function rdataOf(type: keyof typeof TYPES, data: string): Buffer {
  if (type === 'A') return Buffer.from(data.split('.').map(Number))
  if (type === 'AAAA') return Buffer.from(data, 'hex')
  if (type === 'CNAME') return name(data)
  if (type === 'TXT') return Buffer.concat([Buffer.of(data.length), Buffer.from(data)])
  const numbers = Buffer.alloc(20)
  for (const [i, value] of [Number(data), 3600, 600, 86_400, 60].entries()) numbers.writeUInt32BE(value, 4 * i)
  return Buffer.concat([name('ns.test'), name('hostmaster.test'), numbers])
}

export interface MessageOptions {
  readonly rcode?: number
  readonly flags?: number
  readonly withQuestion?: boolean
}

export function answerTo(
  { id }: Pick<Asked, 'id'>,
  records: readonly RecordText[],
  options: MessageOptions = {},
): Buffer {
  const { rcode = 0, flags = 0x8400, withQuestion = true } = options
  const head = words(id, flags | rcode, withQuestion ? 1 : 0, records.length, 0, 0)
  const question = withQuestion ? Buffer.concat([name(ZONE), words(252, 1)]) : Buffer.alloc(0)
  return Buffer.concat([head, question, ...records.map(record)])
}

export function framed(message: Buffer): Buffer {
  return Buffer.concat([words(message.length), message])
}

export class Primary {
  readonly asked: Asked[] = []
  readonly endpoint: { readonly address: string; readonly family: 4; readonly port: number }
  private readonly server: Server
  private readonly sockets = new Set<Socket>()

  private constructor(server: Server) {
    this.server = server
    this.endpoint = { address: '127.0.0.1', family: 4, port: (server.address() as AddressInfo).port }
  }

  static async start(script: (asked: Asked, socket: Socket) => void): Promise<Primary> {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const primary = new Primary(server)
    server.on('connection', socket => {
      primary.sockets.add(socket)
      socket.on('error', () => {})
      socket.on('data', (data: Buffer) => {
        const asked = questionIn(data.subarray(2))
        primary.asked.push(asked)
        script(asked, socket)
      })
    })
    return primary
  }

  close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    return new Promise(resolve => this.server.close(() => resolve()))
  }
}

function questionIn(message: Buffer): Asked {
  const after = nameEnd(message, 12)
  const isWhole = message.readUInt16BE(after) === 252
  // Question, then the SOA of the version at hand: name, ten octets, two root names, serial.
  const serialAt = after + 4 + (after - 12) + 10 + 2
  return {
    id: message.readUInt16BE(0),
    type: isWhole ? 'AXFR' : 'IXFR',
    serial: isWhole ? null : message.readUInt32BE(serialAt),
    message: Buffer.from(message),
  }
}
