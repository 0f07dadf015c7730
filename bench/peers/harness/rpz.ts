/**
 * The block list as a response policy zone: each name and everything below it.
 */

import type { BlockList } from './names.ts'
import { BLOCK_ADDRESS, BLOCK_TTL_SECONDS } from './peer.ts'

export const RPZ_ZONE = 'rpz.invalid'

/** Local data for a resolver that answers from the zone itself; `CNAME .` for one that brings its own answer. */
export const LOCAL_DATA = `A ${BLOCK_ADDRESS}`
export const NO_SUCH_NAME = 'CNAME .'

export function rpzZone(list: BlockList, record: string): string {
  const head = [
    `$ORIGIN ${RPZ_ZONE}.`,
    `$TTL ${BLOCK_TTL_SECONDS}`,
    '@ SOA localhost. nobody.invalid. 1 86400 3600 604800 60',
    '@ NS localhost.',
  ]
  return `${[...head, ...list.names.map(name => `${name} ${record}\n*.${name} ${record}`)].join('\n')}\n`
}
