/** A served configuration with a scripted upstream, and a client that asks it: for tests of the whole program. */
import { decode, query } from '../support/messages.ts'
import { UdpClient } from '../transport/clients.ts'
import { answering, type Script, ScriptedUpstream } from '../transport/scripted-upstream.ts'
import { Folder, freePort, type Program } from './program.ts'

export const PAGE_ADDRESS = '192.0.2.80'

/** What an answer comes to in a word: its first address, its RCODE, or silence. */
export function outcome(message: Uint8Array | null): string {
  if (message === null) return 'no answer'
  const { answers, rcode } = decode(message)
  const first = answers?.[0]
  return first !== undefined && 'data' in first ? String(first.data) : rcode
}

export class Serving {
  readonly folder = new Folder()
  readonly upstream: ScriptedUpstream
  readonly port: number
  private nextId = 1

  static async prepare(script: Script = answering): Promise<Serving> {
    return new Serving(await ScriptedUpstream.start(script), await freePort())
  }

  private constructor(upstream: ScriptedUpstream, port: number) {
    this.upstream = upstream
    this.port = port
  }

  /** Writes a configuration with what is given over its defaults; returns its path. */
  config(own: Record<string, unknown> = {}): string {
    const { address, port } = this.upstream.endpoint
    return this.folder.config({
      listen: [`127.0.0.1:${this.port}`],
      workers: 2,
      upstreams: [`${address}:${port}`],
      blocking: { page: { ipv4: PAGE_ADDRESS } },
      data: 'data',
      ...own,
    })
  }

  serve(own: Record<string, unknown> = {}, nodeOptions = ''): Promise<Program> {
    return this.folder.serve(this.config(own), nodeOptions)
  }

  /** Asks over UDP, from a port of its own each time, so that every worker gets its share. */
  async ask(name: string, own: { address?: string; from?: string; withinMs?: number } = {}): Promise<string> {
    const client = await UdpClient.to(this.port, own.address ?? '127.0.0.1', own.from)
    const id = this.nextId++ & 0xffff
    const answer = await client.ask(query({ name, id }), own.withinMs ?? 10_000)
    client.close()
    return outcome(answer)
  }

  /** Asks again and again until the outcome is this; false where it never was: on a busy machine a change of a list takes many seconds. */
  async becomes(name: string, wanted: string, withinMs = 30_000): Promise<boolean> {
    const endMs = performance.now() + withinMs
    while ((await this.ask(name, { withinMs: 500 })) !== wanted) {
      if (performance.now() > endMs) return false
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    return true
  }

  async close(): Promise<void> {
    await this.folder.remove()
    this.upstream.close()
  }
}
