/** Settings of the block page, with built-in words. */
import type { Settings } from '../../src/settings/settings.ts'

type BlockPage = Settings['blockPage']

export function blockPageSettings(
  provider: string | null,
  appeal: BlockPage['appeal'],
  own: Partial<BlockPage['classes']> = {},
): BlockPage {
  const none = { kk: null, ru: null, en: null }
  const plain = { basis: none, explanation: none, reviewedBy: null, appeal }
  return { provider, appeal, places: [], classes: { hotline: plain, legal: plain, household: plain, ...own } }
}
