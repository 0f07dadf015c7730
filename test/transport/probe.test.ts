import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { describeListenError, probe, probeTcp } from '../../src/transport/probe.ts'
import { closedEndpoint } from './scripted-upstream.ts'

describe('whether an address can be listened on', () => {
  test('one that is free: nothing is said, and it is free afterwards', async () => {
    const endpoint = await closedEndpoint()
    expect(await probe([endpoint])).toBeNull()
    expect(await probe([endpoint])).toBeNull()
    expect(await probeTcp(endpoint)).toBeNull()
  })

  test('a UDP port that another program has, even one that would share it', async () => {
    const taken = createSocket({ type: 'udp4', reusePort: process.platform === 'linux' })
    await new Promise<void>(resolve => taken.bind(0, '127.0.0.1', resolve))
    const { port } = taken.address()
    const problem = await probe([{ address: '127.0.0.1', family: 4, port }])
    taken.close()
    expect(problem).toBe(`cannot listen on 127.0.0.1:${port} (UDP): the port is in use by another program`)
  })

  test('a TCP port that another program has', async () => {
    const taken = createServer()
    await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as { port: number }
    const endpoint = { address: '127.0.0.1', family: 4 as const, port }
    const problems = [await probe([endpoint]), await probeTcp(endpoint)]
    taken.close()
    expect(problems).toEqual(
      [1, 2].map(() => `cannot listen on 127.0.0.1:${port} (TCP): the port is in use by another program`),
    )
  })

  test('an address that this machine has not: the first of several that cannot be had is named', async () => {
    const free = await closedEndpoint()
    const problem = await probe([free, { address: '192.0.2.1', family: 4, port: free.port }])
    expect(problem).toBe(`cannot listen on 192.0.2.1:${free.port} (UDP): this machine has no such address`)
  })

  const codes: readonly (readonly [string, string])[] = [
    ['EADDRINUSE', 'the port is in use by another program'],
    ['EACCES', 'ports below 1024 need the right to (CAP_NET_BIND_SERVICE, or start as root)'],
    ['EADDRNOTAVAIL', 'this machine has no such address'],
    ['EAFNOSUPPORT', 'this machine has no IPv6'],
  ]
  test.each(codes)('%s in words', (code, words) => {
    const error = Object.assign(new Error('bind'), { code })
    const endpoint = { address: '2001:db8::1', family: 6 as const, port: 53 }
    expect(describeListenError(error, endpoint, 'UDP')).toBe(`cannot listen on [2001:db8::1]:53 (UDP): ${words}`)
  })
})

const LOWEST_FREE_PORT = '/proc/sys/net/ipv4/ip_unprivileged_port_start'
/** A user without rights: nobody. */
const NOBODY = 65_534

// Skipped where every user may have port 1, and so nothing could be refused.
describe.skipIf(process.platform !== 'linux' || Number(readFileSync(LOWEST_FREE_PORT, 'utf8')) <= 1)(
  'without the right to low ports',
  () => {
    test('a port below 1024 is one clear line', () => {
      const module = fileURLToPath(new URL('../../src/transport/probe.ts', import.meta.url))
      const script = `import { probe } from ${JSON.stringify(module)}
      console.log(await probe([{ address: '127.0.0.1', family: 4, port: 1 }]))`
      const isRoot = process.getuid?.() === 0
      const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        encoding: 'utf8',
        cwd: '/',
        ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
      })
      expect(stdout.trim(), stderr).toBe(
        'cannot listen on 127.0.0.1:1 (UDP): ports below 1024 need the right to (CAP_NET_BIND_SERVICE, or start as root)',
      )
    })
  },
)
