/** Why a fetch failed: a cause from a fixed list, which metrics count by, and a sentence for people. */
export const FETCH_CAUSES = [
  'dns',
  'connect',
  'tls',
  'timeout',
  'status',
  'redirect',
  'address',
  'length',
  'size',
  'encoding',
  'disk',
  'refused',
  'tsig',
  'soa',
  'serial',
  'transfer',
] as const
export type FetchCause = (typeof FETCH_CAUSES)[number]

export class FetchError extends Error {
  readonly kind: FetchCause

  constructor(kind: FetchCause, message: string) {
    super(message)
    this.kind = kind
  }
}

/** Whatever was thrown, as a FetchError. */
export function asFetchError(error: unknown): FetchError {
  if (error instanceof FetchError) return error
  const { code = '', message = String(error), name = '' } = error as NodeJS.ErrnoException
  if (name === 'AbortError' || name === 'TimeoutError' || code === 'ABORT_ERR')
    return new FetchError('timeout', 'it took too long')
  if (/^(ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_SSL|EPROTO)/.test(code))
    return new FetchError('tls', `${message} (${code})`)
  if (/^(ENOSPC|EACCES|EROFS|EDQUOT|ENOENT|EIO)$/.test(code)) return new FetchError('disk', message)
  if (/^(Z_|ERR_ZSTD|ZSTD_|ERR_STREAM_PREMATURE|ERR__ERROR)/.test(code))
    return new FetchError('encoding', `${message} (${code})`)
  if (code === 'ECONNRESET' || code === 'HPE_INVALID_EOF_STATE')
    return new FetchError('length', `the connection ended early (${code})`)
  return new FetchError('connect', code === '' ? message : `${message} (${code})`)
}
