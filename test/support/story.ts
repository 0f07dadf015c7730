/**
 * A data plane for stories: clients that ask in words, upstreams that answer when the story says so. Upstream sockets behave as the
 * transport's do: what comes to one that was let go is heard by nobody.
 */
import type { Answer } from 'dns-packet'
import { type Question, query, type Reply, replyTo } from './messages.ts'
import { type Sent, TestPlane } from './plane.ts'
import { type Read, read } from './reading.ts'

export class Story extends TestPlane {
  private readonly live = new Map<number, Sent>()

  override sendUdp(question: number, server: number, message: Uint8Array, octets: number): boolean {
    return this.noteSent(question, super.sendUdp(question, server, message, octets))
  }

  override sendTcp(question: number, server: number, message: Uint8Array, octets: number): boolean {
    return this.noteSent(question, super.sendTcp(question, server, message, octets))
  }

  private noteSent(question: number, sent: boolean): boolean {
    if (sent) this.live.set(question, this.sent.at(-1)!)
    return sent
  }

  override release(question: number): void {
    super.release(question)
    this.live.delete(question)
  }

  override settle(question: number): void {
    super.settle(question)
    this.live.delete(question)
  }

  /** A client asks; what it is told at once, or null. */
  client(question: Question | string, address = '192.0.2.7', transport?: number): Read | null {
    const own = typeof question === 'string' ? { name: question, edns: true } : { edns: true, ...question }
    const answer = this.ask(query(own), address, transport)
    return answer === null ? null : read(answer)
  }

  /** An upstream sends octets to where a message came from; false where nobody listens any more. */
  deliver(message: Uint8Array, to: Sent = this.last()): boolean {
    if (this.live.get(to.question) !== to) return false
    this.reply(message, to)
    return true
  }

  /** An upstream answers a message that it got, by default the last one. */
  upstream(answer: Reply, to: Sent = this.last()): boolean {
    return this.deliver(replyTo(to.message, answer), to)
  }

  /** What was sent to upstreams last. */
  last(): Sent {
    const sent = this.sent.at(-1)
    if (sent === undefined) throw new Error('nothing was sent')
    return sent
  }

  /** The answers that came late, to clients who had to wait, in the order in which they left. */
  told(): Read[] {
    return this.answers.splice(0).map(answer => read(answer.message))
  }
}

export const a = (name: string, data = '198.51.100.1', ttl = 300): Answer => ({ type: 'A', name, ttl, data })
export const cname = (name: string, data: string, ttl = 300): Answer => ({ type: 'CNAME', name, ttl, data })
export const soa = (name: string, ttl = 300, minimum = 60): Answer => ({
  type: 'SOA',
  name,
  ttl,
  data: { mname: `ns.${name}`, rname: `host.${name}`, serial: 1, refresh: 2, retry: 3, expire: 4, minimum },
})
