/**
 * How many connections one client may hold at a time. The counts live in memory, only while a connection is open, and are
 * shown to nobody.
 */
import type { Server, Socket } from 'node:net'

/** Closes each connection that its client has too many of. */
export function admitConnections(server: Server, connectionsPerClientMax: number): void {
  const open = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const client = clientKey(socket.remoteAddress ?? '')
    const count = (open.get(client) ?? 0) + 1
    if (count > connectionsPerClientMax) {
      socket.destroy()
      return
    }
    open.set(client, count)
    socket.once('close', () => release(open, client))
  })
}

function release(open: Map<string, number>, client: string): void {
  const left = open.get(client)! - 1
  if (left === 0) open.delete(client)
  else open.set(client, left)
}

/**
 * The IPv4 address, or the /64 of an IPv6 address, since one subscriber has at least that many to choose from.
 * An IPv4 address in IPv6 clothes (`::ffff:192.0.2.1`) counts as the IPv4 address it is.
 */
export function clientKey(address: string): string {
  const plain = plainAddress(address)
  if (!plain.includes(':')) return plain
  const [head = '', tail] = plain.split('%', 1)[0]!.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0')
  return [...before, ...zeros, ...after].slice(0, 4).join(':')
}

/** An address as its policies know it: IPv4 without the IPv6 prefix that a dual-stack socket puts before it. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address
}
