/** Lists that stand elsewhere: where from, how often, how large, and who is asked for their hosts' addresses. */
import { join } from 'node:path'
import { parseEndpoint } from './address.ts'
import { duration, list, section, size, text } from './kinds.ts'
import { type Path, quote } from './problems.ts'
import type { Config } from './schema.ts'
import type { FeedSettings, Settings } from './settings.ts'
import { type Settling, take } from './settling.ts'
import { durationMs, sizeBytes } from './units.ts'

const DNS_PORT = 53

export const fetchKey = section({
  timeout: duration('1s', '1h').default('2m').describe('How long one fetch may take in all.'),
  size_max: size('1KiB', '4GiB').default('512MiB').describe('How large a list may be, packed or unpacked.'),
  refresh: duration('1m', '7d')
    .default('1h')
    .describe('How often lists are fetched; feeds may have a time of their own.'),
  bootstrap: list(text('an address such as 192.0.2.53'), 'addresses')
    .default([])
    .describe('Servers that are asked for the addresses of the hosts of lists. Default: the upstreams.'),
  proxy: text('the URL of a proxy, such as http://192.0.2.80:3128')
    .optional()
    .describe(
      'A proxy that lists are fetched through. Default: none. It looks the hosts of lists up and decides where it connects to.',
    ),
})
  .prefault({})
  .describe('How lists with an http:// or https:// source are fetched.')

export function settleFetch({ fetch }: Config, settling: Settling): Settings['fetch'] {
  return {
    timeoutMs: durationMs(fetch.timeout),
    octetsMax: sizeBytes(fetch.size_max),
    proxy: settleProxy(fetch.proxy, settling),
    bootstrap: fetch.bootstrap.flatMap(
      (own, i) => take(parseEndpoint(own, DNS_PORT), ['fetch', 'bootstrap', i], settling) ?? [],
    ),
  }
}

function settleProxy(proxy: string | undefined, settling: Settling): string | null {
  if (proxy === undefined) return null
  const url = URL.parse(proxy)
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '')
    settling.report(
      ['fetch', 'proxy'],
      `expected the URL of a proxy such as http://192.0.2.80:3128, got ${quote(proxy)}`,
    )
  return proxy
}

type ConfigFeed = Config['feeds'][number]

/** Where a feed with a URL comes from, or null for one that is a file. */
export function settleRemote(feed: ConfigFeed, config: Config): FeedSettings['remote'] {
  if (!isWebSource(feed.source)) return null
  return {
    url: feed.source,
    refreshMs: durationMs(feed.refresh ?? config.fetch.refresh),
    allowPrivate: feed.allow_private,
  }
}

export function isWebSource(source: string): boolean {
  return /^https?:\/\//i.test(source)
}

/** The local copy's path, with what is wrong with the URL reported. */
export function settleWebSource(feed: ConfigFeed, path: Path, data: string, settling: Settling): string {
  const url = URL.parse(feed.source)
  if (url === null || url.hostname === '') settling.report(path, `${quote(feed.source)} is no URL`)
  return localCopyPath(feed.name, data)
}

/** Where the copy of a list stands that is fetched or transferred. */
export function localCopyPath(feed: string, data: string): string {
  return join(data, 'feeds', `${encodeURIComponent(feed)}.source`)
}
