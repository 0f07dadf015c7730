/** From one version's fingerprints to the next's: what came, what went, and of that what had come to its end. Ascending arrays throughout. */

export interface Counted {
  readonly added: number
  readonly withdrawn: number
  readonly expired: number
}

export function compareVersions(before: BigUint64Array, after: BigUint64Array, ended: BigUint64Array): Counted {
  let [added, withdrawn, expired] = [0, 0, 0]
  let [b, a] = [0, 0]
  while (b < before.length || a < after.length) {
    const went = b < before.length ? before[b]! : null
    const came = a < after.length ? after[a]! : null
    if (went === came) {
      b++
      a++
    } else if (went === null || (came !== null && came < went)) {
      added++
      a++
    } else {
      if (has(ended, went)) expired++
      else withdrawn++
      b++
    }
  }
  return { added, withdrawn, expired }
}

function has(sorted: BigUint64Array, wanted: bigint): boolean {
  let [from, to] = [0, sorted.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    if (sorted[middle]! < wanted) from = middle + 1
    else to = middle
  }
  return from < sorted.length && sorted[from] === wanted
}
