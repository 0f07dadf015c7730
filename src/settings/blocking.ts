/** How blocked names are answered: by class, and what is said of them. */
import { ANSWER_MODES, CLASSES, type RuleClass } from '../images/classes.ts'
import { pageless } from './feeds.ts'
import { choice, duration, flag, line, section, whole } from './kinds.ts'
import { quote } from './problems.ts'
import type { Config } from './schema.ts'
import type { ClassBlocking, Settings } from './settings.ts'
import type { Settling } from './settling.ts'
import { durationMs } from './units.ts'

const ofClass = (what: string) =>
  section({
    answer: choice(ANSWER_MODES).optional().describe('Over blocking.answer.'),
    ttl: duration('0s', '1d', 's').optional().describe('Over blocking.ttl.'),
  })
    .prefault({})
    .describe(what)

export const blockingKeys = {
  hotline: ofClass('How names of class hotline are answered.'),
  legal: ofClass('How names of class legal are answered.'),
  household: ofClass('How names of class household are answered.'),
  allow_covers_aliases: flag()
    .default(false)
    .describe(
      'Whether an exception for a name holds as well for the names that its aliases lead to. Without it those are judged for themselves.',
    ),
  link: line('a URL that a case number can be put behind', 200)
    .optional()
    .describe(
      'A URL, https:// or http://, that is the page about a case when its number is put behind it; it stands in Extended DNS Errors.',
    ),
  structured_errors: flag()
    .default(false)
    .describe(
      'Whether clients that ask for it get contact, reason and organization as structured data (draft-ietf-dnsop-structured-dns-error).',
    ),
  structured_errors_option: whole(0, 65_535, 'an EDNS option code')
    .default(0)
    .describe(
      'The option by which clients ask, once IANA has given it a number; 0: they ask with an empty Extended DNS Error.',
    ),
  structured_errors_language: choice(['kk', 'ru', 'en']).default('en').describe('The language of the reason.'),
} as const

type Shared = Pick<Settings['blocking'], 'answer' | 'ttlSeconds'>

export function settleClasses(config: Config, shared: Shared, settling: Settling): Settings['blocking']['classes'] {
  const settled = CLASSES.map(own => [own, settleClass(own, config, shared, settling)] as const)
  return Object.fromEntries(settled) as Record<RuleClass, ClassBlocking>
}

function settleClass(own: RuleClass, config: Config, shared: Shared, settling: Settling): ClassBlocking {
  const { answer = shared.answer, ttl } = config.blocking[own]
  if (config.blocking[own].answer === 'page' && pageless(config) && settling.whole('blocking'))
    settling.report(['blocking', own, 'answer'], 'the answer page needs blocking.page.ipv4 or blocking.page.ipv6')
  return { answer, ttlSeconds: ttl === undefined ? shared.ttlSeconds : durationMs(ttl) / 1000 }
}

/** It goes into messages of at most 1232 octets and is read by people: plain, and short. */
export function settleLink({ blocking: { link } }: Config, settling: Settling): string | null {
  if (link === undefined) return null
  if (!/^https?:\/\/[\x21\x23-\x5b\x5d-\x7e]+$/.test(link) || URL.parse(link) === null) {
    settling.report(['blocking', 'link'], `expected a URL that begins with https:// or http://, got ${quote(link)}`)
    return null
  }
  return link
}
