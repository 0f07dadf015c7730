/**
 * The seam between the block page and whoever knows what is blocked.
 */
import type { RuleClass } from '../images/classes.ts'

/** Why a host is blocked for the one who asks, as far as it may be told. */
export interface BlockFinding {
  readonly ruleClass: RuleClass
  /** The category's slug, as feeds and policies spell it. */
  readonly category: string
  /** What the entry itself names as its legal basis; absent or null: nothing. */
  readonly basis?: string | null
  /** Who has checked it, as the entry itself says; absent or null: it does not. */
  readonly reviewedBy?: string | null
  readonly caseNumber: string
  /** When the host came onto its list, in whole seconds since 1970. */
  readonly listedAt: number | null
}

/**
 * `host`: lower-case letters, digits, hyphens, underscores and dots, at most 253 characters, no final dot.
 * `clientAddress`: as the system gives it, IPv4 never in IPv6 clothes; it decides the policy and must not be kept.
 */
export type FindBlock = (host: string, clientAddress: string) => BlockFinding | null
