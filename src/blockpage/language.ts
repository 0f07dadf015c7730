/**
 * Which of the page's languages a visitor reads: the one asked for by hand, else what the browser prefers
 * (RFC 9110 §12.5.4, ranges matched by their primary subtag as RFC 4647 §3.4 looks up), else Kazakh.
 */
import { LANGUAGES, type Language } from '../settings/languages.ts'
import { parseWantedList, type Wanted } from './accept.ts'

/** In the order in which they are offered to someone who asks for none of them. */
export { LANGUAGES, type Language }

/** `asked` is the `lang` parameter of the request's query, which counts only if it is one of `LANGUAGES`. */
export function chooseLanguage(asked: string | null, acceptLanguage: string | undefined): Language {
  const byHand = LANGUAGES.find(language => language === asked)
  return byHand ?? mostWanted(parseWantedList(acceptLanguage))
}

function mostWanted(wanted: readonly Wanted[]): Language {
  let best: Language = LANGUAGES[0]
  let bestWeight = 0
  for (const { value, weight } of wanted) {
    const language = LANGUAGES.find(candidate => candidate === value.split('-', 1)[0])
    // At equal weights the first written wins, which is what browsers mean by their order.
    if (language === undefined || weight <= bestWeight) continue
    best = language
    bestWeight = weight
  }
  return bestWeight > 0 ? best : firstNotRefused(wanted)
}

/** `*`, or languages that the page does not have: whatever is offered first, unless it was refused by name. */
function firstNotRefused(wanted: readonly Wanted[]): Language {
  const refused = new Set(wanted.filter(({ weight }) => weight === 0).map(({ value }) => value))
  return LANGUAGES.find(language => !refused.has(language)) ?? LANGUAGES[0]
}
