/** What a program keeps once all garbage of its main thread is collected, asked for over V8's inspector: what it has in memory says little, garbage is in it too. */
import type { Program } from '../cli/program.ts'
import { memoryOf } from './resident.ts'

/** NODE_OPTIONS of a program that can be asked: it listens on a port of its own, loopback only. */
export const INSPECTED = '--inspect=127.0.0.1:0'

export interface Kept {
  /** Objects of the main thread, and what their buffers hold elsewhere. */
  readonly heapOctets: number
  /** Of the whole process, what V8 has for objects to come too. */
  readonly residentMib: number
}

export async function keptBy(program: Program): Promise<Kept> {
  const url = /^Debugger listening on (ws:\S+)$/m.exec(program.stderr)?.[1]
  if (url === undefined) throw new Error(`not started with ${INSPECTED}:\n${program.stderr}`)
  const socket = new WebSocket(url)
  try {
    await opened(socket)
    await asked(socket, 1, 'HeapProfiler.collectGarbage')
    const { usedSize, backingStorageSize } = await asked(socket, 2, 'Runtime.getHeapUsage')
    return { heapOctets: usedSize! + backingStorageSize!, residentMib: memoryOf(program).VmRSS! }
  } finally {
    socket.close()
  }
}

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true })
    socket.addEventListener('error', () => reject(new Error(`no inspector at ${socket.url}`)), { once: true })
  })
}

function asked(socket: WebSocket, id: number, method: string): Promise<Readonly<Record<string, number>>> {
  return new Promise((resolve, reject) => {
    socket.addEventListener('message', function answered({ data }) {
      const said = JSON.parse(String(data)) as { id?: number; result?: Record<string, number>; error?: unknown }
      if (said.id !== id) return
      socket.removeEventListener('message', answered)
      if (said.result === undefined) reject(new Error(`${method}: ${JSON.stringify(said.error)}`))
      else resolve(said.result)
    })
    socket.addEventListener('close', () => reject(new Error(`${method}: the program closed the connection`)), {
      once: true,
    })
    socket.send(JSON.stringify({ id, method }))
  })
}
