/** The sample configuration, served as `npm start` does, but on ports that are free. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DecodedPacket, decode, encode } from 'dns-packet'
import { ROOT } from './repository.ts'

/** Ports in the sample configuration. */
const PORTS = [5300, 8080, 8081] as const
const ADDRESSES = ['127.0.0.1', '127.0.0.2'] as const
const START_MS = 20_000

export class SampleServer {
  /** What it said until it served. */
  readonly output: string
  readonly configuration: string
  private readonly child: ChildProcess
  private readonly folder: string
  private readonly ports: ReadonlyMap<number, number>

  private constructor(child: ChildProcess, output: string, folder: string, ports: ReadonlyMap<number, number>) {
    this.child = child
    this.output = output
    this.folder = folder
    this.configuration = join(folder, 'config/qalqan.yaml')
    this.ports = ports
  }

  static async start(): Promise<SampleServer> {
    const ports = new Map<number, number>()
    for (const port of PORTS) ports.set(port, await freePort())
    const folder = copyWithPorts(ports)
    const child = spawn('bin/qalqan', ['serve', '--config', join(folder, 'config/qalqan.yaml')], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return new SampleServer(child, await outputUntil(child, /^Try: .*\n/m), folder, ports)
  }

  portOf(port: number): number {
    return this.ports.get(port) ?? port
  }

  /** A text with this server's ports and paths as they are in the sample. */
  asInSample(text: string): string {
    const ports = [...this.ports].reduce((shown, [port, own]) => shown.replaceAll(`${own}`, `${port}`), text)
    return ports.replaceAll(this.folder, '')
  }

  /** Asks as dig does: recursion desired, EDNS with 1232 octets, AD. */
  ask(address: string, port: number, name: string, type: 'A' | 'AAAA' | 'TXT'): Promise<Reply> {
    const socket = createSocket('udp4')
    const query = encode({
      id: 4711,
      type: 'query',
      flags: 0x0120,
      questions: [{ type, name }],
      additionals: [{ type: 'OPT', name: '.', udpPayloadSize: 1232 } as never],
    })
    return new Promise<Reply>((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error(`no answer for ${name}`)), 5000)
      socket.once('message', message => {
        clearTimeout(deadline)
        resolve({ octets: message.length, packet: decode(message) })
      })
      socket.once('error', reject)
      socket.send(query, this.portOf(port), address)
    }).finally(() => socket.close())
  }

  /** Stops it as an operator does; returns its exit code. */
  async stop(): Promise<number | null> {
    const ended = once(this.child, 'exit')
    this.child.kill('SIGTERM')
    const [code] = (await ended) as [number | null]
    rmSync(this.folder, { recursive: true })
    return code
  }
}

export interface Reply {
  readonly octets: number
  readonly packet: DecodedPacket
}

function copyWithPorts(ports: ReadonlyMap<number, number>): string {
  const folder = mkdtempSync(join(tmpdir(), 'qalqan-sample-'))
  cpSync(join(ROOT, 'config'), join(folder, 'config'), { recursive: true })
  const file = join(folder, 'config/qalqan.yaml')
  const written = readFileSync(file, 'utf8')
  writeFileSync(
    file,
    [...ports].reduce((text, [port, own]) => text.replaceAll(`:${port}`, `:${own}`), written),
  )
  return folder
}

function outputUntil(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const fail = (why: string) => {
      child.kill('SIGKILL')
      reject(new Error(`${why}:\n${output}`))
    }
    const deadline = setTimeout(() => fail('it did not start in time'), START_MS)
    const take = (chunk: Buffer) => {
      output += chunk.toString()
      if (!pattern.test(output)) return
      clearTimeout(deadline)
      resolve(output)
    }
    child.stdout!.on('data', take)
    child.stderr!.on('data', take)
    child.once('exit', code => fail(`it ended with code ${code}`))
  })
}

/** A port that nobody has, for UDP and TCP, at the addresses of the sample. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = await bound(0, '127.0.0.1', 'tcp')
    const others = ADDRESSES.flatMap(address => [bound(port, address, 'udp'), bound(port, address, 'tcp')])
    if ((await Promise.allSettled(others)).every(({ status }) => status === 'fulfilled')) return port
  }
}

/** The port that could be bound, and was let go. */
async function bound(port: number, address: string, protocol: 'udp' | 'tcp'): Promise<number> {
  const socket = protocol === 'udp' ? createSocket('udp4') : createServer()
  const ready = once(socket, 'listening')
  if ('bind' in socket) socket.bind(port, address)
  else socket.listen(port, address)
  await ready
  const own = (socket.address() as { port: number }).port
  await new Promise<void>(resolve => socket.close(() => resolve()))
  return own
}
