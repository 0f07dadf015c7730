/**
 * Whether an address can be listened on, found out before any worker starts: workers share ports by SO_REUSEPORT, under which a second
 * resolver would quietly take half of the first one's queries.
 */
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import type { Endpoint } from '../settings/settings.ts'

/** Resolves with nothing, or one line that says what is wrong with the first address that cannot be had. */
export async function probe(endpoints: readonly Endpoint[]): Promise<string | null> {
  for (const endpoint of endpoints) {
    const problem = (await tryUdp(endpoint)) ?? (await tryTcp(endpoint, 'TCP'))
    if (problem !== null) return problem
  }
  return null
}

/** The same for an address that serves HTTP. */
export function probeTcp(endpoint: Endpoint): Promise<string | null> {
  return tryTcp(endpoint, 'TCP')
}

function tryUdp(endpoint: Endpoint): Promise<string | null> {
  return new Promise(resolve => {
    const socket = createSocket({ type: endpoint.family === 4 ? 'udp4' : 'udp6', ipv6Only: endpoint.family === 6 })
    socket.once('error', error => {
      socket.close()
      resolve(describeListenError(error, endpoint, 'UDP'))
    })
    socket.bind({ address: endpoint.address, port: endpoint.port, exclusive: true }, () =>
      socket.close(() => resolve(null)),
    )
  })
}

function tryTcp(endpoint: Endpoint, protocol: string): Promise<string | null> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', error => resolve(describeListenError(error, endpoint, protocol)))
    server.listen({ host: endpoint.address, port: endpoint.port, exclusive: true, ipv6Only: true }, () =>
      server.close(() => resolve(null)),
    )
  })
}

/** One clear line for what the system says about an address. */
export function describeListenError(error: Error & { code?: string }, endpoint: Endpoint, protocol: string): string {
  const where = `${endpoint.family === 6 ? `[${endpoint.address}]` : endpoint.address}:${endpoint.port} (${protocol})`
  switch (error.code) {
    case 'EADDRINUSE':
      return `cannot listen on ${where}: the port is in use by another program`
    case 'EACCES':
      return `cannot listen on ${where}: ports below 1024 need the right to (CAP_NET_BIND_SERVICE, or start as root)`
    case 'EADDRNOTAVAIL':
      return `cannot listen on ${where}: this machine has no such address`
    case 'EAFNOSUPPORT':
      return `cannot listen on ${where}: this machine has no IPv${endpoint.family}`
    default:
      return `cannot listen on ${where}: ${error.message}`
  }
}
