/** Policies: unique names, categories that some feed has, each prefix in one policy, and always one named default. */
import { parsePrefix } from './address.ts'
import { hint } from './nearest.ts'
import { type Path, quote } from './problems.ts'
import type { Config } from './schema.ts'
import type { FeedSettings, PolicySettings } from './settings.ts'
import { type Settling, take } from './settling.ts'

export const DEFAULT_POLICY = 'default'

export function settlePolicies(config: Config, feeds: readonly FeedSettings[], settling: Settling): PolicySettings[] {
  const names = new Set<string>()
  const owners = new Map<string, string>()
  const known = [...new Set(feeds.map(feed => feed.category))]
  const categories = (named: readonly string[], path: Path) => settleCategories(named, known, path, settling)

  const settled = config.policies.map((policy, index): PolicySettings => {
    const path: Path = ['policies', index]
    if (names.size === names.add(policy.name).size)
      settling.report([...path, 'name'], `another policy is named ${quote(policy.name)}`)
    return {
      name: policy.name,
      clients: settleClients(policy, path, owners, settling),
      categories: categories(policy.categories, [...path, 'categories']),
      allowOnly: categories(policy.allow_only, [...path, 'allow_only']),
    }
  })
  return names.has(DEFAULT_POLICY) ? settled : [...settled, defaultPolicy(feeds)]
}

/** What everyone is protected from and what the law demands; what a household chose is for those who chose it. */
function defaultPolicy(feeds: readonly FeedSettings[]): PolicySettings {
  const demanded = feeds.filter(feed => feed.class !== 'household').map(feed => feed.category)
  return { name: DEFAULT_POLICY, clients: [], categories: [...new Set(demanded)], allowOnly: [] }
}

/** `owners`: which policy has which prefix, over all of them. */
function settleClients(
  policy: Config['policies'][number],
  path: Path,
  owners: Map<string, string>,
  settling: Settling,
): string[] {
  const settled: string[] = []
  for (const [index, client] of policy.clients.entries()) {
    const at: Path = [...path, 'clients', index]
    const prefix = take(parsePrefix(client), at, settling)
    if (prefix === null) continue
    const owner = owners.get(prefix)
    if (owner === undefined) settled.push(prefix)
    else if (owner === policy.name) settling.report(at, `${prefix} stands twice in this policy`)
    else settling.report(at, `${prefix} is a prefix of policy ${quote(owner)} already: a client can have one policy`)
    owners.set(prefix, owner ?? policy.name)
  }
  return settled
}

function settleCategories(
  named: readonly string[],
  known: readonly string[],
  path: Path,
  settling: Settling,
): string[] {
  const settled = new Set<string>()
  for (const [index, category] of named.entries()) {
    if (settled.has(category)) settling.report([...path, index], `${quote(category)} stands twice in this list`)
    else if (!known.includes(category) && settling.whole('feeds'))
      settling.report(
        [...path, index],
        `no feed has the category ${quote(category)}${hint(category, known, 'there are')}`,
      )
    settled.add(category)
  }
  return [...settled]
}
