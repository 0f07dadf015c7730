/**
 * Keeps the local copy of a zone true to its primaries: asks for what is new when the SOA says so, when a primary notifies, and sooner after a failure;
 * one transfer at a time, and one more for all the reasons that came up meanwhile.
 *
 * Owns: `<data>/feeds/<name>.source`, which is watched and compiled like any other file, and `.source.state` beside it: when a primary last answered.
 * A zone that has expired stays in force: a filter that forgets because its source is gone would fail open. It is said, and can be alerted on.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { formatEndpoint } from '../../settings/address.ts'
import type { Endpoint } from '../../settings/settings.ts'
import { asFetchError, FETCH_CAUSES, type FetchCause, FetchError } from '../remote/fetch-error.ts'
import type { FetchState } from '../remote/fetcher.ts'
import { isNewer } from './serial.ts'
import { transferZone } from './session.ts'
import type { TsigKey } from './tsig.ts'
import { type HeldZone, heldZone, ZoneCopy } from './zone-copy.ts'

/** Bounds of what a SOA asks for, in seconds: no zone has us ask every second, or not for months. */
const REFRESH_MIN = 60
const REFRESH_MAX = 86_400
const RETRY_MIN = 30
/** Between two transfers, however often primaries notify. */
const PAUSE_MS = 1000

export interface TransfererOptions {
  readonly feed: string
  readonly zone: string
  readonly primaries: readonly Endpoint[]
  readonly key: TsigKey | null
  readonly path: string
  readonly timeoutMs: number
  readonly octetsMax: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** From 0 to 1, for times that not everybody has at once. */
  readonly random: () => number
  readonly newId: () => number
  readonly onProblem: (feed: string, problem: string) => void
}

export class Transferer {
  private readonly options: TransfererOptions
  private readonly failures = Object.fromEntries(FETCH_CAUSES.map(cause => [cause, 0])) as Record<FetchCause, number>
  private lastAttemptAt: number | null = null
  private lastSuccessAt: number | null
  private problem: string | null = null
  private held: HeldZone | null = null
  private underWay: Promise<boolean> | null = null
  private isWantedAgain = false
  private timer: NodeJS.Timeout | null = null
  private closed = false

  constructor(options: TransfererOptions) {
    this.options = options
    this.lastSuccessAt = readState(statePath(options.path))
  }

  get feed(): string {
    return this.options.feed
  }

  get zone(): string {
    return this.options.zone
  }

  get hasCopy(): boolean {
    return existsSync(this.options.path)
  }

  state(): FetchState {
    const { lastAttemptAt, lastSuccessAt, failures, problem, held } = this
    const age = Math.floor(this.options.now() / 1000) - (lastSuccessAt ?? 0)
    const isExpired = held !== null && lastSuccessAt !== null && age > held.expire
    return {
      feed: this.feed,
      lastAttemptAt,
      lastSuccessAt,
      failures,
      problem,
      zone: { serial: held?.serial ?? null, isExpired },
    }
  }

  isPrimary(address: string): boolean {
    return this.options.primaries.some(own => own.address === address)
  }

  get key(): TsigKey | null {
    return this.options.key
  }

  /** A primary says that there is something new: after what is under way, once more. */
  notified(): void {
    if (this.underWay === null) void this.refresh()
    else this.isWantedAgain = true
  }

  /** Transfers now, or joins what is under way; the next one follows by itself. Resolves with whether there is a new version. Never rejects. */
  refresh(): Promise<boolean> {
    this.underWay ??= this.fromAnyPrimary().finally(() => {
      this.underWay = null
      this.plan()
    })
    return this.underWay
  }

  private async fromAnyPrimary(): Promise<boolean> {
    const { feed, primaries, now, onProblem } = this.options
    this.lastAttemptAt = Math.floor(now() / 1000)
    const problems: string[] = []
    for (const primary of primaries) {
      try {
        const isNew = await this.fromPrimary(primary)
        this.lastSuccessAt = Math.floor(now() / 1000)
        this.problem = null
        writeState(statePath(this.options.path), this.lastSuccessAt)
        return isNew
      } catch (error) {
        const failure = asFetchError(error)
        this.failures[failure.kind]++
        problems.push(`${formatEndpoint(primary)}: ${failure.message}`)
      }
    }
    this.problem = problems.join('; ')
    onProblem(feed, this.problem)
    return false
  }

  private async fromPrimary(primary: Endpoint): Promise<boolean> {
    const { path, zone } = this.options
    this.held = await heldZone(path, zone)
    const serial = this.held?.serial ?? null
    try {
      await this.transfer(primary, serial)
    } catch (error) {
      const failure = asFetchError(error)
      // A primary that knows no differences, or sends ones that do not fit, has the whole zone.
      if (serial === null || !WHOLE_INSTEAD.has(failure.kind)) throw failure
      await this.transfer(primary, null)
    }
    this.held = await heldZone(path, zone)
    return this.held?.serial !== serial
  }

  private async transfer(primary: Endpoint, serial: number | null): Promise<void> {
    const { path, octetsMax, newId, now } = this.options
    const copy = new ZoneCopy(path, octetsMax)
    try {
      const asked = { ...this.options, primary, serial, id: newId(), now: () => Math.floor(now() / 1000) }
      const { outcome, soa } = await transferZone(asked, copy, () => copy.drain())
      if (outcome === 'current') return
      const before = this.held?.serial ?? null
      // Also where the whole zone was asked for because differences did not fit.
      if (serial === null && before !== null && isNewer(before, soa!.serial))
        throw new FetchError('serial', `its serial went back, from ${before} to ${soa!.serial}`)
      await copy.keep()
    } finally {
      await copy.discard()
    }
  }

  private plan(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    if (this.closed) return
    const again = this.isWantedAgain
    this.isWantedAgain = false
    const { random } = this.options
    const refresh = Math.min(REFRESH_MAX, Math.max(REFRESH_MIN, this.held?.refresh ?? REFRESH_MIN))
    const retry = Math.min(refresh, Math.max(RETRY_MIN, this.held?.retry ?? RETRY_MIN))
    const waitMs = again ? PAUSE_MS : (this.problem === null ? refresh : retry) * 1000 * (0.75 + random() / 4)
    this.timer = setTimeout(() => void this.refresh(), waitMs)
    this.timer.unref()
  }

  close(): void {
    this.closed = true
    if (this.timer !== null) clearTimeout(this.timer)
  }
}

const WHOLE_INSTEAD: ReadonlySet<FetchCause> = new Set(['transfer', 'refused', 'soa', 'length'])

function statePath(path: string): string {
  return `${path}.state`
}

/** Seconds since 1970, or null. */
function readState(path: string): number | null {
  try {
    const { checkedAt } = JSON.parse(readFileSync(path, 'utf8')) as { checkedAt?: unknown }
    return typeof checkedAt === 'number' ? checkedAt : null
  } catch {
    return null
  }
}

function writeState(path: string, checkedAt: number): void {
  writeFileSync(`${path}.new`, `${JSON.stringify({ checkedAt })}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}
