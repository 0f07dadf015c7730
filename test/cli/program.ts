/**
 * The program as users start it: `bin/qalqan` in a process of its own, a folder of its own for its configuration, feeds and data.
 * Whatever is started is ended by its process id when the folder is removed.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'

const PROGRAM = fileURLToPath(new URL('../../bin/qalqan', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

/** A process and what it has printed so far. */
export class Program {
  stdout = ''
  stderr = ''
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  private hasEnded = false

  /** `nodeOptions`: NODE_OPTIONS, instead of those of whoever runs the tests. */
  constructor(args: readonly string[], cwd?: string, nodeOptions = '') {
    this.process = spawn(PROGRAM, [...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', NODE_OPTIONS: nodeOptions },
      ...(cwd === undefined ? {} : { cwd }),
    })
    this.process.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    this.process.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.ended = new Promise(resolve => {
      this.process.once('close', (code, signal) => {
        this.hasEnded = true
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr })
      })
    })
  }

  get isRunning(): boolean {
    return !this.hasEnded
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name)
  }

  /** Waits until it has printed something; throws with all that it printed where it never did. */
  async printed(text: string | RegExp, withinMs = 15_000): Promise<void> {
    const shows = () => (typeof text === 'string' ? this.stdout.includes(text) : text.test(this.stdout))
    const endMs = performance.now() + withinMs
    while (!shows()) {
      if (this.hasEnded || performance.now() > endMs) {
        throw new Error(`never printed ${text}:\n${this.stdout}${this.stderr}`)
      }
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }

  /** The log's lines, which are JSON where the output is no terminal. */
  logged(): Record<string, unknown>[] {
    return this.stdout
      .split('\n')
      .filter(line => line.startsWith('{'))
      .map(line => JSON.parse(line) as Record<string, unknown>)
  }
}

/** Runs a command to its end. */
export function run(...args: readonly string[]): Promise<Ended> {
  return new Program(args).ended
}

export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'qalqan-test-'))
  private readonly started: Program[] = []

  file(name: string): string {
    return join(this.path, name)
  }

  write(name: string, content: string): string {
    const path = this.file(name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
    return path
  }

  /** Writes a configuration; returns its path. */
  config(content: Record<string, unknown>, name = 'qalqan.yaml'): string {
    return this.write(name, stringify(content))
  }

  /** Starts a command, and ends it with the folder. */
  start(...args: readonly string[]): Program {
    return this.startIn('', ...args)
  }

  private startIn(nodeOptions: string, ...args: readonly string[]): Program {
    const program = new Program(args, this.path, nodeOptions)
    this.started.push(program)
    return program
  }

  run(...args: readonly string[]): Promise<Ended> {
    return this.start(...args).ended
  }

  /** Starts `serve` and waits until it says that it serves. */
  async serve(config: string, nodeOptions = ''): Promise<Program> {
    const program = this.startIn(nodeOptions, 'serve', '--config', config)
    await program.printed(/^Try: /m)
    return program
  }

  async remove(): Promise<void> {
    const running = this.started.filter(program => program.isRunning)
    for (const program of running) program.signal('SIGKILL')
    await Promise.all(running.map(program => program.ended))
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** A port that is free for UDP and TCP on an address, at this moment. */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < 50; tries++) {
    const udp = createSocket('udp4')
    await new Promise<void>(resolve => udp.bind(0, address, resolve))
    const { port } = udp.address()
    const isFree = await new Promise<boolean>(resolve => {
      const tcp = createServer()
      tcp.once('error', () => resolve(false))
      tcp.listen(port, address, () => tcp.close(() => resolve(true)))
    })
    await new Promise<void>(resolve => udp.close(() => resolve()))
    if (isFree) return port
  }
  throw new Error('no port is free for UDP and TCP at once')
}

/** Qalqan's own list format. */
export function ndjson(...entries: readonly Record<string, unknown>[]): string {
  return [{ qalqan: 1, feed: 'test', serial: 1, issued: '2026-01-01T00:00:00Z' }, ...entries]
    .map(entry => `${JSON.stringify(entry)}\n`)
    .join('')
}
