/** What feeds may not do: block names that everybody needs, change out of all proportion. */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { line, list, section, text } from './kinds.ts'
import { parseName } from './names.ts'
import { type Path, quote, visible } from './problems.ts'
import type { Config } from './schema.ts'
import type { FeedSettings, PolicySettings, Settings } from './settings.ts'
import { type Settling, take } from './settling.ts'

const SHARE = /^(\d{1,5})%$/

function share(expected: string) {
  const error = `${expected}, such as 20%`
  return line(error).regex(SHARE, { error })
}

export const limitsKey = section({
  shrink: share('a share in per cent')
    .default('20%')
    .describe('By how much of its entries the feed may shrink at once.'),
  grow: share('a share in per cent').default('50%').describe('By how much it may grow at once.'),
  bad: share('a share in per cent')
    .default('1%')
    .describe('How many of its lines may be bad; five always may. A list with more is refused.'),
})
  .prefault({})
  .describe('A version that changes the feed by more is held back until qalqan feeds approve; the last good one stays.')

export const guardsKey = section({
  protected: list(text('a domain name'), 'domain names')
    .default([])
    .describe('Names that no feed may block, with those above them: your own, banks, the hotline.'),
  top_list: text('the path of a file')
    .optional()
    .describe('A file of names that everybody uses, one a line or as rank,name: no feed may block those either.'),
  exceptions: list(
    section({
      name: text('a domain name').describe('The name whose rule counts all the same.'),
      by: line('the name of a person').describe('Who answers for it.'),
      reason: line('a reason', 1000).describe('Why.'),
    }),
    'exceptions',
  )
    .default([])
    .describe('Rules that count although a guard would keep them back, each answered for by a person.'),
})
  .prefault({})
  .describe('Names that no feed may block.')

export function settleLimits(limits: { shrink: string; grow: string; bad: string }) {
  const shareOf = (written: string) => Number(SHARE.exec(written)![1]) / 100
  return { shrink: shareOf(limits.shrink), grow: shareOf(limits.grow), bad: shareOf(limits.bad) }
}

export function settleGuards(
  config: Config,
  feeds: readonly FeedSettings[],
  policies: readonly PolicySettings[],
  settling: Settling,
): Settings['guards'] {
  const { protected: own, top_list: top, exceptions } = config.guards
  return {
    protected: [...own.flatMap((name, i) => nameOf(name, ['guards', 'protected', i], settling)), ...ownHosts(config)],
    topList: top === undefined ? [] : readTopList(top, settling),
    exceptions: exceptions.flatMap(({ name }, i) => nameOf(name, ['guards', 'exceptions', i, 'name'], settling)),
    positiveFeeds: feeds.filter(feed => isPositive(feed, policies)).map(feed => feed.name),
  }
}

function isPositive({ category }: FeedSettings, policies: readonly PolicySettings[]): boolean {
  return (
    policies.some(policy => policy.allowOnly.includes(category)) &&
    !policies.some(policy => policy.categories.includes(category))
  )
}

function nameOf(name: string, path: Path, settling: Settling): string[] {
  const parsed = take(parseName(name), path, settling)
  return parsed === null ? [] : [parsed]
}

/** Hosts that this configuration itself sends people to: who is blocked must be able to object. */
function ownHosts({ block_page: page, blocking }: Config): string[] {
  const hosts = [page.appeal.url, blocking.link].map(url =>
    url === undefined ? null : (URL.parse(url)?.hostname ?? null),
  )
  const mail = page.appeal.email?.split('@')[1]
  return [...hosts, mail].flatMap(host => {
    const parsed = host === null || host === undefined ? { why: 'none' } : parseName(host)
    return 'value' in parsed ? [parsed.value] : []
  })
}

function readTopList(written: string, settling: Settling): string[] {
  const path: Path = ['guards', 'top_list']
  const absolute = resolve(dirname(settling.file), written)
  const problem = settling.environment.fileProblem(absolute)
  if (problem !== null) {
    settling.report(path, `${visible(absolute)}: ${problem}`)
    return []
  }
  const names: string[] = []
  for (const [index, own] of readFileSync(absolute, 'utf8').split('\n').entries()) {
    const text = own.replace(/#.*/, '').trim().replace(/^\d+,/, '')
    if (text === '') continue
    const parsed = parseName(text)
    if ('value' in parsed) names.push(parsed.value)
    else settling.report(path, `${visible(absolute)}, line ${index + 1}: ${parsed.why}, got ${quote(text)}`)
  }
  return names
}
