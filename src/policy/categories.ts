/**
 * Categories by number, as the images and counters have them: every category that a feed or a policy names, in alphabetical order, and
 * one more for a name that is not on the positive list of its policy.
 */
import type { Settings } from '../settings/settings.ts'

/** What is counted, and shown, for a name outside `allow_only`. No feed can have it: categories begin with a letter or digit. */
export const NOT_LISTED = '-not-listed'

/** Those that some policy blocks: names of all others, such as of a positive list, are let through. */
export function blockedCategories({ policies }: Pick<Settings, 'policies'>): ReadonlySet<string> {
  return new Set(policies.flatMap(policy => policy.categories))
}

export function categoriesOf(settings: Pick<Settings, 'feeds' | 'policies'>): string[] {
  const named = new Set<string>(settings.feeds.map(feed => feed.category))
  for (const policy of settings.policies) for (const own of [...policy.categories, ...policy.allowOnly]) named.add(own)
  return [...[...named].sort(), NOT_LISTED]
}
