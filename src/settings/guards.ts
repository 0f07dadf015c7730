/** What feeds may not do: block names that everybody needs, change out of all proportion. */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type GuardException, hasEnded } from '../feeds/guards/exception.ts'
import { secondsOf } from '../feeds/qalqan-entry.ts'
import { CLASSES } from '../images/classes.ts'
import { line, list, section, text } from './kinds.ts'
import { parseName } from './names.ts'
import { type Path, quote, visible } from './problems.ts'
import type { Config } from './schema.ts'
import type { FeedSettings, PolicySettings, Settings } from './settings.ts'
import { type Settling, take } from './settling.ts'

const DATE = 'a date, such as 2026-12-31 or 2026-12-31T18:00:00+05:00'
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
    .describe(
      'Names that no feed may block, with www. before them and those above them: your own, banks, the hotline. *.bank.example: also all below it.',
    ),
  top_list: text('the path of a file')
    .optional()
    .describe('A file of names that everybody uses, one a line or as rank,name: no feed may block those either.'),
  exceptions: list(
    section({
      name: text('a domain name').describe('The name whose rule counts all the same.'),
      by: line('the name of a person').describe('Who answers for it.'),
      reason: line('a reason', 1000).describe('Why.'),
      until: line(DATE).optional().describe('From this moment on the guard holds again. Absent: it has no end.'),
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
    protected: [
      ...own.flatMap((name, i) => protectedName(name, ['guards', 'protected', i], settling)),
      ...ownHosts(config, feeds),
    ],
    topList: top === undefined ? [] : readTopList(top, settling),
    exceptions: exceptions.flatMap((own, i) => exceptionOf(own, ['guards', 'exceptions', i], settling)),
    positiveFeeds: feeds.filter(feed => isPositive(feed, policies)).map(feed => feed.name),
  }
}

function exceptionOf(
  { name: written, by, reason, until: end }: Config['guards']['exceptions'][number],
  path: Path,
  settling: Settling,
): GuardException[] {
  const until = end === undefined ? null : secondsOf(end)
  if (end !== undefined && until === null) settling.report([...path, 'until'], `expected ${DATE}, got ${quote(end)}`)
  return nameOf(written, [...path, 'name'], settling).map(name => {
    const exception = { name, by, reason, until }
    if (hasEnded(exception, settling.environment.now() / 1000))
      settling.warn(`The exception of guards for ${name} by ${visible(by)} ended on ${end}: the guard holds again.`)
    return exception
  })
}

function isPositive({ category }: FeedSettings, policies: readonly PolicySettings[]): boolean {
  return (
    policies.some(policy => policy.allowOnly.includes(category)) &&
    !policies.some(policy => policy.categories.includes(category))
  )
}

/** With all below it where it is written so. */
function protectedName(written: string, path: Path, settling: Settling): string[] {
  if (!written.startsWith('*.')) return nameOf(written, path, settling)
  return nameOf(written.slice(2), path, settling).map(name => `*.${name}`)
}

function nameOf(name: string, path: Path, settling: Settling): string[] {
  const parsed = take(parseName(name), path, settling)
  return parsed === null ? [] : [parsed]
}

/** Hosts that this configuration itself sends people to, so that who is blocked can object, and those that lists come from. */
function ownHosts({ block_page: page, blocking }: Config, feeds: readonly FeedSettings[]): string[] {
  const ways = [page.appeal, ...CLASSES.map(own => page[own].appeal)]
  const urls = [blocking.link, ...ways.map(own => own.url), ...feeds.map(own => own.remote?.url)]
  const hosts = urls.map(url => (url === undefined ? undefined : URL.parse(url)?.hostname))
  const mail = ways.map(own => own.email?.split('@')[1])
  const names = [...hosts, ...mail].flatMap(host => {
    const parsed = host === undefined ? { why: 'none' } : parseName(host)
    return 'value' in parsed ? [parsed.value] : []
  })
  return [...new Set(names)]
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
