/** Keys and signatures as minisign makes them, for tests that have no minisign. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

export interface TestKey {
  /** As a configuration has it. */
  readonly text: string
  readonly id: Buffer
  readonly secret: KeyObject
}

export function testKey(number: number): TestKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const id = Buffer.alloc(8, number)
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  return { text: Buffer.concat([Buffer.from('Ed'), id, raw]).toString('base64'), id, secret: privateKey }
}

/** The four lines of a signature; `algorithm` `Ed` is the old one, of the whole file. */
export function signatureOf(list: string, key: TestKey, comment: string, algorithm = 'ED'): string {
  const signed = algorithm === 'ED' ? createHash('blake2b512').update(list).digest() : Buffer.from(list)
  const signature = sign(null, signed, key.secret)
  const commented = sign(null, Buffer.concat([signature, Buffer.from(comment)]), key.secret)
  const lines = [
    'untrusted comment: whatever',
    Buffer.concat([Buffer.from(algorithm), key.id, signature]).toString('base64'),
    `trusted comment: ${comment}`,
    commented.toString('base64'),
  ]
  return lines.map(line => `${line}\n`).join('')
}
