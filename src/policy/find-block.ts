/**
 * What the block page says of a name: the judgement of the visitor's own policy; and where that has none, of the policies of listeners and
 * then of all others, since a visitor may have asked at another address than the page can know, or come by way of a proxy.
 */
import type { RuleClass } from '../images/classes.ts'
import type { FilterImages } from '../resolver/filter.ts'
import type { Settings } from '../settings/settings.ts'
import { addressOctets } from '../wire/address-text.ts'
import { Judge, type Judgement } from './judge.ts'

interface Finding {
  readonly ruleClass: RuleClass
  readonly category: string
  readonly basis: string | null
  readonly reviewedBy: string | null
  readonly caseNumber: string
  readonly listedAt: number | null
}

/** The category that a visitor is told for a name outside a positive list. */
const NOT_LISTED_SLUG = 'not-listed'

/** `images` gives those in force. The returned function never throws: what is no domain name is not blocked. */
export function blockFinder(
  settings: Pick<Settings, 'policies'>,
  categories: readonly string[],
  images: () => FilterImages,
): (host: string, clientAddress: string) => Finding | null {
  const judge = new Judge(categories)
  const judgeOrNull = (host: string, policy: number, client: Uint8Array | null): Judgement | null => {
    try {
      return judge.judge(host, policy, images(), client)
    } catch {
      return null
    }
  }
  return (host, clientAddress) => {
    const client = octetsOf(clientAddress)
    const first = judgeOrNull(host, policyOfClient(clientAddress, images()), client)
    if (first !== null) return finding(first)
    for (let policy = 0; policy < settings.policies.length; policy++) {
      const other = judgeOrNull(host, policy, client)
      // Off a positive list says nothing of the name: only that one policy's visitors are told so.
      if (other !== null && other.rule !== null) return finding(other)
    }
    return null
  }
}

function finding(judgement: Judgement): Finding {
  return { ...judgement, category: judgement.category ?? NOT_LISTED_SLUG }
}

/** The policy that a client's address has; what is no address has that of an unknown one. */
export function policyOfClient(address: string, { policies }: Pick<FilterImages, 'policies'>): number {
  const octets = octetsOf(address)
  if (octets === null) return policies.fallback
  return octets.length === 4 ? policies.ofIpv4(octets, 0) : policies.ofIpv6(octets, 0)
}

function octetsOf(address: string): Uint8Array | null {
  try {
    return addressOctets(address)
  } catch {
    return null
  }
}
