/**
 * The program under test of `bench:reload`: started as an operator starts it, its list replaced on demand, and what the kernel and its own log say of it.
 *
 * Versions of the list are written before they are needed: putting one in place is a rename, which takes the load generator's core no time.
 */
import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BLOCK_ADDRESS, LOOPBACK } from '../peers/harness/peer.ts'
import { freePort } from '../peers/harness/ports.ts'
import { askAddress } from '../peers/harness/probe.ts'
import type { Processes, Running } from '../peers/harness/processes.ts'
import { clockTicksPerSecond, familySeconds } from '../peers/harness/procfs.ts'
import { qalqan } from '../peers/qalqan.ts'
import { writeList } from '../scale/list-file.ts'
import { flaggedName } from '../support/names.ts'

const START_LIMIT_MS = 60_000
const IN_FORCE = /"msg":"filter image in force"/g
/** Reloading has ended where this long nothing was computed, or next to nothing. */
const QUIET_MS = 1000
const QUIET_SHARE = 0.03
const QUIET_LIMIT_MS = 60_000

export class ReloadingServer {
  readonly port: number
  private readonly dir: string
  private readonly running: Running
  private readonly ticksPerSecond = clockTicksPerSecond()
  private readonly versions: string[] = []
  private made = 0

  static async start(processes: Processes, core: number, dir: string, listed: number): Promise<ReloadingServer> {
    mkdirSync(dir)
    writeList(join(dir, 'names'), listed)
    const port = await freePort()
    const file = join(dir, 'qalqan.yaml')
    writeFileSync(file, configuration(dir, port, await freePort()))
    const launch = qalqan.launch(file)
    const server = new ReloadingServer(port, dir, processes.start(launch, { core, outputFile: join(dir, 'output') }))
    await server.untilReady(flaggedName(listed - 1))
    return server
  }

  private constructor(port: number, dir: string, running: Running) {
    this.port = port
    this.dir = dir
    this.running = running
  }

  private async untilReady(lastName: string): Promise<void> {
    const endMs = performance.now() + START_LIMIT_MS
    while ((await askAddress(this.port, lastName, 200)) !== BLOCK_ADDRESS) {
      if (this.running.hasEnded() || performance.now() > endMs)
        throw new Error(`it does not serve: ${this.running.complaint()}`)
      await sleep(50)
    }
  }

  /** Writes so many versions of the list, each with another name at its end than all before. */
  prepare(count: number): void {
    while (this.versions.length < count) {
      const path = join(this.dir, `version${++this.made}`)
      copyFileSync(join(this.dir, 'names'), path)
      writeFileSync(path, `version${this.made}.example\n`, { flag: 'a', flush: true })
      this.versions.push(path)
    }
  }

  /** Puts the next version in the list's place. */
  replace(): void {
    const next = this.versions.shift()
    if (next === undefined) throw new Error('more versions of the list were needed than prepared')
    renameSync(next, join(this.dir, 'names'))
  }

  /** How many images were in force since the start. */
  images(): number {
    return readFileSync(join(this.dir, 'output'), 'utf8').match(IN_FORCE)?.length ?? 0
  }

  /** Processor time that it and all that it started have taken, in seconds. */
  cpuSeconds(): number {
    return familySeconds(this.running.pid, this.ticksPerSecond)
  }

  /** Waits until it has nothing to do any more. */
  async untilQuiet(): Promise<void> {
    const endMs = performance.now() + QUIET_LIMIT_MS
    for (let before = this.cpuSeconds(); ; ) {
      await sleep(QUIET_MS)
      const now = this.cpuSeconds()
      if (now - before <= (QUIET_SHARE * QUIET_MS) / 1000) return
      if (performance.now() > endMs) throw new Error('it never comes to rest')
      before = now
    }
  }
}

/** With the log of reloads, which is counted; nothing is forwarded, so nobody need answer upstream. */
function configuration(dir: string, port: number, upstreamPort: number): string {
  return `listen: ["${LOOPBACK}:${port}"]
workers: 1
upstreams: ["${LOOPBACK}:${upstreamPort}"]
blocking:
  answer: page
  page: { ipv4: ${BLOCK_ADDRESS} }
feeds:
  - { name: bench, source: names, format: domains, class: hotline, category: illegal }
policies:
  - { name: default, categories: [illegal] }
data: ${join(dir, 'data')}
log: { level: info }
`
}
