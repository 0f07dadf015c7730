/** Feeds: unique names, absolute paths, files that are there. */
import { dirname, resolve } from 'node:path'
import { lastGoodPath } from '../feeds/last-good.ts'
import { isWebSource, localCopyPath, settleRemote, settleWebSource } from './fetch.ts'
import { settleLimits } from './guards.ts'
import { quote, visible } from './problems.ts'
import type { Config } from './schema.ts'
import type { FeedSettings } from './settings.ts'
import type { Settling } from './settling.ts'
import { settleSignature } from './signature.ts'
import { isZoneSource, settleTransfer } from './zones.ts'

export function settleFeeds(config: Config, settling: Settling): FeedSettings[] {
  const names = new Set<string>()
  return config.feeds.map((feed, index) => {
    if (names.size === names.add(feed.name).size)
      settling.report(['feeds', index, 'name'], `another feed is named ${quote(feed.name)}`)
    if (feed.answer === 'page' && pageless(config) && settling.whole('blocking'))
      settling.report(['feeds', index, 'answer'], 'the answer page needs blocking.page.ipv4 or blocking.page.ipv6')
    return {
      name: feed.name,
      source: settleAnySource(feed, index, resolve(dirname(settling.file), config.data), settling),
      transfer: settleTransfer(config, index, settling),
      remote: settleRemote(feed, config),
      format: isZoneSource(feed.source) ? 'rpz' : feed.format,
      mode: feed.mode,
      class: feed.class,
      category: feed.category,
      scope: feed.scope,
      subdomains: feed.subdomains ?? null,
      answer: feed.answer ?? null,
      limits: settleLimits(feed.limits),
      signature: settleSignature(feed.signature, index, settling),
    }
  })
}

function settleAnySource(feed: Config['feeds'][number], index: number, data: string, settling: Settling): string {
  if (isWebSource(feed.source)) return settleWebSource(feed, ['feeds', index, 'source'], data, settling)
  if (isZoneSource(feed.source)) return localCopyPath(feed.name, data)
  return settleSource(feed.source, index, lastGoodPath(data, feed.name), settling)
}

export function pageless(config: Config): boolean {
  return config.blocking.page.ipv4 === undefined && config.blocking.page.ipv6 === undefined
}

/** A file that is not there is a mistake, unless it was there before: then its last good copy is in force, as when it goes later. */
function settleSource(source: string, index: number, copy: string, settling: Settling): string {
  const path = ['feeds', index, 'source']
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(source)?.[1]?.toLowerCase()
  if (scheme !== undefined) {
    settling.report(
      path,
      `sources over ${scheme}:// are not supported: give the path of a file, an http:// or https:// URL, or xfr:// and a zone`,
    )
    return source
  }
  const absolute = resolve(dirname(settling.file), source)
  const problem = source.includes('\0') ? 'no such file' : settling.environment.fileProblem(absolute)
  if (problem === null) return absolute
  if (settling.environment.fileProblem(copy) === null)
    settling.warn(
      `The source of a feed cannot be read, and its last good copy counts: ${visible(absolute)}: ${problem}`,
    )
  else settling.report(path, `${visible(absolute)}: ${problem}`)
  return absolute
}
