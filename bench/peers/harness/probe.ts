/**
 * One question by UDP, to see whether a server answers rightly: when it has loaded its list, and before it is timed.
 */
import { createSocket } from 'node:dgram'
import { decode, encode } from 'dns-packet'
import { LOOPBACK } from './peer.ts'

/** The first IPv4 address of the answer; the response code when there is none; null when nothing came in time. */
export async function askAddress(port: number, name: string, timeoutMs: number): Promise<string | null> {
  const socket = createSocket('udp4')
  try {
    return await new Promise(resolve => {
      setTimeout(resolve, timeoutMs, null).unref()
      // A port where nobody listens yet: the next try may find it.
      socket.on('error', () => resolve(null))
      socket.on('message', message => resolve(readAnswer(message)))
      socket.connect(port, LOOPBACK, () => socket.send(question(name)))
    })
  } finally {
    socket.close()
  }
}

function question(name: string): Buffer {
  // RD, as a stub resolver asks.
  return encode({ type: 'query', id: 1, flags: 0x100, questions: [{ type: 'A', name }] })
}

function readAnswer(message: Buffer): string {
  try {
    const answer = decode(message) as ReturnType<typeof decode> & { rcode?: string }
    for (const record of answer.answers ?? []) if (record.type === 'A') return record.data
    return answer.rcode ?? 'no response code'
  } catch {
    return 'a malformed message'
  }
}

/** The first question that is answered otherwise than expected, as a sentence; null when all are right. */
export async function firstWrong(
  port: number,
  expected: ReadonlyArray<readonly [name: string, address: string]>,
  timeoutMs: number,
): Promise<string | null> {
  for (const [name, address] of expected) {
    // A datagram may be lost once while a server is busy; never twice.
    const got = (await askAddress(port, name, timeoutMs)) ?? (await askAddress(port, name, timeoutMs))
    if (got !== address) return `answers ${name} with ${got ?? 'nothing'} instead of ${address}`
  }
  return null
}
