/**
 * What the filter says of a name or an address, off the hot path: for `qalqan explain` and the block page. The very stage that answers queries decides, so
 * that what is explained is what is done.
 */
import { CLASSES, type RuleClass } from '../images/classes.ts'
import { NO_RULE } from '../images/filter/layout.ts'
import { provenanceOf } from '../images/filter/provenance.ts'
import { publicNumber } from '../images/filter/public-number.ts'
import { BLOCKED, type FilterImages, Findings, filter, imageOfBlock, probe } from '../resolver/filter.ts'
import { filterAddress, filterClientAddress } from '../resolver/filter-address.ts'
import { QuerySlot } from '../resolver/query.ts'
import { readName } from '../resolver/question-name.ts'
import { addressText } from '../wire/address-text.ts'
import { BAD_NAME, NAME_OCTETS_MAX, nameFromText, nameToText } from '../wire/name.ts'
import { endingAt, roomOctets } from '../wire/name-room.ts'
import { NOT_LISTED } from './categories.ts'

export interface Judgement {
  readonly ruleClass: RuleClass
  /** Null for a name that is not on the policy's positive list. */
  readonly category: string | null
  /** As the entry has it; null where it has none. */
  readonly basis: string | null
  /** Who has checked it, as the entry has it; null where it has none. */
  readonly reviewedBy: string | null
  readonly caseNumber: string
  /** Seconds since 1970. */
  readonly listedAt: number | null
  /** What was flagged and decided: the name asked for or one above it, an address; null for what is not on a positive list. */
  readonly rule: string | null
}

export class Judge {
  private readonly findings = new Findings()
  private readonly query = new QuerySlot(new Uint8Array(NAME_OCTETS_MAX + 1), new Uint8Array(0))
  private readonly categories: readonly string[]

  constructor(categories: readonly string[]) {
    this.categories = categories
  }

  /**
   * The block that a policy has for a name, or null. Throws TypeError for what is no domain name. `client`: the address that asks, 4 or 16 octets, where
   * that is known.
   */
  judge(name: string, policy: number, images: FilterImages, client: Uint8Array | null = null): Judgement | null {
    const { query } = this
    this.read(name, images.filter.seed)
    query.policy = policy
    query.clientExcepted = 0
    if (client !== null && filterClientAddress(query, images, client, 0, client.length) === BLOCKED)
      return this.judgement(images, addressText(client))
    probe(query, images)
    return filter(query, images, this.findings) === BLOCKED ? this.judgement(images, null) : null
  }

  /** The block that a policy has for answers with an address (4 or 16 octets), or null. */
  judgeAddress(address: Uint8Array, policy: number, images: FilterImages): Judgement | null {
    this.query.policy = policy
    const verdict = filterAddress(this.query, images, address, 0, address.length)
    return verdict === BLOCKED ? this.judgement(images, addressText(address)) : null
  }

  /** What stands in the query after BLOCKED; `address`: what it was about, where that is no name. */
  private judgement(images: FilterImages, address: string | null): Judgement {
    const { query } = this
    const at = query.blockDepth === 0 ? -1 : endingAt(query, query.blockDepth)
    const category = this.categories[query.blockCategory]!
    const image = imageOfBlock(query, images)
    const listedAt = query.blockRule === NO_RULE ? 0 : image.listedAt(query.blockRule)
    return {
      ruleClass: CLASSES[query.blockClass]!,
      category: category === NOT_LISTED ? null : category,
      ...(query.blockElement < 0 ? { basis: null, reviewedBy: null } : provenanceOf(image, query.blockElement)),
      caseNumber: this.caseNumber(images, at),
      listedAt: listedAt === 0 ? null : listedAt,
      rule: at < 0 ? address : nameToText(roomOctets, at),
    }
  }

  private caseNumber(images: FilterImages, at: number): string {
    const rule = this.query.blockRule
    const image = imageOfBlock(this.query, images)
    const length = rule === NO_RULE ? 0 : image.caseLength(rule)
    if (length > 0) {
      const textAt = image.caseAt(rule)
      return Buffer.from(image.text.slice(textAt, textAt + length)).toString('latin1')
    }
    return at < 0 ? '' : publicNumber(roomOctets, at)
  }

  private read(name: string, seed: number): void {
    const { query } = this
    const end = nameFromText(name, query.bytes)
    if (end === BAD_NAME || readName(query, 0, end, seed) === BAD_NAME)
      throw new TypeError(`not a domain name: ${name}`)
  }
}
