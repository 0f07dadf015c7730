/**
 * An upstream server on loopback that does what a test tells it: UDP and TCP on one port. By default it answers every A query with an address
 * made of the name, so that an answer that went to the wrong client shows.
 */
import { createHash } from 'node:crypto'
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram'
import { createServer, type Server, type Socket } from 'node:net'
import type { Endpoint } from '../../src/settings/settings.ts'
import { decode, replyTo } from '../support/messages.ts'
import { frame, framesOf } from './clients.ts'

export interface Asked {
  readonly message: Buffer
  readonly name: string
  readonly id: number
  readonly via: 'udp' | 'tcp'
  readonly from: { readonly address: string; readonly port: number }
  reply(message: Uint8Array): void
  /** The TCP connection; null for UDP. */
  readonly connection: Socket | null
}

export type Script = (asked: Asked) => void

/** An address that only this name has. */
export function addressFor(name: string): string {
  const [a, b, c] = createHash('sha256').update(name.toLowerCase()).digest()
  return `10.${a}.${b}.${c}`
}

/** A proper answer: that address, for a minute. */
export function answerTo(message: Uint8Array, ttl = 60): Uint8Array {
  const name = decode(message).questions![0]!.name
  return replyTo(message, { answers: [{ type: 'A', name, ttl, data: addressFor(name) }] })
}

export const answering: Script = asked => asked.reply(answerTo(asked.message))
export const silent: Script = () => {}

export class ScriptedUpstream {
  script: Script
  readonly asked: Asked[] = []
  readonly connections: Socket[] = []
  readonly udp: UdpSocket
  private readonly tcp: Server
  private closed = false

  private constructor(script: Script, udp: UdpSocket, tcp: Server) {
    this.script = script
    this.udp = udp
    this.tcp = tcp
  }

  static async start(script: Script = answering, address = '127.0.0.1'): Promise<ScriptedUpstream> {
    for (let tries = 0; ; tries++) {
      const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4')
      const tcp = createServer({ noDelay: true })
      const own = new ScriptedUpstream(script, udp, tcp)
      await new Promise<void>(resolve => udp.bind(0, address, resolve))
      const isFree = await new Promise<boolean>(resolve => {
        tcp.once('error', () => resolve(false))
        tcp.listen(udp.address().port, address, () => resolve(true))
      })
      if (isFree) {
        own.listen()
        return own
      }
      udp.close()
      if (tries > 20) throw new Error('no port is free for UDP and TCP at once')
    }
  }

  get endpoint(): Endpoint {
    const { address, port } = this.udp.address()
    return { address, port, family: address.includes(':') ? 6 : 4 }
  }

  private listen(): void {
    this.udp.on('message', (message, from) =>
      this.take(message, 'udp', from, null, answer => this.sendUdp(answer, from)),
    )
    this.tcp.on('connection', socket => {
      this.connections.push(socket)
      socket.on('error', () => {})
      let stream = Buffer.alloc(0)
      socket.on('data', piece => {
        stream = Buffer.concat([stream, piece as Buffer])
        for (const message of framesOf(stream)) {
          stream = stream.subarray(2 + message.length)
          const from = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
          this.take(message, 'tcp', from, socket, answer => void socket.write(frame(answer)))
        }
      })
    })
  }

  private sendUdp(answer: Uint8Array, { port, address }: RemoteInfo): void {
    if (!this.closed) this.udp.send(answer, port, address, () => {})
  }

  private take(
    message: Buffer,
    via: 'udp' | 'tcp',
    from: Asked['from'],
    connection: Socket | null,
    reply: (answer: Uint8Array) => void,
  ): void {
    const name = decode(message).questions![0]!.name
    const asked = { message, name, id: message.readUInt16BE(0), via, from, reply, connection }
    this.asked.push(asked)
    this.script(asked)
  }

  close(): void {
    this.closed = true
    this.udp.close()
    this.tcp.close()
    for (const socket of this.connections) socket.destroy()
  }
}

/** An endpoint on which nothing listens. */
export async function closedEndpoint(): Promise<Endpoint> {
  const upstream = await ScriptedUpstream.start()
  const { endpoint } = upstream
  upstream.close()
  return endpoint
}
