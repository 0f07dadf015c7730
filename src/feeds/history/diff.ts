/**
 * What changes from one version of a list to another, and which of the names that come are near ones that everybody needs: for a person to
 * look at before it bites.
 */
import type { FeedSettings } from '../../settings/settings.ts'
import { type Extent, type Network, ruleText } from '../entry.ts'
import type { OctetSource } from '../feed-file.ts'
import type { NeverBlock } from '../guards/never-block.ts'
import { loadFeed } from '../load-feed.ts'
import { networkText } from '../network.ts'
import { QuietSink } from '../read-only.ts'
import { FeedRefused } from '../reader.ts'

export interface Difference {
  /** `name` with all below it, `=name` alone, `*.name` only what is below, `[network]`, `[clients network]`; `@@` before an exception. Sorted. */
  readonly added: readonly string[]
  readonly withdrawn: readonly string[]
  /** Among the added, those at, above or below a name that is protected or popular. */
  readonly near: readonly { readonly rule: string; readonly reason: string }[]
}

const VERSIONS = 2

/** Memory: the names of both versions. Throws `FeedRefused` for one that cannot be read. */
export function difference(
  feed: FeedSettings,
  from: OctetSource,
  to: OctetSource,
  { neverBlock, now }: { readonly neverBlock: NeverBlock; readonly now: number },
  onProgress: (done: number, of: number) => void = () => {},
): Difference {
  onProgress(0, VERSIONS)
  const before = rulesOf(feed, from, now)
  onProgress(1, VERSIONS)
  const after = rulesOf(feed, to, now)
  const added = [...after].filter(rule => !before.has(rule)).sort()
  const withdrawn = [...before].filter(rule => !after.has(rule)).sort()
  const near = added.flatMap(rule => {
    const reason = /^(@@|\[)/.test(rule) ? null : neverBlock.near(rule.replace(/^(=|\*\.)/, ''))
    return reason === null ? [] : [{ rule, reason }]
  })
  return { added, withdrawn, near }
}

function rulesOf(feed: FeedSettings, source: OctetSource, now: number): Set<string> {
  const sink = new RuleSet()
  const { failure } = loadFeed(feed, source, sink, { now, clock: () => 0 })
  if (failure !== null) throw new FeedRefused(`${source.path}: ${failure}`)
  return sink.rules
}

class RuleSet extends QuietSink {
  readonly rules = new Set<string>()

  override block(length: number, extent: Extent): void {
    this.rules.add(this.ruleOf(length, extent))
  }

  override allow(length: number, extent: Extent): void {
    this.rules.add(`@@${this.ruleOf(length, extent)}`)
  }

  override prefix(network: Network, isAllow: boolean): void {
    const whose = network.of === 'clients' ? 'clients ' : ''
    this.rules.add(`${isAllow ? '@@' : ''}[${whose}${networkText(network)}]`)
  }

  private ruleOf(length: number, extent: Extent): string {
    return ruleText(this.name.subarray(0, length), extent)
  }
}
