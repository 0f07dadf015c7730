/**
 * Keeps the local copy of a list that stands elsewhere: fetches it now and then, sooner after a failure, one fetch at a time.
 *
 * Owns: `<data>/feeds/<name>.source`, which is watched and compiled like any other file, and `<name>.source.state` beside it: where the copy is from,
 * and what the server called this version. Never: touches what is in force; a source that is gone for days leaves its copy in place.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeFolder } from '../../platform/make-folder.ts'
import { SIGNATURES_OCTETS_MAX } from '../guards/minisign.ts'
import { signaturePath } from '../guards/signature.ts'
import type { ResolveHost } from './destination.ts'
import { fetchList, type Validators } from './fetch.ts'
import { asFetchError, FETCH_CAUSES, type FetchCause } from './fetch-error.ts'

const RETRY_MS = 30_000
const RETRY_DOUBLINGS_MAX = 6

export interface FetcherOptions {
  readonly feed: string
  readonly url: string
  readonly path: string
  readonly refreshMs: number
  readonly timeoutMs: number
  readonly octetsMax: number
  readonly allowPrivate: boolean
  /** Whether the list has signatures beside it. */
  readonly isSigned: boolean
  readonly agentName: string
  readonly proxy: string | null
  readonly resolve: ResolveHost
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** From 0 to 1, for times that not everybody has at once. */
  readonly random: () => number
  readonly onProblem: (feed: string, problem: string) => void
}

/** Times are seconds since 1970. */
export interface FetchState {
  readonly feed: string
  readonly lastAttemptAt: number | null
  readonly lastSuccessAt: number | null
  readonly failures: Readonly<Record<FetchCause, number>>
  readonly problem: string | null
  /** Of a zone that is taken by transfer: its serial, and whether no primary has answered for as long as its SOA says it may be used. */
  readonly zone: { readonly serial: number | null; readonly isExpired: boolean } | null
}

export class Fetcher {
  private readonly options: FetcherOptions
  private readonly failures = Object.fromEntries(FETCH_CAUSES.map(cause => [cause, 0])) as Record<FetchCause, number>
  private lastAttemptAt: number | null = null
  private lastSuccessAt: number | null = null
  private problem: string | null = null
  private failedInARow = 0
  private underWay: Promise<boolean> | null = null
  private timer: NodeJS.Timeout | null = null
  private closed = false

  constructor(options: FetcherOptions) {
    this.options = options
  }

  get feed(): string {
    return this.options.feed
  }

  get hasCopy(): boolean {
    return existsSync(this.options.path)
  }

  state(): FetchState {
    const { lastAttemptAt, lastSuccessAt, failures, problem } = this
    return { feed: this.options.feed, lastAttemptAt, lastSuccessAt, failures, problem, zone: null }
  }

  /** Fetches now, or joins the fetch that is under way; the next one follows by itself. Resolves with whether there is a new version. Never rejects. */
  refresh(): Promise<boolean> {
    this.underWay ??= this.fetchOnce().finally(() => {
      this.underWay = null
      this.plan()
    })
    return this.underWay
  }

  private async fetchOnce(): Promise<boolean> {
    const { feed, path, now, onProblem } = this.options
    this.lastAttemptAt = Math.floor(now() / 1000)
    try {
      makeFolder(dirname(path))
      if (this.options.isSigned) await this.fetchSignature()
      const { isNew, etag, lastModified } = await fetchList({ ...this.options, validators: this.validators() })
      if (isNew) this.remember({ etag, lastModified })
      // Both are in place within a moment of each other, so that a list is not judged by the signature of another version.
      if (this.options.isSigned) renameSync(this.nextSignaturePath, signaturePath(path))
      this.lastSuccessAt = Math.floor(now() / 1000)
      this.failedInARow = 0
      this.problem = null
      // A list that stays can have a new signature.
      return isNew || this.options.isSigned
    } catch (error) {
      const failure = asFetchError(error)
      this.failures[failure.kind]++
      this.failedInARow++
      this.problem = failure.message
      onProblem(feed, failure.message)
      return false
    }
  }

  private async fetchSignature(): Promise<void> {
    const url = new URL(this.options.url)
    url.pathname = signaturePath(url.pathname)
    const validators = { etag: null, lastModified: null }
    const octetsMax = SIGNATURES_OCTETS_MAX
    await fetchList({ ...this.options, url: url.href, path: this.nextSignaturePath, octetsMax, validators })
  }

  private get nextSignaturePath(): string {
    return `${signaturePath(this.options.path)}.next`
  }

  private plan(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    if (this.closed) return
    const { refreshMs, random } = this.options
    const backoffMs = RETRY_MS * 2 ** Math.min(this.failedInARow - 1, RETRY_DOUBLINGS_MAX)
    const waitMs = this.failedInARow === 0 ? refreshMs : Math.min(refreshMs, backoffMs)
    // Half of it at least, so that many servers that began at once do not come back at once.
    this.timer = setTimeout(() => void this.refresh(), waitMs * (0.5 + random() / 2))
    this.timer.unref()
  }

  /** Those of the copy in place; none where it is from elsewhere, or was taken away. */
  private validators(): Validators {
    const none = { etag: null, lastModified: null }
    if (!this.hasCopy) return none
    try {
      const read = JSON.parse(readFileSync(this.statePath, 'utf8')) as Validators & { url?: unknown }
      const text = (value: unknown) => (typeof value === 'string' ? value : null)
      return read.url === this.options.url ? { etag: text(read.etag), lastModified: text(read.lastModified) } : none
    } catch {
      return none
    }
  }

  private remember(validators: Validators): void {
    const text = `${JSON.stringify({ url: this.options.url, ...validators })}\n`
    writeFileSync(`${this.statePath}.new`, text, { mode: 0o600 })
    renameSync(`${this.statePath}.new`, this.statePath)
  }

  private get statePath(): string {
    return `${this.options.path}.state`
  }

  close(): void {
    this.closed = true
    if (this.timer !== null) clearTimeout(this.timer)
  }
}
