/** When a socket is looked at: woken while little comes, paced under load, and never while there is nothing. */
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
const PACER = 9

/** A kernel that only remembers: which descriptors the epoll set has, which are closed, who is to be called. */
class Remembering {
  readonly watched = new Set<number>()
  readonly closed: number[] = []
  turn: () => void = () => {}
  polled = -1
  epoll = EPOLL
  pacer = PACER
  adds = 0
  refuses = false
  /** Nanoseconds; 0: at rest. */
  pace = 0
  paces = 0

  kernel(): Kernel {
    return {
      epollCreate: () => this.epoll,
      pacer: () => this.pacer,
      setPace: (_pacer: number, nanoseconds: number) => {
        this.pace = nanoseconds
        return 0
      },
      takePace: () => void this.paces++,
      epollAdd: (_epoll: number, fd: number) => {
        this.adds++
        if (this.refuses) return -1
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

/** Turns that each bring so many datagrams, so many milliseconds after the one before. */
const turns = (count: number, taken: number, apartMs: number) =>
  Array.from({ length: count }, () => ({ taken, apartMs }))

describe('who is waited for', () => {
  const load = turns(32, 10, 0.05)
  const rows: readonly (readonly [what: string, turns: ReturnType<typeof turns>, watched: number])[] = [
    ['at first the socket', [], SOCKET],
    ['with little to do the socket', turns(100, 1, 0.1), SOCKET],
    ['after a burst the socket', [...turns(12, 64, 0.1), ...turns(100, 1, 2)], SOCKET],
    ['where 11 gather in a tenth of a millisecond, the socket', turns(320, 11, 0.1), SOCKET],
    ['where 13 do, the timer, but not before it has been so for 32 wakes', turns(31, 13, 0.1), SOCKET],
    ['and after that the timer', turns(32, 13, 0.1), PACER],
    ['one by one, as fast, the timer', turns(32, 1, 1 / 130), PACER],
    ['the timer, as long as enough comes', [...load, ...turns(50, 6, 0.1)], PACER],
    ['the timer, where little comes three times', [...load, ...turns(3, 0, 0.1), ...turns(1, 6, 0.1)], PACER],
    ['the socket again after four such', [...load, ...turns(4, 5, 0.1)], SOCKET],
    ['the timer once more, after as many wakes', [...load, ...turns(4, 0, 0.1), ...load], PACER],
    ['the socket, when that was too few', [...load, ...turns(4, 0, 0.1), ...load.slice(1)], SOCKET],
  ]
  test.each(rows)('%s', (_, all, watched) => {
    const own = new Remembering()
    let now = 1000
    let next = 0
    const watch = new Watch(
      own.kernel(),
      SOCKET,
      () => all[next++]!.taken,
      () => now,
    )
    for (const { apartMs } of all) {
      now += apartMs
      own.turn()
    }
    expect([...own.watched]).toEqual([watched])
    // The timer runs while it is waited for, and only then.
    expect(own.pace).toBe(watched === PACER ? 100_000 : 0)
    watch.close()
    watch.close()
    expect(own.closed.sort()).toEqual([EPOLL, PACER])
  })

  test('the timer is taken note of before the datagrams, once a turn', () => {
    const own = new Remembering()
    let now = 0
    const seen: number[] = []
    new Watch(
      own.kernel(),
      SOCKET,
      () => seen.push(own.paces) && 20,
      () => now,
    )
    for (let i = 0; i < 35; i++) {
      now += 0.1
      own.turn()
    }
    expect(seen.slice(-4)).toEqual([0, 1, 2, 3])
  })

  test('where the kernel refuses the change, whoever was waited for, and the timer goes on', () => {
    const own = new Remembering()
    let now = 0
    let taken = 20
    new Watch(
      own.kernel(),
      SOCKET,
      () => taken,
      () => now,
    )
    const turn = (times: number) => {
      for (let i = 0; i < times; i++) {
        now += 0.1
        own.turn()
      }
    }
    own.refuses = true
    turn(40)
    expect([...own.watched]).toEqual([SOCKET])
    own.refuses = false
    turn(32)
    expect([...own.watched]).toEqual([PACER])
    own.refuses = true
    taken = 0
    turn(20)
    expect([...own.watched, own.pace]).toEqual([PACER, 100_000])
    own.refuses = false
    turn(4)
    expect([...own.watched, own.pace]).toEqual([SOCKET, 0])
  })

  test('without descriptors to spare the socket itself, always', () => {
    for (const missing of [{ epoll: -1 }, { pacer: -1 }]) {
      const own: Remembering = Object.assign(new Remembering(), missing)
      const watch = new Watch(
        own.kernel(),
        SOCKET,
        () => 64,
        () => 0,
      )
      for (let i = 0; i < 100; i++) own.turn()
      expect([own.polled, [...own.watched]]).toEqual([SOCKET, []])
      // What it got is given back at once, and nothing twice.
      expect(own.closed).toHaveLength(1)
      watch.close()
      expect(own.closed).toHaveLength(1)
    }
  })

  test('nothing more, once it was closed by what a turn took', () => {
    const own = new Remembering()
    const watch: Watch = new Watch(
      own.kernel(),
      SOCKET,
      () => {
        watch.close()
        return 64
      },
      () => 0,
    )
    const { adds } = own
    for (let i = 0; i < 40; i++) own.turn()
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
    for (let burst = 0; burst < 300; burst++) {
      // Few enough for a socket's usual memory.
      for (let i = 0; i < 100; i++) flood.send(query({ name: 'bad.test', id: 2 + i }))
      await new Promise(resolve => setImmediate(resolve))
      if (burst % 100 !== 99) continue
      await delay(20)
      expect(await ask(9000 + burst)).not.toBeNull()
    }
    // To the timer, and back.
    expect(changes).toBeGreaterThan(1)
    expect(await ask(9999)).not.toBeNull()
    await delay(100)
    reads = 0
    await delay(300)
    expect(reads).toBe(0)
    expect(await ask(10_000)).not.toBeNull()
  })
})
