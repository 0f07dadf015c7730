/**
 * What rules say, apart from their names: elements (feed, category, basis, class, extent, action, answer), rules of their own (case number,
 * date), given addresses, and the groups of elements that names have. Each is kept once and known by its number.
 */

import { BASES_MAX, BASIS_OCTETS_MAX, basesOctets } from './bases.ts'
import { type GivenAddresses, givenOctets } from './given.ts'
import { ELEMENT_FIELDS, HEADER, MEMBER_HAS_RULE, RULE_FIELDS, type Sections } from './layout.ts'

export interface ElementFields {
  readonly feed: number
  readonly category: number
  /** From `RuleTables.basis`; 0: none. */
  readonly basis: number
  readonly ruleClass: number
  readonly kind: number
  readonly answer: number
}

const ELEMENTS_MAX = 0xffff
const NUMBERED = 0x80000000

export class RuleTables {
  /** Rule numbers of the chain gathered last, in the order of its group's members that have one. */
  private readonly gatheredNumbers: number[] = []
  private readonly gatheredMembers: { member: number; rule: number }[] = []
  private readonly elements: ElementFields[] = []
  private readonly elementNumbers = new Map<string, number>()
  private readonly given: Uint8Array[] = []
  private readonly givenNumbers = new Map<string, number>()
  private readonly bases: Uint8Array[] = []
  private readonly basisNumbers = new Map<string, number>()
  private readonly groups: number[][] = []
  private readonly groupNumbers = new Map<string, number>()
  private readonly groupsOfOne: number[] = []
  private rules = new Uint32Array(RULE_FIELDS * 1024)
  private ruleCount = 0
  private text = new Uint8Array(16 * 1024)
  private textEnd = 0
  private numbered = new Uint32Array(2 * 1024)
  private numberedCount = 0

  get gatheredRules(): number {
    return this.gatheredNumbers.length
  }

  /** The number of an element; throws RangeError past 65,535 different ones. */
  element(fields: ElementFields): number {
    const key = `${fields.feed} ${fields.category} ${fields.basis} ${fields.ruleClass} ${fields.kind} ${fields.answer}`
    return numberOf(this.elementNumbers, key, this.elements, () => fields, ELEMENTS_MAX)
  }

  /** The number of a set of given addresses. */
  givenAddresses(addresses: GivenAddresses): number {
    const octets = givenOctets(addresses)
    return numberOf(
      this.givenNumbers,
      Buffer.from(octets).toString('latin1'),
      this.given,
      () => octets,
      ELEMENTS_MAX / 2,
    )
  }

  /** The number of a legal basis; 0 for none, and for one that the image does not keep (`bases.ts`). */
  basis(text: string | undefined): number {
    if (text === undefined || text === '') return 0
    const known = this.basisNumbers.get(text)
    if (known !== undefined) return known
    const octets = Buffer.from(text, 'utf8')
    if (this.bases.length >= BASES_MAX || octets.length > BASIS_OCTETS_MAX) return 0
    this.basisNumbers.set(text, this.bases.push(octets))
    return this.bases.length
  }

  /** A new rule number for a case text (printable ASCII) and a date in seconds since 1970, 0 for none. */
  rule(caseNumber: string, listedAt: number): number {
    const length = Math.min(caseNumber.length, 255)
    if (this.textEnd + length > this.text.length) this.text = grown(this.text, this.textEnd + length)
    if ((this.ruleCount + 1) * RULE_FIELDS > this.rules.length) this.rules = grownWords(this.rules)
    const at = this.ruleCount * RULE_FIELDS
    this.rules[at] = this.textEnd
    this.rules[at + 1] = length
    this.rules[at + 2] = listedAt
    for (let i = 0; i < length; i++) this.text[this.textEnd++] = caseNumber.charCodeAt(i)
    return this.ruleCount++
  }

  /** The payload number of an element together with a rule of its own. */
  number(element: number, rule: number): number {
    if ((this.numberedCount + 1) * 2 > this.numbered.length) this.numbered = grownWords(this.numbered)
    this.numbered[this.numberedCount * 2] = element
    this.numbered[this.numberedCount * 2 + 1] = rule
    return this.numberedCount++
  }

  mark() {
    return { ruleCount: this.ruleCount, textEnd: this.textEnd, numberedCount: this.numberedCount }
  }

  /** Elements, given addresses and bases stay: they are few, and a number that no name has does no harm. */
  cutBack(mark: ReturnType<RuleTables['mark']>): void {
    this.ruleCount = mark.ruleCount
    this.textEnd = mark.textEnd
    this.numberedCount = mark.numberedCount
  }

  groupOfOne(element: number): number {
    this.gatheredNumbers.length = 0
    const known = this.groupsOfOne[element]
    if (known !== undefined) return known
    const group = this.group([element])
    this.groupsOfOne[element] = group
    return group
  }

  /** Takes up one record's payload, the first of a chain or a further one. */
  gatherPayload(payload: number, first: boolean): void {
    if (first) this.gatheredMembers.length = 0
    if ((payload & NUMBERED) === 0) {
      this.gatheredMembers.push({ member: payload, rule: -1 })
      return
    }
    const at = (payload & ~NUMBERED) * 2
    this.gatheredMembers.push({
      member: (this.numbered[at]! | MEMBER_HAS_RULE) >>> 0,
      rule: this.numbered[at + 1]!,
    })
  }

  /** The group of what was gathered; the same element without a number twice is one. */
  groupOfGathered(): number {
    const members = this.gatheredMembers
    members.sort((a, b) => a.member - b.member || a.rule - b.rule)
    const kept = members.filter((own, i) => own.rule >= 0 || i === 0 || members[i - 1]!.member !== own.member)
    this.gatheredNumbers.length = 0
    for (const own of kept) if (own.rule >= 0) this.gatheredNumbers.push(own.rule)
    return this.group(kept.map(own => own.member))
  }

  private group(members: number[]): number {
    return numberOf(this.groupNumbers, members.join(' '), this.groups, () => members, 2 ** 28 - 1)
  }

  /** Writes what stands in the pool behind a name: its group, 7 bits an octet, and the gathered rule numbers. */
  writeEntryTail(pool: Uint8Array, at: number, group: number): number {
    let rest = group
    let write = at
    for (; rest >= 0x80; rest >>>= 7) pool[write++] = (rest & 0x7f) | 0x80
    pool[write++] = rest
    for (const rule of this.gatheredNumbers) {
      pool[write++] = rule
      pool[write++] = rule >>> 8
      pool[write++] = rule >>> 16
      pool[write++] = rule >>> 24
    }
    return write
  }

  /** Fills in the header's counts of the tables. */
  describe(header: Uint32Array): void {
    header[HEADER.groups] = this.groups.length
    header[HEADER.members] = this.groups.reduce((sum, members) => sum + members.length, 0)
    header[HEADER.elements] = this.elements.length
    header[HEADER.rules] = this.ruleCount
    header[HEADER.givenOctets] = 4 * (this.given.length + 1) + this.given.reduce((sum, own) => sum + own.length, 0)
    header[HEADER.basesOctets] = basesOctets(this.bases).length
    header[HEADER.textOctets] = this.textEnd
  }

  write(image: SharedArrayBuffer, at: Sections): void {
    const starts = new Uint32Array(image, at.groups, this.groups.length + 1)
    this.groups.forEach((members, index) => {
      starts[index + 1] = starts[index]! + members.length
    })
    new Uint32Array(image, at.members, starts[this.groups.length]!).set(this.groups.flat())
    const fields = new Uint16Array(image, at.elements, this.elements.length * ELEMENT_FIELDS)
    this.elements.forEach((own, index) => {
      fields.set([own.feed, own.category, own.basis, own.ruleClass, own.kind, own.answer], index * ELEMENT_FIELDS)
    })
    new Uint32Array(image, at.rules, this.ruleCount * RULE_FIELDS).set(
      this.rules.subarray(0, this.ruleCount * RULE_FIELDS),
    )
    new Uint8Array(image, at.text, this.textEnd).set(this.text.subarray(0, this.textEnd))
    const bases = basesOctets(this.bases)
    new Uint8Array(image, at.bases, bases.length).set(bases)
    this.writeGiven(image, at)
  }

  private writeGiven(image: SharedArrayBuffer, at: Sections): void {
    const starts = new Uint32Array(image, at.given, this.given.length + 1)
    let next = starts.byteLength
    this.given.forEach((octets, index) => {
      starts[index] = next
      new Uint8Array(image, at.given + next, octets.length).set(octets)
      next += octets.length
    })
    starts[this.given.length] = next
  }
}

function numberOf<T>(numbers: Map<string, number>, key: string, list: T[], make: () => T, most: number): number {
  const known = numbers.get(key)
  if (known !== undefined) return known
  if (list.length >= most) throw new RangeError('more different kinds of rules than one image can hold')
  numbers.set(key, list.length)
  return list.push(make()) - 1
}

function grown(bytes: Uint8Array<ArrayBuffer>, needed: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(needed, bytes.length * 2))
  larger.set(bytes)
  return larger
}

function grownWords(words: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(words.length * 2)
  larger.set(words)
  return larger
}
