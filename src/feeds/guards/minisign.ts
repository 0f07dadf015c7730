/**
 * Signatures of lists in the format of minisign: Ed25519 over the BLAKE2b-512 hash of the file, and once more over that signature and a comment,
 * which is how a serial and an expiry are signed.
 *
 *     untrusted comment: signature from the hotline's key
 *     RUQ…                                                        algorithm (2) │ key id (8) │ signature (64)
 *     trusted comment: timestamp:1790000000 serial:42 expires:2026-12-31T00:00:00Z
 *     …                                                           signature (64) of the signature above and the comment
 *
 * Several of these one after another are signatures by several keys. Never: reads the list itself, which may be larger than memory.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { FeedRefused } from '../reader.ts'

export const HASH = 'blake2b512'
/** Of a file of signatures: a few hundred octets each. */
export const SIGNATURES_OCTETS_MAX = 64 * 1024

const ALGORITHM_OCTETS = 2
const KEY_ID_OCTETS = 8
const SIGNATURE_OCTETS = 64
const KEY_OCTETS = 32
/** Of keys and of signatures of a whole file, and of a file's hash. */
const OF_FILE = 'Ed'
const OF_HASH = 'ED'
/** What an Ed25519 public key has before its 32 octets (RFC 8410 §4). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

export interface PublicKey {
  /** Hexadecimal, as minisign prints it. */
  readonly id: string
  readonly key: KeyObject
}

/** A public key as minisign writes it, or what is wrong with it. */
export function parsePublicKey(text: string): PublicKey | string {
  const octets = Buffer.from(text, 'base64')
  const isWhole = octets.length === ALGORITHM_OCTETS + KEY_ID_OCTETS + KEY_OCTETS && octets.toString('base64') === text
  if (!isWhole || algorithmOf(octets) !== OF_FILE)
    return 'expected a minisign public key such as RWQ… with 56 characters'
  const spki = Buffer.concat([SPKI_PREFIX, octets.subarray(ALGORITHM_OCTETS + KEY_ID_OCTETS)])
  return { id: keyIdOf(octets), key: createPublicKey({ key: spki, format: 'der', type: 'spki' }) }
}

function algorithmOf(octets: Buffer): string {
  return octets.toString('latin1', 0, ALGORITHM_OCTETS)
}

/** Little-endian on the wire, as minisign prints it in hexadecimal. */
function keyIdOf(octets: Buffer): string {
  return Buffer.from(octets.subarray(ALGORITHM_OCTETS, ALGORITHM_OCTETS + KEY_ID_OCTETS))
    .reverse()
    .toString('hex')
    .toUpperCase()
}

export interface Signed {
  /** Identifiers of the keys whose signatures hold. */
  readonly by: readonly string[]
  /** The least of the serials that were signed; a time stamp stands for one where there is none. */
  readonly serial: number | null
  /** The first expiry that was signed, in seconds since 1970. */
  readonly expiresAt: number | null
}

/** Checks a list of this hash. Throws `FeedRefused` where fewer than `threshold` of the keys have signed it. */
export function checkSignatures(
  text: string,
  hash: Uint8Array,
  { keys, threshold }: { readonly keys: readonly PublicKey[]; readonly threshold: number },
): Signed {
  const found = blocksOf(text)
  const good = new Map<string, Comment>()
  const problems: string[] = []
  for (const block of found) {
    const key = keys.find(own => own.id === block.keyId)
    const problem = key === undefined ? `key ${block.keyId} is not one of the feed's` : problemOf(block, key, hash)
    if (problem === null) good.set(block.keyId, readComment(block.comment))
    else problems.push(problem)
  }
  if (good.size < threshold) {
    const why = problems.length === 0 ? '' : `: ${problems.join('; ')}`
    throw new FeedRefused(`${good.size} good signatures, ${threshold} needed${why}`)
  }
  const comments = [...good.values()]
  return {
    by: [...good.keys()],
    serial: least(comments.map(own => own.serial)),
    expiresAt: least(comments.map(own => own.expiresAt)),
  }
}

function least(values: readonly (number | null)[]): number | null {
  const known = values.filter(value => value !== null)
  return known.length === 0 ? null : Math.min(...known)
}

interface Block {
  readonly algorithm: string
  readonly keyId: string
  readonly signature: Buffer
  readonly comment: string
  readonly commentSignature: Buffer
}

const LINES_OF_BLOCK = 4
const BLOCKS_MAX = 32
const TRUSTED = 'trusted comment: '

function blocksOf(text: string): Block[] {
  const lines = text.split(/\r?\n/).filter(line => line !== '')
  if (lines.length === 0 || lines.length % LINES_OF_BLOCK !== 0 || lines.length > BLOCKS_MAX * LINES_OF_BLOCK)
    throw new FeedRefused('its signature is no minisign signature: expected four lines each')
  return Array.from({ length: lines.length / LINES_OF_BLOCK }, (_, i) =>
    blockOf(lines.slice(i * LINES_OF_BLOCK, (i + 1) * LINES_OF_BLOCK)),
  )
}

function blockOf([untrusted, signed, trusted, commentSigned]: readonly string[]): Block {
  const octets = Buffer.from(signed!, 'base64')
  const commentSignature = Buffer.from(commentSigned!, 'base64')
  const isWhole =
    untrusted!.startsWith('untrusted comment:') &&
    trusted!.startsWith(TRUSTED) &&
    octets.length === ALGORITHM_OCTETS + KEY_ID_OCTETS + SIGNATURE_OCTETS &&
    commentSignature.length === SIGNATURE_OCTETS
  if (!isWhole) throw new FeedRefused('its signature is no minisign signature')
  return {
    algorithm: algorithmOf(octets),
    keyId: keyIdOf(octets),
    signature: octets.subarray(ALGORITHM_OCTETS + KEY_ID_OCTETS),
    comment: trusted!.slice(TRUSTED.length),
    commentSignature,
  }
}

function problemOf(block: Block, { id, key }: PublicKey, hash: Uint8Array): string | null {
  if (block.algorithm === OF_FILE) return `key ${id} signed in the old way, over the whole file: sign its hash`
  if (block.algorithm !== OF_HASH) return `key ${id} signed in a way that is not known`
  if (!verify(null, hash, key, block.signature)) return `the signature by key ${id} is not of this list`
  const commented = Buffer.concat([block.signature, Buffer.from(block.comment)])
  return verify(null, commented, key, block.commentSignature) ? null : `the comment by key ${id} was changed`
}

interface Comment {
  readonly serial: number | null
  readonly expiresAt: number | null
}

/** `serial:`, `timestamp:` and `expires:` among the words of a trusted comment; other words are for people. */
function readComment(comment: string): Comment {
  const words = new Map(
    comment.split(/\s+/).map(word => [word.slice(0, word.indexOf(':')), word.slice(word.indexOf(':') + 1)] as const),
  )
  const serial = words.get('serial') ?? words.get('timestamp')
  const expires = words.get('expires')
  return {
    serial: serial === undefined ? null : wholeNumber('serial', serial),
    expiresAt: expires === undefined ? null : timeOf(expires),
  }
}

function wholeNumber(what: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new FeedRefused(`the ${what} that was signed is no number`)
  return Number(text)
}

function timeOf(text: string): number {
  if (/^\d+$/.test(text)) return wholeNumber('expiry', text)
  const milliseconds = /^\d{4}-\d\d-\d\d(T[\d:.]+Z)?$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(milliseconds)) throw new FeedRefused('the expiry that was signed is no date')
  return Math.floor(milliseconds / 1000)
}
