/** The block page's server over TLS, for the operator's own host names. */
import { dirname, resolve } from 'node:path'
import { Certificate } from '../platform/certificate.ts'
import { parseEndpoint } from './address.ts'
import { flag, section, text } from './kinds.ts'
import { type Path, visible } from './problems.ts'
import type { Config } from './schema.ts'
import type { Settings } from './settings.ts'
import { type Settling, take } from './settling.ts'

export const tlsKey = section({
  enabled: flag().default(false).describe('Whether what http.page serves is served over TLS too.'),
  listen: text('an address and port, such as 0.0.0.0:443').optional().describe('Address and port of it.'),
  certificate: text('the path of a file')
    .optional()
    .describe(
      'Certificate in PEM with those that lead to its issuer, for host names of your own. Read again when it changes.',
    ),
  key: text('the path of a file').optional().describe('Its key in PEM, for nobody else to read.'),
})
  .prefault({})
  .describe('The pages over TLS, for host names of your own; for others no certificate is shown.')

export function settleTls({ http: { page, tls } }: Config, settling: Settling): Settings['http']['tls'] {
  if (!tls.enabled) return null
  const path: Path = ['http', 'tls']
  if (page === undefined) settling.report(path, 'what is served over TLS are the pages of http.page: set that too')
  const wanted = ['listen', 'certificate', 'key'] as const
  const missing = wanted.filter(key => tls[key] === undefined)
  if (missing.length > 0) settling.report(path, `missing: ${missing.join(', ')}`)
  const endpoint =
    tls.listen === undefined ? null : take(parseEndpoint(tls.listen, null), [...path, 'listen'], settling)
  const file = (key: 'certificate' | 'key') => {
    const absolute = resolve(dirname(settling.file), tls[key] ?? '')
    const problem = tls[key] === undefined ? 'missing' : settling.environment.fileProblem(absolute)
    if (tls[key] !== undefined && problem !== null) settling.report([...path, key], `${visible(absolute)}: ${problem}`)
    return problem === null ? absolute : null
  }
  const certificate = file('certificate')
  const key = file('key')
  if (endpoint === null || certificate === null || key === null) return null
  checkFiles({ certificate, key }, [...path, 'certificate'], settling)
  return { endpoint, certificate, key }
}

function checkFiles(files: { certificate: string; key: string }, path: Path, settling: Settling): void {
  try {
    const { endsMs } = new Certificate(files)
    if (endsMs < Date.now())
      settling.warn(
        `The certificate ${visible(files.certificate)} ended on ${new Date(endsMs).toISOString().slice(0, 10)}.`,
      )
  } catch (error) {
    settling.report(path, visible((error as Error).message))
  }
}
