/** Who must have signed a list before it counts. */
import { parsePublicKey } from '../feeds/guards/minisign.ts'
import { list, section, text, whole } from './kinds.ts'
import type { Config } from './schema.ts'
import type { FeedSettings } from './settings.ts'
import type { Settling } from './settling.ts'

const KEYS_MAX = 32

export const signatureKey = section({
  keys: list(text('a minisign public key'), 'minisign public keys')
    .min(1, { error: 'at least one key' })
    .describe('Public keys of those who may sign the list, as minisign prints them.'),
  threshold: whole(1, KEYS_MAX, 'a number').default(1).describe('How many of them must have signed it.'),
})
  .optional()
  .describe(
    'Who must have signed the list. Signatures are expected beside it, in a file of the same name with .minisig behind it. Default: nobody.',
  )

export function settleSignature(
  signature: Config['feeds'][number]['signature'],
  index: number,
  settling: Settling,
): FeedSettings['signature'] {
  if (signature === undefined) return null
  const path = ['feeds', index, 'signature']
  const ids = new Set<string>()
  for (const [i, own] of signature.keys.entries()) {
    const key = parsePublicKey(own)
    if (typeof key === 'string') settling.report([...path, 'keys', i], key)
    else if (ids.size === ids.add(key.id).size) settling.report([...path, 'keys', i], `key ${key.id} stands twice`)
  }
  if (signature.threshold > signature.keys.length)
    settling.report(
      [...path, 'threshold'],
      `${signature.threshold} signatures are asked for, and there are ${signature.keys.length} keys`,
    )
  return signature
}
