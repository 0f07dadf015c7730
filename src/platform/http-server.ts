/**
 * A small HTTP server for hostile networks: one handler that maps a request to a whole answer, and every limit around it.
 *
 * Owns: time and size limits, connection caps, refusal of what is not HTTP, the headers that every answer carries.
 * Never: reads meaning into a request, logs, or says in an answer what the client sent.
 * Read `HTTP_LIMITS` first, then `startHttpServer`.
 */
import type { IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { admitConnections } from './http-admission.ts'
import { nodeHttp } from './on-use.ts'
import { createTlsServer, type TlsOptions } from './tls-server.ts'

export interface HttpAnswer {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly body: string
}

/**
 * What a handler may rely on: the head was well-formed and within its limits, and the body was read to its end; it is null where it was longer
 * than `bodyKeptMax`.
 */
export type HttpHandler = (request: IncomingMessage, body: Buffer | null) => HttpAnswer | Promise<HttpAnswer>

export interface HttpLimits {
  /** Request line and headers together. */
  readonly headerBytesMax: number
  /** What of a body is read and thrown away so that its sender sees the answer; a longer one ends the connection. */
  readonly bodyBytesMax: number
  /** What of a body a handler gets to see. */
  readonly bodyKeptMax: number
  /** From the connection, or the first octet of a later request, to the end of its headers. */
  readonly headersMs: number
  /** The same, to the end of its body. */
  readonly requestMs: number
  /** From the answer's start until the kernel has taken all of it. */
  readonly answerMs: number
  readonly keepAliveMs: number
  readonly requestsPerConnectionMax: number
  readonly connectionsMax: number
  /** Per IPv4 address or IPv6 /64. */
  readonly connectionsPerClientMax: number
}

/** Memory at worst: 1,024 connections × (8 KiB of headers + about 40 KiB that Node and the kernel keep for each) ≈ 48 MiB. */
export const HTTP_LIMITS: HttpLimits = {
  headerBytesMax: 8 * 1024,
  bodyBytesMax: 64 * 1024,
  bodyKeptMax: 16 * 1024,
  headersMs: 5_000,
  requestMs: 10_000,
  answerMs: 10_000,
  keepAliveMs: 5_000,
  requestsPerConnectionMax: 100,
  connectionsMax: 1_024,
  connectionsPerClientMax: 64,
}

export interface HttpEndpoint {
  readonly address: string
  readonly port: number
}

export interface RunningHttpServer {
  readonly address: AddressInfo
  /** Takes no more connections, lets answers finish for `graceMs`, then closes what is left. */
  close(graceMs?: number): Promise<void>
}

export interface HttpServerOptions {
  readonly limits?: HttpLimits
  /** Over TLS, with a certificate of our own. */
  readonly tls?: TlsOptions | null
  /** Gets what a handler throws, which it never should; the client gets a bare 500. */
  readonly onFault?: (fault: unknown) => void
}

/** Rejects with the system's error when the endpoint cannot be had, and with a sentence when the certificate cannot. */
export async function startHttpServer(
  endpoint: HttpEndpoint,
  handler: HttpHandler,
  { limits = HTTP_LIMITS, onFault = () => {}, tls = null }: HttpServerOptions = {},
): Promise<RunningHttpServer> {
  const server =
    tls === null
      ? nodeHttp().createServer(serverOptions(limits))
      : createTlsServer(tls, { ...serverOptions(limits), handshakeTimeout: limits.headersMs })
  server.maxRequestsPerSocket = limits.requestsPerConnectionMax
  server.maxConnections = limits.connectionsMax
  admitConnections(server, limits.connectionsPerClientMax)

  const serve = (request: IncomingMessage, response: ServerResponse) => {
    answerRequest(request, response, handler, limits).catch(fault => {
      onFault(fault)
      sendFault(response)
    })
  }
  server.on('request', serve)
  // Nobody is told to go on and send a body that nobody reads.
  server.on('checkContinue', serve)
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuse(socket, refusalStatus(error.code)))
  server.on('connect', (_request, socket) => refuse(socket, '405 Method Not Allowed'))
  return listen(server, endpoint)
}

function serverOptions(limits: HttpLimits) {
  return {
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    // How often Node looks for connections that are over time: often enough to overrun by a quarter at most.
    connectionsCheckingInterval: Math.max(20, Math.min(limits.headersMs, limits.requestMs) / 4),
    insecureHTTPParser: false,
    requireHostHeader: true,
  }
}

function listen(server: Server | TlsServer, endpoint: HttpEndpoint): Promise<RunningHttpServer> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: endpoint.address, port: endpoint.port, exclusive: true }, () => {
      server.off('error', reject)
      // Such as EMFILE in accept: the connection is lost, the server goes on.
      server.on('error', () => {})
      resolve({ address: server.address() as AddressInfo, close: graceMs => close(server, graceMs) })
    })
  })
}

function close(server: Server | TlsServer, graceMs = 1_000): Promise<void> {
  return new Promise(resolve => {
    const deadline = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearTimeout(deadline)
      resolve()
    })
    server.closeIdleConnections()
  })
}

async function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  handler: HttpHandler,
  limits: HttpLimits,
): Promise<void> {
  const { fits, kept } = await drain(request, limits)
  const malformed = isMalformed(request)
  const answer = malformed ? PLAIN_400 : await handler(request, fits ? kept : null)
  closeWhenLate(response, limits.answerMs)
  send(response, answer, !fits || malformed)
}

/** What Node's parser lets through: HTTP/0.9, and two Host lines, which two readers could understand differently (RFC 9112 §3.2). */
function isMalformed(request: IncomingMessage): boolean {
  return request.httpVersionMajor !== 1 || (request.headersDistinct.host?.length ?? 0) > 1
}

interface Drained {
  /** Whether the body came whole and was not longer than allowed. */
  readonly fits: boolean
  readonly kept: Buffer | null
}

/** Reads the body to its end, and keeps it while it is short. */
function drain(request: IncomingMessage, { bodyBytesMax, bodyKeptMax }: HttpLimits): Promise<Drained> {
  const tooMuch: Drained = { fits: false, kept: null }
  if (Number(request.headers['content-length'] ?? 0) > bodyBytesMax) return Promise.resolve(tooMuch)
  return new Promise(resolve => {
    let bytes = 0
    let kept: Buffer[] = []
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= bodyKeptMax) kept.push(chunk)
      else kept = []
      if (bytes <= bodyBytesMax) return
      request.pause()
      resolve(tooMuch)
    })
    request.once('end', () => resolve({ fits: true, kept: bytes > bodyKeptMax ? null : Buffer.concat(kept) }))
    request.once('close', () => resolve(tooMuch))
  })
}

const PLAIN_400: HttpAnswer = {
  status: 400,
  headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  body: 'Bad Request\n',
}

function closeWhenLate(response: ServerResponse, answerMs: number): void {
  const deadline = setTimeout(() => response.destroy(), answerMs)
  response.once('close', () => clearTimeout(deadline))
}

function send(response: ServerResponse, answer: HttpAnswer, last: boolean): void {
  response.writeHead(answer.status, {
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Content-Security-Policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ...answer.headers,
    'Content-Length': Buffer.byteLength(answer.body),
    ...(last ? { Connection: 'close' } : {}),
  })
  // Node leaves the body out where the method is HEAD.
  response.end(answer.body)
}

function sendFault(response: ServerResponse): void {
  if (response.headersSent) response.destroy()
  else send(response, { ...PLAIN_400, status: 500, body: 'Internal Server Error\n' }, true)
}

/** Answers what is no request, or none that came whole and in time, and ends the connection. */
function refuse(socket: Duplex, status: string): void {
  if (socket.writable && !socket.destroyed)
    socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  socket.destroy()
}

function refusalStatus(code: string | undefined): string {
  if (code === 'HPE_HEADER_OVERFLOW') return '431 Request Header Fields Too Large'
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return '408 Request Timeout'
  return '400 Bad Request'
}
