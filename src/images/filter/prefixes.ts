/** Data plane. Rules for addresses as the filter image has them: the longest prefixes first, then by network; see `layout.ts`. */
import * as fromLayout from './layout.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { PREFIX_BITS, PREFIX_FIELDS } = fromLayout

export class PrefixTable {
  readonly count: number
  /** `PREFIX_FIELDS` words each. */
  readonly words: Uint32Array
  /** The lengths that prefixes have, in bits, the longest first; and where those of each begin, with the end of all behind the last. */
  readonly lengths: Uint8Array
  readonly starts: Int32Array

  constructor(image: SharedArrayBuffer, at: number, count: number) {
    this.count = count
    this.words = new Uint32Array(image, at, count * PREFIX_FIELDS)
    const bitsOf = (prefix: number) => this.words[prefix * PREFIX_FIELDS + PREFIX_BITS]!
    const starts: number[] = []
    for (let i = 0; i < count; i++) if (i === 0 || bitsOf(i) !== bitsOf(i - 1)) starts.push(i)
    this.lengths = Uint8Array.from(starts, bitsOf)
    this.starts = Int32Array.from([...starts, count])
  }
}
