/**
 * Every server of the comparison, in the order of a round.
 */
import { bind } from './bind.ts'
import { blocky } from './blocky.ts'
import { coredns } from './coredns.ts'
import { dnsdist } from './dnsdist.ts'
import { dnsmasq } from './dnsmasq.ts'
import { dnsproxy } from './dnsproxy.ts'
import { floor } from './floor.ts'
import type { Peer } from './harness/peer.ts'
import { kresd } from './kresd.ts'
import { qalqan } from './qalqan.ts'
import { recursor } from './recursor.ts'
import { unbound, unboundRpz } from './unbound.ts'

const USUAL: readonly Peer[] = [qalqan, floor, dnsdist, unbound, unboundRpz, kresd, recursor, bind, dnsmasq]

/** Built first: minutes at the first run. */
const GO: readonly Peer[] = [coredns, blocky, dnsproxy]

export function allPeers(withGo: boolean): readonly Peer[] {
  return withGo ? [...USUAL, ...GO] : USUAL
}
