/** The other side of the soak: an upstream that answers by the name, and clients that ask as fast as they are answered and check every answer. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer } from 'dns-packet'
import type { Endpoint } from '../../src/settings/settings.ts'
import { type Decoded, decode, query, replyTo } from '../support/messages.ts'
import { seeded } from '../support/octets.ts'
import { addressesOf, type Kind, nameOf } from './names.ts'

const TTL_SECONDS = 600

export class SoakUpstream {
  asked = 0
  private readonly socket: Socket

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('message', (message, from) => this.answer(message, from))
  }

  static async start(): Promise<SoakUpstream> {
    return new SoakUpstream(await boundSocket())
  }

  get endpoint(): Endpoint {
    return { address: '127.0.0.1', port: this.socket.address().port, family: 4 }
  }

  private answer(message: Buffer, from: RemoteInfo): void {
    this.asked++
    const { name } = decode(message).questions![0]!
    const answers = addressesOf(name).map((data): Answer => ({ type: 'A', name, ttl: TTL_SECONDS, data }))
    this.socket.send(replyTo(message, { answers }), from.port, from.address)
  }

  close(): void {
    this.socket.close()
  }
}

interface Asked {
  readonly name: string
  readonly type: string
  readonly kind: Kind
  readonly atMs: number
}

const IN_FLIGHT = 24
/** What share of the questions is of each kind, in twentieths. */
const KINDS: readonly Kind[] = [...fill('blocked', 8), ...fill('cached', 8), ...fill('fresh', 4)]
const BLOCKED_TYPES = ['A', 'A', 'AAAA', 'MX'] as const

function fill(kind: Kind, times: number): Kind[] {
  return Array.from({ length: times }, () => kind)
}

/** One socket with some questions in flight; each answer is the cue for the next question. */
export class SoakClient {
  answered = 0
  readonly problems: string[] = []
  private readonly socket: Socket
  private readonly port: number
  private readonly number: number
  private readonly random: (below: number) => number
  private readonly waiting = new Map<number, Asked>()
  private asked = 0
  private stopped = false

  private constructor(socket: Socket, port: number, number: number) {
    this.socket = socket
    this.port = port
    this.number = number
    this.random = seeded(number)
    socket.on('message', message => this.take(message))
  }

  static async start(port: number, number: number): Promise<SoakClient> {
    const own = new SoakClient(await boundSocket(), port, number)
    for (let i = 0; i < IN_FLIGHT; i++) own.ask()
    return own
  }

  private ask(): void {
    const id = this.asked & 0xffff
    const kind = KINDS[this.random(KINDS.length)]!
    // Fresh names are nobody else's; the others are shared.
    const number = kind === 'fresh' ? this.asked * 64 + this.number : this.random(1 << 20)
    const name = this.spell(nameOf(kind, number))
    const type = kind === 'blocked' ? BLOCKED_TYPES[this.random(BLOCKED_TYPES.length)]! : 'A'
    this.asked++
    this.waiting.set(id, { name, type, kind, atMs: performance.now() })
    this.socket.send(query({ name, type, id, edns: this.random(2) === 0 }), this.port, '127.0.0.1')
  }

  /** Letters in either case, as clients do that guard against forged answers: each answer must come back so. */
  private spell(name: string): string {
    return name.replace(/[a-z]/g, letter => (this.random(2) === 0 ? letter : letter.toUpperCase()))
  }

  private take(message: Buffer): void {
    const id = message.readUInt16BE(0)
    const asked = this.waiting.get(id)
    if (asked === undefined) {
      this.problems.push(`an answer with id ${id}, which nobody waits for`)
      return
    }
    this.waiting.delete(id)
    this.answered++
    const problem = whatIsWrong(message, asked)
    if (problem !== null) this.problems.push(`${asked.name} ${asked.type}: ${problem}`)
    if (!this.stopped) this.ask()
  }

  /** Asks no more, and waits for what is in flight; questions without an answer are problems. */
  async finish(withinMs: number): Promise<void> {
    this.stopped = true
    for (const endMs = performance.now() + withinMs; this.waiting.size > 0 && performance.now() < endMs; )
      await sleep(20)
    for (const { name, type } of this.waiting.values()) this.problems.push(`${name} ${type}: no answer`)
    this.socket.close()
  }
}

function whatIsWrong(message: Buffer, { name, type, kind }: Asked): string | null {
  const answer = decode(message)
  const question = answer.questions?.[0]
  if (question?.name !== name || question.type !== type) return `the question came back as ${question?.name}`
  if (answer.rcode !== 'NOERROR') return answer.rcode
  const addresses = (answer.answers ?? []).map(record => ('data' in record ? String(record.data) : record.type))
  const expected = expectedAddresses(name, type, kind)
  if (isCutShort(answer)) return addresses.length === 0 ? null : 'cut short, with answers'
  return addresses.join() === expected.join() ? null : `${addresses.join()} and not ${expected.join()}`
}

function expectedAddresses(name: string, type: string, kind: Kind): string[] {
  if (kind !== 'blocked') return addressesOf(name)
  return type === 'A' ? ['192.0.2.80'] : type === 'AAAA' ? ['2001:db8::80'] : []
}

const TC = 0x0200
function isCutShort(answer: Decoded): boolean {
  return (answer.flags & TC) !== 0
}

function boundSocket(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 21 })
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(0, '127.0.0.1', () => resolve(socket))
  })
}
