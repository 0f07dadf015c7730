/** HTTP by hand over a plain socket, for requests that no client library would send. */
import { connect } from 'node:net'

export interface RawAnswer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** Sends `request` and collects what comes back until the server closes the connection. */
export function exchange(port: number, request: string): Promise<string> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    let received = ''
    socket.setEncoding('utf8')
    socket.on('data', chunk => {
      received += chunk
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(received))
    socket.write(request, 'latin1')
  })
}

/** One request with these header lines, after whose answer the connection closes. */
export async function ask(port: number, requestLine: string, ...headerLines: string[]): Promise<RawAnswer> {
  const lines = [requestLine, ...headerLines, 'Connection: close', '', '']
  return parseAnswer(await exchange(port, lines.join('\r\n')))
}

export function parseAnswer(raw: string): RawAnswer {
  const end = raw.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = raw.slice(0, end).split('\r\n')
  const headers = lines.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)])
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: new Map(headers as [string, string][]),
    body: raw.slice(end + 4),
  }
}
