/** When a socket is looked at: woken while little comes, by itself under load, and never while there is nothing. */
import { afterEach, describe, expect, test } from 'vitest'
import { writeSocketAddress } from '../../src/transport/address.ts'
import { AF_INET, type Kernel, MSG_DONTWAIT, SOCKADDR_OCTETS } from '../../src/transport/kernel.ts'
import { listenUdp } from '../../src/transport/udp.ts'
import { Watch } from '../../src/transport/watch.ts'
import { query } from '../support/messages.ts'
import { TestPlane } from '../support/plane.ts'
import { delay, UdpClient } from './clients.ts'
import { kernelHere } from './loopback-plane.ts'

const SOCKET = 7
const EPOLL = 8
const ALWAYS = 9

/** A kernel that only remembers: which descriptors the epoll set has, which are closed, who is to be called. */
class Remembering {
  readonly watched = new Set<number>()
  readonly closed: number[] = []
  turn: () => void = () => {}
  polled = -1
  epoll = EPOLL
  always = ALWAYS
  adds = 0

  kernel(): Kernel {
    return {
      epollCreate: () => this.epoll,
      alwaysReadable: () => this.always,
      epollAdd: (_epoll: number, fd: number) => {
        this.adds++
        this.watched.add(fd)
        return 0
      },
      epollRemove: (_epoll: number, fd: number) => (this.watched.delete(fd) ? 0 : -1),
      onReadable: (fd: number, callback: () => void) => {
        this.polled = fd
        this.turn = callback
        return { stop() {}, close() {} }
      },
      close: (fd: number) => this.closed.push(fd),
    } as unknown as Kernel
  }
}

describe('who is waited for', () => {
  /** Datagrams taken in each turn, and what is watched after the last. */
  const rows: readonly (readonly [what: string, taken: readonly number[], watched: number])[] = [
    ['at first the socket', [], SOCKET],
    ['with little to do the socket', [1, 31, 5, 0, 31, 31, 31, 31], SOCKET],
    ['after a burst of three wakes the socket', [64, 64, 64, 1, 64], SOCKET],
    ['after the fourth full wake in a row nobody', [64, 32, 500, 33], ALWAYS],
    ['nobody, as long as something comes', [64, 64, 64, 64, 1, 0, 1, 0, 64, 0, 2], ALWAYS],
    ['the socket again after two turns without anything', [64, 64, 64, 64, 3, 0, 0], SOCKET],
    ['nobody once more, after as many full wakes', [64, 64, 64, 64, 0, 0, 64, 64, 64, 64], ALWAYS],
    ['the socket, when that was too few', [64, 64, 64, 64, 0, 0, 64, 64, 64], SOCKET],
  ]
  test.each(rows)('%s', (_, taken, watched) => {
    const own = new Remembering()
    const left = [...taken]
    const watch = new Watch(own.kernel(), SOCKET, () => left.shift()!)
    for (let i = 0; i < taken.length; i++) own.turn()
    expect([...own.watched]).toEqual([watched])
    watch.close()
    watch.close()
    expect(own.closed.sort()).toEqual([EPOLL, ALWAYS])
  })

  test('without descriptors to spare the socket itself, always', () => {
    for (const missing of [{ epoll: -1 }, { always: -1 }]) {
      const own: Remembering = Object.assign(new Remembering(), missing)
      const watch = new Watch(own.kernel(), SOCKET, () => 64)
      for (let i = 0; i < 10; i++) own.turn()
      expect([own.polled, [...own.watched]]).toEqual([SOCKET, []])
      // What it got is given back at once, and nothing twice.
      expect(own.closed).toHaveLength(1)
      watch.close()
      expect(own.closed).toHaveLength(1)
    }
  })

  test('nothing more, once it was closed by what a turn took', () => {
    const own = new Remembering()
    const watch: Watch = new Watch(own.kernel(), SOCKET, () => {
      watch.close()
      return 64
    })
    const { adds } = own
    for (let i = 0; i < 6; i++) own.turn()
    expect(own.adds).toBe(adds)
  })
})

const real = kernelHere().kernel
describe.skipIf(real === null)('a real socket (skipped where there are no batch calls)', () => {
  const open: { close(): void }[] = []
  afterEach(() => {
    for (const one of open.splice(0)) one.close()
  })

  /** Sends at once, where node:dgram waits for its turn after the first. */
  function flooder(port: number) {
    const fd = real!.udpSocket(AF_INET)
    const address = new Uint8Array(SOCKADDR_OCTETS)
    real!.connect(fd, address, writeSocketAddress('127.0.0.1', port, address))
    open.push({ close: () => real!.close(fd) })
    return { send: (message: Uint8Array) => real!.send(fd, message, message.length, MSG_DONTWAIT) }
  }

  test('is answered before, during and after a flood, and rests when that is over', async () => {
    let reads = 0
    let changes = 0
    const kernel: Kernel = {
      ...real!,
      recvmmsg: (...call) => {
        reads++
        return real!.recvmmsg(...call)
      },
      epollRemove: (...call) => {
        changes++
        return real!.epollRemove(...call)
      },
    }
    const { plane } = new TestPlane({ rules: [{ name: 'bad.test', category: 'c' }], policies: [{ categories: ['c'] }] })
    const listener = await listenUdp(kernel, plane, { address: '127.0.0.1', port: 0, listener: 0 })
    open.push(listener)
    listener.start()
    const client = await UdpClient.to(listener.port())
    open.push(client)
    const ask = (id: number) => client.ask(query({ name: 'bad.test', id }))
    expect(await ask(1)).not.toBeNull()
    const flood = flooder(listener.port())
    for (let burst = 0; burst < 60; burst++) {
      // Few enough for a socket's usual memory.
      for (let i = 0; i < 100; i++) flood.send(query({ name: 'bad.test', id: 2 + i }))
      await new Promise(resolve => setImmediate(resolve))
      if (burst % 20 !== 19) continue
      await delay(20)
      expect(await ask(9000 + burst)).not.toBeNull()
    }
    // To looking by itself, and back.
    expect(changes).toBeGreaterThan(1)
    expect(await ask(9999)).not.toBeNull()
    await delay(100)
    reads = 0
    await delay(300)
    expect(reads).toBe(0)
    expect(await ask(10_000)).not.toBeNull()
  })
})
