/**
 * An HTTPS server for names of our own: to a client that asks for another name it shows no certificate at all, so that nobody learns to click a warning
 * away. Renewed files are taken up within a minute.
 */
import type { Server, ServerOptions } from 'node:https'
import { Certificate, type CertificateFiles } from './certificate.ts'
import { nodeHttps } from './on-use.ts'

export interface TlsOptions extends CertificateFiles {
  /** Gets a sentence where renewed files cannot be used; what was there stays. */
  readonly onProblem: (problem: string) => void
  /** How often the files are looked at. */
  readonly refreshMs?: number
}

const REFRESH_MS = 60_000

/** Throws Error with one clear sentence where the files cannot be used. */
export function createTlsServer(tls: TlsOptions, options: ServerOptions): Server {
  const held = new Certificate(tls)
  const server = nodeHttps().createServer({
    ...options,
    ...held.material,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    SNICallback: (name, done) => {
      if (held.covers(name)) done(null)
      else done(new Error('not a name of ours'))
    },
  })
  const timer = setInterval(() => {
    try {
      if (held.refresh()) server.setSecureContext(held.material)
    } catch (error) {
      tls.onProblem((error as Error).message)
    }
  }, tls.refreshMs ?? REFRESH_MS).unref()
  server.once('close', () => clearInterval(timer))
  return server
}
