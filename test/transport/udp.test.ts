import { networkInterfaces } from 'node:os'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decode, query } from '../support/messages.ts'
import { delay, UdpClient, until } from './clients.ts'
import { DRIVERS, type Driver, kernelHere, LoopbackPlane } from './loopback-plane.ts'
import { addressFor, answering, answerTo, ScriptedUpstream } from './scripted-upstream.ts'

const RULES = [{ name: 'bad.test', category: 'illegal', ruleClass: 'hotline' as const }]
const PAGE_ADDRESS = '192.0.2.80'

test('the batch driver is there on Linux, so that what follows is run for both', () => {
  const isSupported = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)
  expect(kernelHere().kernel !== null, kernelHere().why).toBe(isSupported)
})

/** The address in an answer's first record. */
function addressIn(message: Uint8Array | null): string {
  const first = decode(message).answers![0]!
  return 'data' in first ? String(first.data) : ''
}

describe.each(DRIVERS)('a UDP listener (%s)', driver => {
  let upstream: ScriptedUpstream
  let own: LoopbackPlane
  const clients: UdpClient[] = []

  beforeEach(async () => {
    upstream = await ScriptedUpstream.start(answering)
    own = await LoopbackPlane.start({ driver, rules: RULES, upstreams: [upstream.endpoint] })
  })
  afterEach(() => {
    for (const client of clients.splice(0)) client.close()
    own.close()
    upstream.close()
  })

  async function client(from?: string): Promise<UdpClient> {
    const made = await UdpClient.to(own.udpPort(), '127.0.0.1', from)
    clients.push(made)
    return made
  }

  test('a flagged name gets the address of the block page', async () => {
    const answer = await (await client()).ask(query({ name: 'www.bad.test', id: 7 }))
    expect(decode(answer).id).toBe(7)
    expect(addressIn(answer)).toBe(PAGE_ADDRESS)
  })

  test('a name that is not flagged gets what the upstream says', async () => {
    const answer = await (await client()).ask(query({ name: 'good.test' }))
    expect(addressIn(answer)).toBe(addressFor('good.test'))
  })

  test('1,000 queries at once are all answered, each with its own id', async () => {
    const asking = await client()
    for (let first = 0; first < 1000; first += 100) {
      await Promise.all(
        Array.from({ length: 100 }, (_, i) => asking.send(query({ name: 'a.bad.test', id: first + i }))),
      )
      await until(() => asking.received.length >= first + 100)
    }
    const ids = new Set(asking.received.map(message => decode(message).id))
    expect(ids.size).toBe(1000)
    expect(asking.received.every(message => addressIn(message) === PAGE_ADDRESS)).toBe(true)
  })

  test('400 queries that come while the event loop is busy wait in the kernel, and none is lost', async () => {
    const asking = await Promise.all(Array.from({ length: 8 }, () => client()))
    const sent = Array.from({ length: 400 }, (_, id) => asking[id % 8]!.send(query({ name: 'bad.test', id })))
    const endMs = performance.now() + 100
    while (performance.now() < endMs);
    await Promise.all(sent)
    const answered = () => asking.reduce((sum, each) => sum + each.received.length, 0)
    await until(() => answered() >= 400)
    expect(answered()).toBe(400)
  })

  const unanswerable: readonly (readonly [string, Uint8Array])[] = [
    ['a datagram of no octets', new Uint8Array(0)],
    ['one of 11 octets', query({ name: 'bad.test' }).slice(0, 11)],
    ['a response', query({ name: 'bad.test' }).map((octet, at) => (at === 2 ? octet | 0x80 : octet))],
    ['the longest datagram that there is, filled with a response', new Uint8Array(65_507).fill(0xff)],
  ]
  test.each(unanswerable)('%s gets no answer, and the next query its own', async (_, datagram) => {
    const asking = await client()
    await asking.send(datagram)
    const answer = await asking.ask(query({ name: 'bad.test', id: 99 }))
    expect(addressIn(answer)).toBe(PAGE_ADDRESS)
    await delay(50)
    expect(asking.received).toEqual([])
    expect(own.counter('droppedMalformed')).toBe(1)
  })

  test('a query buried in the longest datagram that there is ends nothing', async () => {
    const asking = await client()
    const huge = new Uint8Array(65_507)
    huge.set(query({ name: 'bad.test', id: 5 }))
    for (let i = 0; i < 10; i++) await asking.send(huge)
    expect(addressIn(await asking.ask(query({ name: 'bad.test', id: 6 })))).toBe(PAGE_ADDRESS)
  })

  test('among 40 clients at once, each gets the answers to its own questions and no other', async () => {
    const many = await Promise.all(Array.from({ length: 40 }, (_, i) => client(`127.0.0.${2 + i}`)))
    const answers = await Promise.all(
      many.flatMap((asking, i) =>
        Array.from({ length: 5 }, async (_, j) => {
          const name = `n${j}.c${i}.test`
          return { name, answer: await asking.ask(query({ name, id: j })) }
        }),
      ),
    )
    for (const { name, answer } of answers) {
      expect(decode(answer).questions![0]!.name).toBe(name)
      expect(addressIn(answer)).toBe(addressFor(name))
    }
    expect(many.every(asking => asking.received.length === 0)).toBe(true)
  })

  test('answers to ports that are closed by now disturb nobody', async () => {
    const staying = await client()
    for (let i = 0; i < 100; i++) {
      const leaving = await UdpClient.to(own.udpPort())
      await leaving.send(query({ name: i % 2 === 0 ? 'bad.test' : `gone${i}.test`, id: i }))
      leaving.close()
      if (i % 10 === 0) expect(addressIn(await staying.ask(query({ name: 'bad.test', id: i })))).toBe(PAGE_ADDRESS)
    }
    await until(() => upstream.asked.length >= 50)
    expect(addressIn(await staying.ask(query({ name: 'stays.test' })))).toBe(addressFor('stays.test'))
  })

  test('a paused listener takes no more, and still sends what is owed', async () => {
    upstream.script = asked => setTimeout(() => asked.reply(answerTo(asked.message)), 150)
    const asking = await client()
    const waiting = asking.ask(query({ name: 'owed.test', id: 1 }))
    await until(() => upstream.asked.length === 1)
    own.outlets.udp[0]!.pause()
    expect(addressIn(await waiting)).toBe(addressFor('owed.test'))
    expect(await asking.ask(query({ name: 'bad.test', id: 2 }), 100)).toBeNull()
  })

  test('two listeners on one port share it, as workers do', async () => {
    const { port } = { port: own.udpPort() }
    const { listenUdp } = await import('../../src/transport/udp.ts')
    const options = { address: '127.0.0.1', port, listener: 0 }
    const second = await listenUdp(driver === 'batch' ? kernelHere().kernel : null, own.plane, options)
    second.start()
    const asking = await Promise.all(Array.from({ length: 20 }, () => client()))
    const answers = await Promise.all(asking.map(each => each.ask(query({ name: 'bad.test' }))))
    second.close()
    expect(answers.map(addressIn)).toEqual(answers.map(() => PAGE_ADDRESS))
  })

  test('an address that this machine has not is an error with a code', async () => {
    await expect(LoopbackPlane.start({ driver, addresses: ['192.0.2.77'] })).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
    })
  })
})

const hasIpv6 = Object.values(networkInterfaces()).some(own => own?.some(({ address }) => address === '::1'))

describe.skipIf(!hasIpv6).each(DRIVERS)('over IPv6 (%s; skipped where the machine has no ::1)', driver => {
  test.each(['::1', '::'])('a listener on %s answers ::1', async address => {
    const upstream = await ScriptedUpstream.start(answering, '::1')
    const own = await LoopbackPlane.start({
      driver,
      rules: RULES,
      addresses: [address],
      upstreams: [upstream.endpoint],
    })
    const client = await UdpClient.to(own.udpPort(), '::1')
    const blocked = await client.ask(query({ name: 'bad.test', id: 1 }))
    const forwarded = await client.ask(query({ name: 'six.test', id: 2 }))
    client.close()
    own.close()
    upstream.close()
    expect(addressIn(blocked)).toBe(PAGE_ADDRESS)
    expect(addressIn(forwarded)).toBe(addressFor('six.test'))
  })
})

// node:dgram cannot say which address was asked; only the batch driver answers from it.
describe.skipIf(!DRIVERS.includes('batch'))('a batch listener on every address', () => {
  const driver: Driver = 'batch'

  test('answers from the address that was asked, at once and from upstream, mixed in one batch', async () => {
    const upstream = await ScriptedUpstream.start(answering)
    const own = await LoopbackPlane.start({
      driver,
      rules: RULES,
      addresses: ['0.0.0.0'],
      upstreams: [upstream.endpoint],
    })
    const addresses = ['127.0.0.1', '127.0.0.5', '127.0.0.77']
    const clients = await Promise.all(addresses.map(address => UdpClient.to(own.udpPort(), address)))
    const names = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? `x${i}.bad.test` : `x${i}.good.test`))
    const answers = await Promise.all(
      clients.flatMap(client =>
        names.map(async (name, id) => ({ name, answer: await client.ask(query({ name, id })) })),
      ),
    )
    for (const client of clients) client.close()
    own.close()
    upstream.close()
    for (const { name, answer } of answers) {
      expect(addressIn(answer)).toBe(name.endsWith('bad.test') ? PAGE_ADDRESS : addressFor(name))
    }
  })
})
