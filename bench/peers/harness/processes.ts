/**
 * Everything the comparison starts, and its end.
 *
 * Owns: pinning to a core, where output goes, and that nothing outlives the run: every process is the leader of a group
 * of its own, is ended by that group's id, and gets SIGKILL from the kernel should the run itself be killed.
 */
import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Launch } from './peer.ts'

export interface Running {
  readonly pid: number
  /** Resolves with the exit code, or null after a signal. */
  readonly ended: Promise<number | null>
  hasEnded(): boolean
  /** What it printed when it failed, as far as one line holds it. */
  complaint(): string
}

export interface Placement {
  readonly core: number
  readonly outputFile: string
}

const GRACE_MS = 2_000

export class Processes {
  readonly #running = new Set<Running>()

  start(launch: Launch, placement: Placement): Running {
    const output = openSync(placement.outputFile, 'w')
    // Both helpers replace themselves by exec, so the pid is the server's own.
    const child = spawn(
      'setpriv',
      ['--pdeathsig', 'KILL', 'taskset', '-c', String(placement.core), launch.command, ...launch.args],
      { detached: true, stdio: ['ignore', output, output], env: { ...process.env, ...launch.env } },
    )
    closeSync(output)
    if (child.pid === undefined)
      throw new Error(`cannot start ${launch.command}: setpriv and taskset (util-linux) are needed`)
    const running = this.#watch(child.pid, child, placement.outputFile)
    this.#running.add(running)
    return running
  }

  async stop(running: Running): Promise<void> {
    signal(running.pid, 'SIGTERM')
    const graceful = await Promise.race([running.ended.then(() => true), sleep(GRACE_MS, false, { ref: false })])
    if (!graceful) signal(running.pid, 'SIGKILL')
    await running.ended
    this.#running.delete(running)
  }

  /** For the last moments of the run, when nothing can be awaited. */
  killAll(): void {
    for (const running of this.#running) signal(running.pid, 'SIGKILL')
    this.#running.clear()
  }

  #watch(pid: number, child: ReturnType<typeof spawn>, outputFile: string): Running {
    let over = false
    const ended = new Promise<number | null>(resolve => {
      child.once('exit', code => {
        over = true
        resolve(code)
      })
    })
    return { pid, ended, hasEnded: () => over, complaint: () => tellingLines(readFileSync(outputFile, 'utf8')) }
  }
}

/** To the whole group: a server may have children. A group that is gone already is as wanted. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** From its first line that speaks of an error, since traces and summaries follow the reason; else the end. */
function tellingLines(text: string): string {
  const lines = text.split('\n').filter(line => line.trim() !== '')
  const first = lines.findIndex(line => /error|fatal|cannot|fail/i.test(line))
  const telling = first < 0 ? lines.slice(-3) : lines.slice(first, first + 3)
  return telling.join(' | ').slice(0, 300)
}
