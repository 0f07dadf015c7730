/**
 * The valid word that a mistyped one was probably meant to be.
 *
 * Distance is Damerau–Levenshtein's restricted kind (a letter more, less, other, or two neighbours swapped), counted after
 * `ttlMin`, `ttl-min` and `ttl_min` have become the same.
 */

const WORD_UNITS_MAX = 64

/** The nearest of `words`, or null where none is near enough to be worth a guess. */
export function nearest(written: string, words: Iterable<string>): string | null {
  if (written.length > WORD_UNITS_MAX) return null
  const folded = fold(written)
  let best: string | null = null
  let bestDistance = Number.POSITIVE_INFINITY
  for (const word of words) {
    const distance = editDistance(folded, fold(word))
    if (distance <= errorsAllowed(word) && distance < bestDistance) {
      best = word
      bestDistance = distance
    }
  }
  return best
}

/** `: did you mean "x"?`, or the choice where it is short enough to read, or nothing. */
export function hint(written: string, words: readonly string[], lead = 'expected one of'): string {
  const near = nearest(written, words)
  if (near !== null) return `: did you mean "${near}"?`
  if (words.length === 0) return ''
  const shown = words.slice(0, HINTED_WORDS_MAX).join(', ')
  return `: ${lead} ${shown}${words.length > HINTED_WORDS_MAX ? ', …' : ''}`
}

const HINTED_WORDS_MAX = 16

/** One error in a short word, two from six letters on, three from ten. */
function errorsAllowed(word: string): number {
  return word.length < 3 ? 0 : word.length < 6 ? 1 : word.length < 10 ? 2 : 3
}

function fold(word: string): string {
  return word
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase()
}

export function editDistance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row[j] = Math.min(change, last[j]! + 1, row[j - 1]! + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j]!, before[j - 2]! + 1)
    }
    before = last
    last = row
  }
  return last[b.length]!
}
