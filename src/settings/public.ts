/** What is served to the public besides the block page: appeals, look-ups of single names and cases, counts. */
import { duration, flag, section, whole } from './kinds.ts'
import type { Config } from './schema.ts'
import type { Settings } from './settings.ts'
import type { Settling } from './settling.ts'
import { durationMs } from './units.ts'

export const appealsKey = section({
  enabled: flag().default(false).describe('Whether the block page has a form, at /appeal.'),
  keep_contact: duration('0s', '3650d')
    .default('30d')
    .describe('How long a contact is kept after the decision. It is stored encrypted.'),
  decide_within: duration('1h', '365d')
    .default('3d')
    .describe('After which time an appeal that is not decided counts as overdue.'),
  per_client: whole(1, 1000, 'a number').default(5).describe('Appeals of one network (/24, /56) in a day.'),
  open_max: whole(1, 1_000_000, 'a number').default(10_000).describe('Appeals that may be open at once.'),
})
  .prefault({})
  .describe('Appeals against blocks, kept in the data folder; qalqan appeals lists and decides them.')

export const publicKey = section({
  enabled: flag().default(false).describe('Whether there are /api/v1/listed, /c/CASE and /transparency.'),
  lookups_per_client: whole(1, 1_000_000, 'a number')
    .default(200)
    .describe('Look-ups by one network (/24, /56) in a day.'),
  suppress_below: whole(0, 1000, 'a number').default(5).describe('Counts that are smaller are not told.'),
})
  .prefault({})
  .describe('What anybody may ask: whether one name is blocked, what a case is about, and how much is blocked.')

export function settleAppeals({ appeals, http, block_page: page }: Config, settling: Settling): Settings['appeals'] {
  if (!appeals.enabled) return null
  if (http.page === undefined && settling.whole('http'))
    settling.report(['appeals', 'enabled'], 'appeals are taken by the block page: set http.page')
  if (page.appeal.url === undefined)
    settling.warn(
      'Nothing leads to the form for appeals: set block_page.appeal.url to its address, http://HOST/appeal.',
    )
  return {
    keepContactSeconds: durationMs(appeals.keep_contact) / 1000,
    decideWithinSeconds: durationMs(appeals.decide_within) / 1000,
    perClientMax: appeals.per_client,
    openMax: appeals.open_max,
  }
}

export function settlePublic({ public: own }: Config): Settings['public'] {
  return own.enabled ? { lookupsPerClient: own.lookups_per_client, suppressBelow: own.suppress_below } : null
}
