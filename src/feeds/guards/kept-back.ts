/**
 * The rules that guards keep back, as they are met while a list is read: a line each, `LINE REASON RULE`, with the line of the list they stand on. The history has the
 * hash of it, so that it can be proved later what counted, whatever guards say by then.
 *
 * Memory: its text, which is less than the rules would have taken in the image.
 */
import { sha256Of } from '../../platform/sha256.ts'
import { type Extent, ruleText } from '../entry.ts'
import { QUARANTINE_REASONS, type QuarantineReason } from './never-block.ts'

const PART_LENGTH = 65_536

export interface KeptBackList {
  /** Of the octets, hexadecimal. */
  readonly sha256: string
  readonly octets: Uint8Array
}

export class KeptBack {
  private parts: Buffer[] = []
  private text = ''

  add(name: Uint8Array, nameLength: number, extent: Extent, line: number, reason: QuarantineReason): void {
    this.text += `${line} ${reason} ${ruleText(name.subarray(0, nameLength), extent)}\n`
    if (this.text.length >= PART_LENGTH) this.finishPart()
  }

  private finishPart(): void {
    this.parts.push(Buffer.from(this.text, 'latin1'))
    this.text = ''
  }

  clear(): void {
    this.parts = []
    this.text = ''
  }

  /** Null: no rule was kept back. */
  list(): KeptBackList | null {
    this.finishPart()
    const octets = Buffer.concat(this.parts)
    this.parts = [octets]
    if (octets.length === 0) return null
    return { sha256: sha256Of(octets), octets }
  }
}

/** What keeps a rule back, by its line and its text; see `keptBackKey`. Throws TypeError for what is no such list. */
export function readKeptBack(octets: Uint8Array): Map<string, QuarantineReason> {
  const lines = Buffer.from(octets).toString('latin1').split('\n').slice(0, -1)
  return new Map(
    lines.map(text => {
      const [line = '', reason = '', rule = ''] = text.split(' ')
      if (!QUARANTINE_REASONS.includes(reason as QuarantineReason)) throw new TypeError(`no rule kept back: ${text}`)
      return [keptBackKey(Number(line), rule), reason as QuarantineReason]
    }),
  )
}

export function keptBackKey(line: number, rule: string): string {
  return `${line} ${rule}`
}
