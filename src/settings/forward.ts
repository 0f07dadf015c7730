/** Zones that have servers of their own: which are asked for names below them, and for nothing else. */
import { z } from 'zod'
import { list, text } from './kinds.ts'
import { parseName } from './names.ts'
import { quote } from './problems.ts'
import type { Config } from './schema.ts'
import type { ForwardSettings, ListenSettings } from './settings.ts'
import type { Settling } from './settling.ts'
import { settleServers } from './upstreams.ts'

export const forwardKey = z
  .record(
    z.string(),
    list(text('an address such as 192.0.2.53 or "[2001:db8::53]:53"'), 'server addresses').min(1, {
      error: 'at least one server',
    }),
    { error: 'a mapping of zones to lists of servers' },
  )
  .default({})
  .describe('Zones whose names, and all below them, are asked for at servers of their own.')

export function settleForward(
  config: Config,
  listen: readonly ListenSettings[],
  settling: Settling,
): ForwardSettings[] {
  const settled: ForwardSettings[] = []
  for (const [written, addresses] of Object.entries(config.forward)) {
    const parsed = parseName(written)
    if ('why' in parsed) settling.report(['forward', written], parsed.why, 'key')
    else if (settled.some(other => other.zone === parsed.value))
      settling.report(['forward', written], `${quote(written)} stands twice, in two spellings`, 'key')
    else settled.push({ zone: parsed.value, servers: settleServers(addresses, ['forward', written], listen, settling) })
  }
  return settled
}
