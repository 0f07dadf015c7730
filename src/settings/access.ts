/**
 * Who may ask, how often, and what this resolver says of itself.
 *
 * Owns: the default list of who may ask where a listener is not on loopback: networks that are not the internet, and the clients that a
 * policy names. A resolver open to everybody is an amplifier, so that takes being written down.
 */
import { isIPv4 } from 'node:net'
import { z } from 'zod'
import { parsePrefix } from './address.ts'
import { choice, duration, flag, line, list, section, text, whole } from './kinds.ts'
import type { Path } from './problems.ts'
import type { Config } from './schema.ts'
import type { Endpoint, PolicySettings, Settings } from './settings.ts'
import { type Settling, take } from './settling.ts'
import { durationMs } from './units.ts'

const prefixes = list(text('a client prefix, such as 10.20.0.0/16 or "2001:db8:20::/48"'), 'client prefixes')

export const accessKeys = {
  allow: prefixes
    .optional()
    .describe(
      'Prefixes of the clients that may ask; listeners on loopback addresses are open to whoever reaches them. Default: private networks (RFC 1918, 6598, 4193, link-local) and the clients of policies.',
    ),
  strangers: choice(['refuse', 'drop'])
    .default('refuse')
    .describe('What other clients get: REFUSED with the reason, or no answer.'),
  rate_limit: section({
    queries_per_second: whole(1, 10_000_000, 'a number').describe(
      'Queries a second over UDP of one client prefix, all workers together.',
    ),
    burst: whole(1, 100_000_000, 'a number')
      .optional()
      .describe("Queries at once after a pause. Default: four seconds' worth."),
    slip: whole(0, 100, 'a number')
      .default(2)
      .describe('Every how many limited queries one is answered with TC, so that real clients come over TCP; 0: none.'),
    ipv4_prefix: choiceOfBits(['16', '24', '32'], 24).describe('Length of the prefix that one limit is for, IPv4.'),
    ipv6_prefix: choiceOfBits(['48', '56', '64', '128'], 56).describe('The same for IPv6.'),
  })
    .optional()
    .describe('A limit for each client prefix. Without it there is none. Loopback listeners have none either.'),
  proxy_protocol: section({
    from: prefixes
      .default([])
      .describe(
        'Prefixes of proxies in front (dnsdist, a load balancer) that say for whom they ask, in a PROXY header of version 2.',
      ),
  })
    .prefault({})
    .describe('Proxies in front of this resolver.'),
  cookies: section({
    enabled: flag()
      .default(true)
      .describe(
        'Whether DNS cookies (RFC 7873) are given to who asks for them; who shows a good one is not rate-limited.',
      ),
    secrets: list(
      line('a secret of 32 hexadecimal digits').regex(/^[0-9a-fA-F]{32}$/, {
        error: 'a secret of 32 hexadecimal digits',
      }),
      'secrets',
    )
      .default([])
      .describe(
        'Secrets shared with other servers at the same address: the first makes cookies, all are accepted. Without any, one is made at each start.',
      ),
  })
    .prefault({})
    .describe('DNS cookies.'),
  identity: section({
    version: line('a text', 255).optional().describe('The answer to version.bind. Without it the question is refused.'),
    id: line('a text', 255).optional().describe('The answer to id.server. Without it the question is refused.'),
  })
    .prefault({})
    .describe('What this resolver says of itself, class CH.'),
  any: choice(['minimal', 'forward'])
    .default('minimal')
    .describe('How a question of type ANY is answered: with one short record (RFC 8482), or by the upstream.'),
  rebinding: section({
    protect: flag()
      .default(false)
      .describe('Whether answers with addresses of private networks are held back (DNS rebinding).'),
    allow: list(text('a domain name'), 'domain names')
      .default([])
      .describe('Names below which private addresses are expected. Zones of `forward` need not be named.'),
  })
    .prefault({})
    .describe('Private addresses in the answers of public names.'),
  private_reverse_zones: choice(['answer', 'forward'])
    .default('answer')
    .describe(
      'Reverse zones of private addresses (RFC 6303): answered here with NXDOMAIN, or asked for upstream. Zones of `forward` and names of `records` go before.',
    ),
} as const

function choiceOfBits(bits: readonly string[], fallback: number) {
  const error = `one of ${bits.join(', ')}`
  return z
    .int({ error })
    .refine(written => bits.includes(String(written)), { error })
    .default(fallback)
}

const NOT_THE_INTERNET = [
  ...['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'],
  ...['::1/128', 'fc00::/7', 'fe80::/10'],
]

export function settleAccess(
  config: Config,
  policies: readonly PolicySettings[],
  settling: Settling,
): Settings['access'] {
  const clients =
    config.allow === undefined ? defaultClients(policies) : settlePrefixes(config.allow, ['allow'], settling)
  const { rate_limit: limit } = config
  return {
    clients,
    proxies: settlePrefixes(config.proxy_protocol.from, ['proxy_protocol', 'from'], settling),
    strangersAreDropped: config.strangers === 'drop',
    rateLimit:
      limit === undefined
        ? null
        : {
            perSecond: limit.queries_per_second,
            burst: limit.burst ?? limit.queries_per_second * BURST_SECONDS,
            slip: limit.slip,
            ipv4Bits: limit.ipv4_prefix,
            ipv6Bits: limit.ipv6_prefix,
          },
    cookies: config.cookies.enabled ? { secrets: config.cookies.secrets.map(own => own.toLowerCase()) } : null,
    identity: { version: config.identity.version ?? null, id: config.identity.id ?? null },
    anyIsMinimal: config.any === 'minimal',
  }
}

const BURST_SECONDS = 4

function defaultClients(policies: readonly PolicySettings[]): string[] {
  return [...new Set([...NOT_THE_INTERNET, ...policies.flatMap(policy => policy.clients)])]
}

function settlePrefixes(allow: readonly string[], path: Path, settling: Settling): string[] {
  const settled: string[] = []
  for (const [index, written] of allow.entries()) {
    const prefix = take(parsePrefix(written), [...path, index], settling)
    if (prefix !== null && settled.includes(prefix)) settling.report([...path, index], `${prefix} stands twice`)
    else if (prefix !== null) settled.push(prefix)
  }
  return settled
}

/** Whether only this machine reaches a listener. */
export function isLoopbackListener({ address }: Endpoint): boolean {
  return address === '::1' || (isIPv4(address) && address.startsWith('127.'))
}

export const staleKey = duration('0s', '7d', 's')
  .default('1d')
  .describe('For how long an answer may be given after its time while upstreams fail (RFC 8767). 0s: not at all.')

export const keepKey = flag()
  .default(false)
  .describe(
    'Whether answers are kept on disk while the program is not running. The file has the names that were asked for, not by whom.',
  )

export function staleSeconds(config: Config): number {
  return durationMs(config.cache.stale) / 1000
}
