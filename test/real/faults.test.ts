/**
 * What networks, machines and attackers do to a resolver, done to the real program over real sockets: no answer may be wrong, what can be answered is
 * answered, and when the fault is over so are its effects. The upstream is scripted; programs of Debian's packages make the faults.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Folder, freePort, type Program } from '../cli/program.ts'
import { decode, query, replyTo } from '../support/messages.ts'
import { seeded } from '../support/octets.ts'
import { read } from '../support/reading.ts'
import { delay, UdpClient } from '../transport/clients.ts'
import {
  type Asked,
  addressFor,
  answering,
  answerTo,
  ScriptedUpstream,
  silent,
} from '../transport/scripted-upstream.ts'
import { outputLater } from './programs.ts'

const LISTED = 'bad.test'
const PAGE = '192.0.2.80'

let folder: Folder
let upstream: ScriptedUpstream
let port: number
let server: Program

beforeEach(async () => {
  folder = new Folder()
  upstream = await ScriptedUpstream.start()
})
afterEach(async () => {
  upstream.close()
  await folder.remove()
})

async function serve(more: Record<string, unknown> = {}): Promise<void> {
  port = await freePort()
  folder.write('list.txt', `${LISTED}\n`)
  const config = folder.config({
    listen: [`127.0.0.1:${port}`],
    workers: 1,
    upstreams: [`127.0.0.1:${upstream.endpoint.port}`],
    upstream: { timeout: '300ms', attempts: 3 },
    feeds: [{ name: 'list', source: 'list.txt', format: 'domains', class: 'hotline', category: 'illegal' }],
    blocking: { page: { ipv4: PAGE } },
    ...more,
  })
  server = await folder.serve(config)
}

interface Told {
  readonly right: number
  readonly wrong: readonly string[]
  readonly failed: number
  readonly silent: number
}

/** Asks for so many names that no cache knows, some at once, and judges each answer by the address that only its name has. */
async function askNames(prefix: string, count: number, atOnce = 20): Promise<Told> {
  const told = { right: 0, wrong: [] as string[], failed: 0, silent: 0 }
  let next = 0
  const worker = async () => {
    const client = await UdpClient.to(port)
    while (next < count) {
      const name = `${prefix}${next++}.any.test`
      const answer = await client.ask(query({ name, edns: true }), 4000)
      if (answer === null) told.silent++
      else if (read(answer).rcode === 'SERVFAIL') told.failed++
      else if (read(answer).answers.some(line => line.endsWith(` A ${addressFor(name)}`))) told.right++
      else told.wrong.push(`${name}: ${read(answer).rcode} ${read(answer).answers}`)
    }
    client.close()
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return told
}

const ask = async (name: string) => {
  const client = await UdpClient.to(port)
  const answer = await client.ask(query({ name, edns: true }), 4000)
  client.close()
  return answer === null ? null : read(answer)
}

const isBlocked = async () => (await ask(LISTED))?.answers.join() === `${LISTED} 60 A ${PAGE}`

describe('a network that', () => {
  const random = seeded(7)
  const forged = (asked: Asked) =>
    replyTo(asked.message, { answers: [{ type: 'A', name: 'x', ttl: 60, data: '203.0.113.66' }] })
  const later = (ms: number, act: () => void) => void setTimeout(act, ms)

  const rows: readonly (readonly [what: string, script: (asked: Asked) => void, rightMin: number])[] = [
    ['loses every twentieth answer', asked => random(20) > 0 && answering(asked), 0.99],
    ['loses every third answer', asked => random(3) > 0 && answering(asked), 0.9],
    ['delays answers, and so turns their order round', asked => later(random(200), () => answering(asked)), 0.99],
    ['sends every answer three times', asked => [0, 1, 5].forEach(ms => void later(ms, () => answering(asked))), 0.99],
    [
      'brings answers after their time, when another question may have the socket',
      asked => (random(2) === 0 ? later(350, () => answering(asked)) : answering(asked)),
      0.8,
    ],
    [
      'brings a forged answer with a wrong id before the right one',
      asked => {
        if (asked.via === 'udp') asked.reply(withId(forged(asked), asked.id ^ 0x5555))
        answering(asked)
      },
      0.99,
    ],
    [
      'brings ill-formed octets before the right answer',
      asked => {
        if (asked.via === 'udp') asked.reply(Uint8Array.from({ length: 5 + random(60) }, () => random(256)))
        if (asked.via === 'udp') asked.reply(answerTo(asked.message).slice(0, 20 + random(20)))
        answering(asked)
      },
      0.99,
    ],
    [
      'cuts every answer short over UDP',
      asked => (asked.via === 'udp' ? asked.reply(replyTo(asked.message, { flags: 0x0200 })) : answering(asked)),
      0.99,
    ],
  ]
  test.each(rows)('%s: no answer is wrong, and nearly all are there', async (_, script, rightMin) => {
    await serve()
    upstream.script = script
    const told = await askNames('n', 400)
    expect(told.wrong).toEqual([])
    expect(told.silent).toBe(0)
    expect(told.right).toBeGreaterThanOrEqual(400 * rightMin)
  })

  function withId(message: Uint8Array, id: number): Uint8Array {
    const other = message.slice()
    other[0] = id >>> 8
    other[1] = id
    return other
  }
})

describe('an upstream that flaps', () => {
  test('silent for a while, then back: failures meanwhile, right answers soon after, blocked names all the time', async () => {
    await serve()
    expect((await askNames('before', 50)).right).toBe(50)
    upstream.script = silent
    const down = await askNames('down', 20)
    expect([down.wrong, down.right, down.silent]).toEqual([[], 0, 0])
    expect(await isBlocked()).toBe(true)
    upstream.script = answering
    await delay(2500)
    await askNames('probe', 5, 1)
    expect((await askNames('after', 50)).right).toBe(50)
  })
})

describe('a flood of random names at a dead upstream (water torture)', () => {
  test('leaves nine of ten blocked and cached answers, and memory within bounds', async () => {
    await serve()
    const cached = 'known.any.test'
    expect((await ask(cached))?.answers).toHaveLength(1)
    upstream.script = silent
    const flood = folder.write(
      'flood.txt',
      Array.from({ length: 200_000 }, (_, i) => `r${i}x${(i * 7919) % 9973}.torture.test A`).join('\n'),
    )
    const good = folder.write('good.txt', [`${LISTED} A`, `${cached} A`].join('\n'))
    const before = residentOf(server)
    const perf = (file: string, rate: number) =>
      outputLater(
        'dnsperf',
        ['-s', '127.0.0.1', '-p', `${port}`, '-d', file, '-l', '8', '-Q', `${rate}`, '-t', '1', '-q', '5000'],
        30_000,
      )
    const alone = figure(await perf(good, 4000))
    const [under] = await Promise.all([perf(good, 4000), perf(flood, 20_000)])
    console.log(
      `good answers: ${alone.completed} alone, ${figure(under).completed} of ${figure(under).sent} under a flood; resident ${before} then ${residentOf(server)} KiB`,
    )
    // Of those in the same seconds: what the machine had to spare in others says nothing.
    expect(figure(under).completed).toBeGreaterThan(0.9 * figure(under).sent)
    // The tables of what is in flight, 17 MB, are touched; nothing else may grow.
    expect(residentOf(server) - before).toBeLessThan(80_000)
    expect(await isBlocked()).toBe(true)
  })

  const figure = (output: string) => ({
    sent: Number(/Queries sent:\s+(\d+)/.exec(output)?.[1] ?? 0),
    completed: Number(/Queries completed:\s+(\d+)/.exec(output)?.[1] ?? 0),
  })
  const residentOf = (program: Program) =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${program.process.pid}/status`, 'utf8'))?.[1])
})

describe('a shortage of descriptors', () => {
  test('leaves blocked names blocked, sets no server aside, and is over when it is over', async () => {
    await serve()
    expect((await askNames('before', 20)).right).toBe(20)
    const { pid } = server.process
    const open = readdirSync(`/proc/${pid}/fd`).length
    execFileSync('prlimit', ['--pid', `${pid}`, `--nofile=${open}:`])
    upstream.script = asked => setTimeout(() => answering(asked), 200)
    const short = await askNames('short', 60, 60)
    expect([short.wrong, short.silent]).toEqual([[], 0])
    expect(await isBlocked()).toBe(true)
    execFileSync('prlimit', ['--pid', `${pid}`, '--nofile=4096:'])
    upstream.script = answering
    expect((await askNames('after', 50)).right).toBe(50)
  })
})

describe('a clock that jumps', () => {
  const library = ['x86_64', 'aarch64']
    .map(own => `/usr/lib/${own}-linux-gnu/faketime/libfaketime.so.1`)
    .find(existsSync)
  test('ten years ahead or an hour back changes nothing of what is remembered', async () => {
    expect(library, 'libfaketime is not installed (Debian package libfaketime)').toBeDefined()
    const file = folder.write('time.txt', '+0')
    const faked = {
      LD_PRELOAD: library!,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    }
    Object.assign(process.env, faked)
    try {
      await serve()
    } finally {
      for (const name of Object.keys(faked)) delete process.env[name]
    }
    const first = await ask('kept.any.test')
    expect(first?.answers).toHaveLength(1)
    for (const jump of ['+3650d', '-3600', '+0']) {
      writeFileSync(file, jump)
      await delay(1200)
      const again = await ask('kept.any.test')
      expect(again?.answers[0]).toMatch(/^kept\.any\.test (5[0-9]|60) A /)
      expect(await isBlocked()).toBe(true)
      expect((await askNames(`at${jump.slice(1)}-`, 10)).right).toBe(10)
    }
    expect(upstream.asked.filter(asked => asked.name.toLowerCase() === 'kept.any.test')).toHaveLength(1)
  })
})

describe.runIf(process.getuid?.() === 0)('a disk that is full (needs root, to mount one of 64 KiB)', () => {
  test('keeps no copy of a feed, says so, and serves the feed', async () => {
    const data = join(folder.path, 'full')
    mkdirSync(data)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', data])
    try {
      const names = Array.from({ length: 20_000 }, (_, i) => `n${i}.list.test`).join('\n')
      folder.write('large.txt', `${names}\n`)
      const feed = { name: 'large', source: 'large.txt', format: 'domains', class: 'hotline', category: 'illegal' }
      await serve({ data: 'full', feeds: [feed] })
      expect((await ask('n19999.list.test'))?.error?.code).toBe(15)
      await server.printed(/no copy is kept for bad times/)
      expect((await askNames('on', 20)).right).toBe(20)
    } finally {
      server.signal('SIGKILL')
      await server.ended
      execFileSync('umount', [data])
    }
  })
})

test('answers are decoded by another implementation than ours', () => {
  expect(decode(answerTo(query({ name: 'a.test' }))).answers).toHaveLength(1)
})
