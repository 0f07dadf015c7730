/**
 * The real programs that these tests start: which they are, whether they are there, and their end.
 *
 * Everything is started on loopback on ports of its own, in a folder of its own, without root, and ended by its process id.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { accessSync, constants, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { query } from '../support/messages.ts'
import { delay, UdpClient } from '../transport/clients.ts'

/** Each program and the Debian package that brings it. */
export const PROGRAMS = {
  dig: 'bind9-dnsutils',
  kdig: 'knot-dnsutils',
  knotd: 'knot',
  nsd: 'nsd',
  unbound: 'unbound',
  dnsperf: 'dnsperf',
  dnsdist: 'dnsdist',
  minisign: 'minisign',
  chromium: 'chromium',
  named: 'bind9',
  nsupdate: 'bind9-dnsutils',
} as const
export type ProgramName = keyof typeof PROGRAMS

/** Servers stand where only root's path leads. */
const FOLDERS = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', '/sbin']

export function pathOf(program: ProgramName): string | null {
  for (const folder of FOLDERS) {
    const path = join(folder, program)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not here: the next folder is looked into.
    }
  }
  return null
}

/** What is missing and how to install it, in one sentence; null where all is there. */
export function whatIsMissing(): string | null {
  const missing = (Object.keys(PROGRAMS) as ProgramName[]).filter(program => pathOf(program) === null)
  if (missing.length === 0) return null
  const packages = [...new Set(missing.map(program => PROGRAMS[program]))]
  return `missing: ${missing.join(', ')}. Install with: apt-get install --no-install-recommends ${packages.join(' ')}`
}

function required(program: ProgramName): string {
  const path = pathOf(program)
  if (path === null) throw new Error(`${program} is not installed (Debian package ${PROGRAMS[program]})`)
  return path
}

/** Runs a client to its end; its output, or an error with all that it said. */
export function output(program: ProgramName, args: readonly string[], withinMs = 60_000): string {
  const { stdout, stderr, status, error } = spawnSync(required(program), args, {
    encoding: 'utf8',
    timeout: withinMs,
    maxBuffer: 64 << 20,
  })
  if (error !== undefined) throw error
  // dig and kdig exit with 9 or 1 for no answer, and say so in their output: that is for the test to judge.
  if (status === null) throw new Error(`${program} was ended by a signal: ${stderr}`)
  return stdout + stderr
}

/** The same without holding up the event loop: for clients that ask this very process. */
export function outputLater(program: ProgramName, args: readonly string[], withinMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(required(program), args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: withinMs })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
      })
    }
    child.once('error', reject)
    child.once('close', () => resolve(text))
  })
}

export class RealServer {
  readonly port: number
  /** Where its files are. */
  readonly folder: string
  private readonly process: ChildProcess
  private readonly ended: Promise<void>
  private hasEnded = false

  private constructor(process: ChildProcess, { port, folder }: { readonly port: number; readonly folder: string }) {
    this.process = process
    this.port = port
    this.folder = folder
    this.ended = new Promise(resolve => {
      process.once('exit', () => {
        this.hasEnded = true
        resolve()
      })
    })
  }

  /** Starts a server and waits until it answers for `name`; throws with its log where it does not. */
  static async start(
    program: ProgramName,
    args: readonly string[],
    own: { port: number; name: string; folder: string },
  ) {
    const log = join(own.folder, `${program}-${own.port}.log`)
    const file = openSync(log, 'w')
    const server = new RealServer(
      spawn(required(program), args, { stdio: ['ignore', file, file], cwd: own.folder }),
      own,
    )
    for (let tries = 0; tries < 100 && !server.hasEnded; tries++) {
      if (await answers(own.port, own.name)) return server
      await delay(100)
    }
    await server.stop()
    throw new Error(`${program} does not answer for ${own.name}:\n${readFileSync(log, 'utf8').slice(-3000)}`)
  }

  /** As if its machine had gone: it neither answers nor refuses. */
  freeze(): void {
    this.process.kill('SIGSTOP')
  }

  /** Has it read its files again, where SIGHUP means that. */
  reload(): void {
    this.process.kill('SIGHUP')
  }

  /** As if it had crashed. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.ended
  }

  async stop(): Promise<void> {
    this.process.kill('SIGCONT')
    this.process.kill('SIGTERM')
    const tooLong = setTimeout(() => this.process.kill('SIGKILL'), 3000)
    await this.ended
    clearTimeout(tooLong)
  }
}

async function answers(port: number, name: string): Promise<boolean> {
  const client = await UdpClient.to(port)
  const answer = await client.ask(query({ name, type: 'SOA' }), 300).catch(() => null)
  client.close()
  return answer !== null && (answer[3]! & 0x0f) === 0
}
