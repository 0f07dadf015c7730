/** A kernel that takes some answers, or none: what is counted, what is tried again, and that nothing else suffers. The calls are scripted over the real ones. */
import { afterEach, describe, expect, test } from 'vitest'
import type { Kernel } from '../../src/transport/kernel.ts'
import { listenUdp } from '../../src/transport/udp.ts'
import { query } from '../support/messages.ts'
import { TestPlane } from '../support/plane.ts'
import { UdpClient } from './clients.ts'
import { kernelHere } from './loopback-plane.ts'

const real = kernelHere().kernel
type Step = 'all' | 'one' | 'EAGAIN' | 'ENOBUFS' | 'EPERM'
const EPERM = 1

describe.skipIf(real === null)('sendmmsg (skipped where there are no batch calls)', () => {
  const open: { close(): void }[] = []
  afterEach(() => {
    for (const one of open.splice(0)) one.close()
  })

  /** A kernel whose sendmmsg goes by the steps, and then as it does. */
  function scripted(steps: Step[]): Kernel {
    let errno = 0
    const sendmmsg: Kernel['sendmmsg'] = (fd, headers, count, flags) => {
      const step = steps.shift() ?? 'all'
      if (step === 'all' || step === 'one') return real!.sendmmsg(fd, headers, step === 'one' ? 1 : count, flags)
      errno = step === 'EPERM' ? EPERM : real!.errors[step]
      return -1
    }
    return { ...real!, sendmmsg, errno: () => (errno === 0 ? real!.errno() : errno) }
  }

  async function serve(steps: Step[]) {
    const plane = new TestPlane({ rules: [{ name: 'bad.test', category: 'c' }], policies: [{ categories: ['c'] }] })
    const listener = await listenUdp(scripted(steps), plane.plane, { address: '127.0.0.1', port: 0, listener: 0 })
    open.push(listener)
    listener.start()
    const client = await UdpClient.to(listener.port())
    open.push(client)
    return { plane, ask: (id: number) => client.ask(query({ name: 'bad.test', id }), 400) }
  }

  const rows: readonly (readonly [what: string, steps: Step[], answered: number, failed: number])[] = [
    ['takes one at a time: all are sent', ['one', 'one', 'one', 'one'], 4, 0],
    ['has no room (EAGAIN): that batch is given up, and counted', ['EAGAIN'], 3, 1],
    ['has no buffers (ENOBUFS): that batch is given up, and counted', ['ENOBUFS'], 3, 1],
    ['refuses one (EPERM): that one is left out, and counted', ['EPERM'], 3, 1],
    ['refuses two batches in different ways', ['ENOBUFS', 'EPERM'], 2, 2],
  ]
  test.each(rows)('%s', async (_, steps, answered, failed) => {
    const { plane, ask } = await serve(steps)
    let answers = 0
    for (let id = 0; id < 4; id++) if ((await ask(id)) !== null) answers++
    expect([answers, plane.counter('sendFailed')]).toEqual([answered, failed])
    expect(await ask(9)).not.toBeNull()
  })
})
