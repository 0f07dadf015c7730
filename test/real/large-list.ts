/** The whole program with a list of very many names, which are changed while it serves. */
import { appendFileSync } from 'node:fs'
import { expect } from 'vitest'
import { writeList } from '../../bench/scale/list-file.ts'
import { flaggedName } from '../../bench/support/names.ts'
import { freePort, type Program } from '../cli/program.ts'
import { PAGE_ADDRESS, Serving } from '../cli/serving.ts'

/** On a machine whose cores are never idle the compiler gets its turn after some minutes. */
export const RELOAD_MS = 280_000

export class LargeList {
  readonly serving: Serving
  private readonly path: string
  private readonly names: number

  static async write(names: number): Promise<LargeList> {
    return new LargeList(await Serving.prepare(), names)
  }

  private constructor(serving: Serving, names: number) {
    this.serving = serving
    this.names = names
    this.path = serving.folder.file('list.txt')
    writeList(this.path, names)
  }

  /** With one worker and its metrics; resolves when the last name of the list is blocked. */
  async serve(): Promise<Program> {
    const configuration = {
      workers: 1,
      feeds: [{ name: 'list', source: 'list.txt', format: 'domains', class: 'hotline', category: 'illegal' }],
      http: { admin: `127.0.0.1:${await freePort()}` },
    }
    const server = this.serving.folder.start('serve', '--config', this.serving.config(configuration))
    await server.printed(/^Try: /m, RELOAD_MS)
    expect(await this.serving.ask(flaggedName(this.names - 1))).toBe(PAGE_ADDRESS)
    return server
  }

  /** Adds a name so many times, and waits each time until it is blocked; others are still. */
  async change(server: Program, times: number): Promise<void> {
    for (let change = 1; change <= times; change++) {
      appendFileSync(this.path, `new${change}.example\n`)
      const isTaken = await this.serving.becomes(`new${change}.example`, PAGE_ADDRESS, RELOAD_MS)
      expect(isTaken, server.stdout + server.stderr).toBe(true)
      expect(await this.serving.ask(flaggedName(change))).toBe(PAGE_ADDRESS)
    }
  }

  close(): Promise<void> {
    return this.serving.close()
  }
}
