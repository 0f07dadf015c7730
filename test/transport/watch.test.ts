/** When a socket is looked at: woken while little comes, by itself under load, paced under more, and never while there is nothing. */
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
const PACER = 10

/** A kernel that only remembers: which descriptors the epoll set has, which are closed, who is to be called. */
class Remembering {
  readonly watched = new Set<number>()
  readonly closed: number[] = []
  turn: () => void = () => {}
  polled = -1
  epoll = EPOLL
  always = ALWAYS
  pacer = PACER
  adds = 0
  refuses = false
  /** Nanoseconds; 0: at rest. */
  pace = 0
  paces = 0

  kernel(): Kernel {
    return {
      epollCreate: () => this.epoll,
      alwaysReadable: () => this.always,
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
  const busy = turns(32, 41, 0.1)
  const full = turns(4, 64, 1)
  const rows: readonly (readonly [what: string, turns: ReturnType<typeof turns>, watched: number])[] = [
    ['at first the socket', [], SOCKET],
    ['with little to do the socket', turns(100, 31, 1), SOCKET],
    ['after a burst of three wakes the socket', [...turns(3, 64, 1), ...turns(1, 1, 1), ...turns(1, 64, 1)], SOCKET],
    ['after the fourth full wake in a row nobody', turns(4, 32, 1), ALWAYS],
    ['nobody, as long as something comes', [...full, ...turns(1, 0, 1), ...turns(5, 1, 1), ...turns(1, 0, 1)], ALWAYS],
    ['the socket again after two turns without anything', [...full, ...turns(1, 3, 1), ...turns(2, 0, 1)], SOCKET],
    ['nobody once more, after as many full wakes', [...full, ...turns(2, 0, 1), ...full], ALWAYS],
    ['where 39 come in a tenth of a millisecond, as before', turns(320, 39, 0.1), ALWAYS],
    ['where 41 do, not the timer before it has been so for 32 turns', busy.slice(1), ALWAYS],
    ['and after that the timer', busy, PACER],
    ['one by one, as fast, the timer', turns(32, 1, 1 / 410), PACER],
    ['the timer, as long as enough comes', [...busy, ...turns(50, 36, 0.1)], PACER],
    ['the timer, where little comes three times', [...busy, ...turns(3, 0, 0.1), ...turns(1, 36, 0.1)], PACER],
    ['the socket again after four such', [...busy, ...turns(4, 35, 0.1)], SOCKET],
    ['the timer once more, after as many turns', [...busy, ...turns(4, 0, 0.1), ...busy], PACER],
    ['not the timer, when that was too few', [...busy, ...turns(4, 0, 0.1), ...busy.slice(1)], ALWAYS],
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
    expect(own.closed.sort((a, b) => a - b)).toEqual([EPOLL, ALWAYS, PACER])
  })

  test('the timer is taken note of before the datagrams, once a turn', () => {
    const own = new Remembering()
    let now = 0
    const seen: number[] = []
    new Watch(
      own.kernel(),
      SOCKET,
      () => seen.push(own.paces) && 40,
      () => now,
    )
    for (let i = 0; i < 35; i++) {
      now += 0.09
      own.turn()
    }
    expect(seen.slice(-4)).toEqual([0, 1, 2, 3])
  })

  test('where the kernel refuses the change, whoever was waited for, and the timer goes on', () => {
    const own = new Remembering()
    let now = 0
    let taken = 50
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
    expect([...own.watched, own.pace]).toEqual([SOCKET, 0])
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
    for (const missing of [{ epoll: -1 }, { always: -1 }, { pacer: -1 }]) {
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
      expect(own.closed).toHaveLength(2)
      watch.close()
      expect(own.closed).toHaveLength(2)
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
    // To looking by itself or to the timer, and back.
    expect(changes).toBeGreaterThan(1)
    expect(await ask(9999)).not.toBeNull()
    await delay(100)
    reads = 0
    await delay(300)
    expect(reads).toBe(0)
    expect(await ask(10_000)).not.toBeNull()
  })
})
