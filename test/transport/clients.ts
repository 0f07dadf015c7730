/** Clients on loopback: a UDP socket that asks and waits, a TCP connection that sends octets and reads frames. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { connect, type Socket } from 'node:net'

export const delay = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))

/** What a busy machine may need for what takes an idle one some milliseconds. */
const PATIENCE_MS = 15_000

/** Waits until something holds; false where it never did. */
export async function until(holds: () => boolean, withinMs = PATIENCE_MS): Promise<boolean> {
  const endMs = performance.now() + withinMs
  while (!holds()) {
    if (performance.now() > endMs) return false
    await delay(5)
  }
  return true
}

export class UdpClient {
  /** Answers that nobody waits for, or not any more. */
  readonly received: Buffer[] = []
  readonly socket: UdpSocket
  private readonly waiting = new Map<number, (answer: Buffer) => void>()

  private constructor(socket: UdpSocket) {
    this.socket = socket
    socket.on('message', message => this.take(message))
    socket.on('error', () => {})
  }

  private take(message: Buffer): void {
    const id = message.length >= 2 ? message.readUInt16BE(0) : -1
    const wanted = this.waiting.get(id)
    this.waiting.delete(id)
    if (wanted === undefined) this.received.push(message)
    else wanted(message)
  }

  /** Connected to where it asks, so that the kernel passes on only what comes from there. */
  static async to(port: number, address = '127.0.0.1', from?: string): Promise<UdpClient> {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
    if (from !== undefined) await new Promise<void>(resolve => socket.bind(0, from, resolve))
    await new Promise<void>(resolve => socket.connect(port, address, resolve))
    return new UdpClient(socket)
  }

  send(message: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.send(message, error => (error ? reject(error) : resolve()))
    })
  }

  /** The answer that has the query's id, or null. */
  async ask(message: Uint8Array, withinMs = PATIENCE_MS): Promise<Buffer | null> {
    const id = (message[0]! << 8) | message[1]!
    const answer = new Promise<Buffer | null>(resolve => {
      const tooLate = setTimeout(() => {
        this.waiting.delete(id)
        resolve(null)
      }, withinMs)
      this.waiting.set(id, own => {
        clearTimeout(tooLate)
        resolve(own)
      })
    })
    await this.send(message)
    return answer
  }

  close(): void {
    this.socket.close()
  }
}

export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.alloc(2 + message.length)
  framed.writeUInt16BE(message.length, 0)
  framed.set(message, 2)
  return framed
}

/** The messages in a stream of frames, taken in one pass over all of it: simpler than what it judges. */
export function framesOf(stream: Buffer): Buffer[] {
  const messages: Buffer[] = []
  for (let at = 0; at + 2 <= stream.length; ) {
    const end = at + 2 + stream.readUInt16BE(at)
    if (end > stream.length) break
    messages.push(stream.subarray(at + 2, end))
    at = end
  }
  return messages
}

export class TcpClient {
  readonly socket: Socket
  closed = false
  /** The other side has said that it sends no more. */
  ended = false
  error: NodeJS.ErrnoException | null = null
  private stream = Buffer.alloc(0)

  private constructor(socket: Socket, reads: boolean) {
    this.socket = socket
    if (reads) {
      socket.on('data', piece => {
        this.stream = Buffer.concat([this.stream, piece as Buffer])
      })
    }
    socket.on('end', () => {
      this.ended = true
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error
    })
    socket.on('close', () => {
      this.closed = true
    })
  }

  static async to(port: number, own: { address?: string; from?: string; reads?: boolean } = {}): Promise<TcpClient> {
    const { address = '127.0.0.1', from, reads = true } = own
    const where = { host: address, port, noDelay: true, allowHalfOpen: true }
    const socket = connect(from === undefined ? where : { ...where, localAddress: from })
    const client = new TcpClient(socket, reads)
    await until(() => !socket.connecting || client.closed)
    return client
  }

  get messages(): Buffer[] {
    return framesOf(this.stream)
  }

  write(octets: Uint8Array): void {
    this.socket.write(octets)
  }

  send(...messages: readonly Uint8Array[]): void {
    this.write(Buffer.concat(messages.map(frame)))
  }

  /** Waits until so many answers are there; returns all. */
  async answers(count: number, withinMs = PATIENCE_MS): Promise<Buffer[]> {
    await until(() => this.messages.length >= count || this.closed, withinMs)
    return this.messages
  }

  waitClosed(withinMs = PATIENCE_MS): Promise<boolean> {
    return until(() => this.closed || this.ended, withinMs)
  }

  close(): void {
    this.socket.destroy()
  }
}
