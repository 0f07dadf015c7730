/**
 * Whether a list has the signatures that its feed requires. The list is hashed while it is read; its signatures stand in a file beside it, named
 * as minisign names them.
 */
import { createHash } from 'node:crypto'
import type { FeedSettings } from '../../settings/settings.ts'
import { openFeedFile } from '../feed-file.ts'
import { FeedRefused } from '../reader.ts'
import { checkSignatures, HASH, parsePublicKey, SIGNATURES_OCTETS_MAX, type Signed } from './minisign.ts'

type SignatureSettings = NonNullable<FeedSettings['signature']>

export function signaturePath(source: string): string {
  return `${source}.minisig`
}

/** For one reading of one list. */
export class SignatureCheck {
  private readonly hash = createHash(HASH)
  private readonly settings: SignatureSettings
  private readonly path: string

  constructor(settings: SignatureSettings, source: string) {
    this.settings = settings
    this.path = signaturePath(source)
  }

  /** Sees every octet of the list, in order. */
  tap(octets: Uint8Array): void {
    this.hash.update(octets)
  }

  /** After the last octet. Throws `FeedRefused`. `now`: seconds since 1970. */
  verdict(now: number): Signed {
    const { keys, threshold } = this.settings
    const parsed = keys.map(parsePublicKey).filter(key => typeof key !== 'string')
    const signed = checkSignatures(readSignatures(this.path), this.hash.digest(), { keys: parsed, threshold })
    if (signed.expiresAt !== null && signed.expiresAt <= now)
      throw new FeedRefused(`its signature expired on ${new Date(signed.expiresAt * 1000).toISOString()}`)
    return signed
  }
}

function readSignatures(path: string): string {
  const file = openSignatures(path)
  try {
    const octets = new Uint8Array(SIGNATURES_OCTETS_MAX + 1)
    const read = file.read(octets)
    if (read > SIGNATURES_OCTETS_MAX) throw new FeedRefused(`${path} is too long for signatures`)
    return Buffer.from(octets.subarray(0, read)).toString('utf8')
  } finally {
    file.close()
  }
}

function openSignatures(path: string) {
  try {
    return openFeedFile(path)
  } catch (error) {
    throw error instanceof FeedRefused ? new FeedRefused(`it needs a signature, and has none: ${error.message}`) : error
  }
}
