/**
 * One fetch of a list over HTTP or HTTPS into a file: the whole list or nothing.
 *
 * Owns: conditional requests, redirects, what a body may be (its length as announced, its size packed and unpacked bounded, so that a bomb
 * stops early), and that the file in place is replaced at once or not at all. Never: parses; a page with an error is for the reader to find.
 */
import { createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import type { IncomingMessage, RequestOptions } from 'node:http'
import { dirname } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { nodeHttp, nodeHttps } from '../../platform/on-use.ts'
import { destinationOf, type ResolveHost } from './destination.ts'
import { FetchError } from './fetch-error.ts'

const REDIRECTS_MAX = 3
/** Lists of names pack to a fifth or a tenth; what unpacks to more than this is made to. */
const RATIO_MAX = 100
/** The ratio is judged from here on: a small list of one repeated line is no bomb. */
const RATIO_FROM_OCTETS = 16 * 2 ** 20
const STARTED_WITHIN_MS = 30_000

/** What tells a version that was fetched from the next. */
export interface Validators {
  readonly etag: string | null
  readonly lastModified: string | null
}

export interface FetchOptions {
  readonly url: string
  /** Where the list goes. */
  readonly path: string
  readonly validators: Validators
  readonly allowPrivate: boolean
  readonly resolve: ResolveHost
  /** For the whole fetch. */
  readonly timeoutMs: number
  /** Packed or unpacked. */
  readonly octetsMax: number
  readonly agentName: string
  /** Its URL, or null: lists are fetched directly. */
  readonly proxy: string | null
}

/** `isNew` false: the server says that nothing has changed. */
export type Fetched = Validators & { readonly isNew: boolean; readonly octets: number }

/** Throws what `asFetchError` understands. */
export async function fetchList(options: FetchOptions): Promise<Fetched> {
  const signal = AbortSignal.timeout(options.timeoutMs)
  try {
    return await fetchWithin(options, signal)
  } catch (error) {
    // Whatever broke then, it broke because of that.
    throw signal.aborted ? new FetchError('timeout', 'it took too long') : error
  }
}

async function fetchWithin(options: FetchOptions, signal: AbortSignal): Promise<Fetched> {
  let url = new URL(options.url)
  for (let redirects = 0; ; redirects++) {
    const response = await respond(url, options, signal)
    const status = response.statusCode ?? 0
    if (status === 304) {
      response.destroy()
      return { ...options.validators, isNew: false, octets: 0 }
    }
    if (status === 200) return keep(response, url, options, signal)
    const location = response.headers.location
    response.destroy()
    if (status < 300 || status > 399 || location === undefined)
      throw new FetchError('status', `the server answered ${status}`)
    if (redirects === REDIRECTS_MAX) throw new FetchError('redirect', `more than ${REDIRECTS_MAX} redirects`)
    url = redirectedTo(url, location)
  }
}

function redirectedTo(from: URL, location: string): URL {
  const to = URL.parse(location, from)
  if (to === null || (to.protocol !== 'https:' && to.protocol !== 'http:'))
    throw new FetchError('redirect', 'a redirect to something that is neither http:// nor https://')
  if (from.protocol === 'https:' && to.protocol === 'http:')
    throw new FetchError('redirect', 'a redirect from https:// to http://')
  return to
}

async function respond(url: URL, options: FetchOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const way = options.proxy === null ? await directly(url, options) : byProxy(url, options.proxy)
  const { request } = url.protocol === 'https:' ? nodeHttps() : nodeHttp()
  const { etag, lastModified } = options.validators
  const headers = {
    'user-agent': options.agentName,
    'accept-encoding': 'gzip, zstd',
    ...(etag === null ? {} : { 'if-none-match': etag }),
    ...(lastModified === null ? {} : { 'if-modified-since': lastModified }),
  }
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      headers,
      signal,
      ...way,
      timeout: Math.min(STARTED_WITHIN_MS, options.timeoutMs),
    })
    sent.once('response', resolve)
    sent.once('timeout', () => sent.destroy(new FetchError('timeout', 'the server is silent')))
    sent.once('error', reject)
    sent.end()
  })
}

/** To the address that was checked, whatever the name has become meanwhile. */
async function directly(url: URL, options: FetchOptions): Promise<Pick<RequestOptions, 'agent' | 'lookup'>> {
  const { address, family } = await destinationOf(url.hostname, options.allowPrivate, options.resolve)
  return {
    agent: false,
    lookup: (_host, wanted, done) => {
      if (wanted.all === true) done(null, [{ address, family }])
      else done(null, address, family)
    },
  }
}

/** The proxy looks names up and connects: where to, is for its operator to bound. */
function byProxy(url: URL, proxy: string): Pick<RequestOptions, 'agent'> {
  const proxyEnv = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: '' }
  const { Agent } = url.protocol === 'https:' ? nodeHttps() : nodeHttp()
  return { agent: new Agent({ proxyEnv }) }
}

async function keep(response: IncomingMessage, url: URL, options: FetchOptions, signal: AbortSignal): Promise<Fetched> {
  const temporary = `${options.path}.new`
  const packed = new Meter(options.octetsMax)
  const unpacked = new Meter(options.octetsMax, packed)
  try {
    const file = createWriteStream(temporary, { mode: 0o600 })
    await pipeline([response, packed, ...unpackers(response, url), unpacked, file], { signal })
    const announced = Number(response.headers['content-length'] ?? packed.octets)
    if (!response.complete || announced !== packed.octets)
      throw new FetchError('length', `${packed.octets} octets came of ${announced}`)
    await putInPlace(temporary, options.path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  const { etag = null, 'last-modified': lastModified = null } = response.headers
  return { etag, lastModified, isNew: true, octets: unpacked.octets }
}

/** By what the server says of the body, or, where it says nothing, by what the list is called. */
function unpackers(response: IncomingMessage, url: URL) {
  const encoding = (response.headers['content-encoding'] ?? 'identity').toLowerCase()
  if (encoding === 'gzip' || encoding === 'x-gzip' || (encoding === 'identity' && url.pathname.endsWith('.gz')))
    return [createGunzip()]
  if (encoding === 'zstd' || (encoding === 'identity' && url.pathname.endsWith('.zst'))) return [createZstdDecompress()]
  if (encoding === 'identity') return []
  throw new FetchError('encoding', `a body in ${encoding.slice(0, 40)}, which was not asked for`)
}

/** Counts octets, and ends a body that is too large, or that grows too much as it is unpacked. */
class Meter extends Transform {
  octets = 0

  constructor(octetsMax: number, packed: Meter | null = null) {
    super({
      transform: (piece: Buffer, _encoding, done) => {
        this.octets += piece.length
        const ratioMax =
          packed === null || this.octets < RATIO_FROM_OCTETS ? Number.POSITIVE_INFINITY : packed.octets * RATIO_MAX
        if (this.octets > octetsMax) done(new FetchError('size', `more than ${octetsMax} octets`))
        else if (this.octets > ratioMax)
          done(new FetchError('size', `it unpacks to more than ${RATIO_MAX} times its size`))
        else done(null, piece)
      },
    })
  }
}

async function putInPlace(temporary: string, path: string): Promise<void> {
  for (const [name, act] of [
    [temporary, () => rename(temporary, path)],
    [dirname(path), async () => {}],
  ] as const) {
    const handle = await open(name, 'r')
    await handle.sync()
    await handle.close()
    await act()
  }
}
