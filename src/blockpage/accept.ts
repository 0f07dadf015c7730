/**
 * The comma-separated lists of the Accept family (RFC 9110 §12.4.2): what is wanted, and how much.
 * Nothing here throws: an item that is ill-formed is left out, and a list that is too long is read only so far.
 */

export interface Wanted {
  /** Lower case, parameters left out. */
  readonly value: string
  /** 0 to 1; 0 refuses. */
  readonly weight: number
}

const LIST_CHARACTERS_MAX = 1_024
const LIST_ITEMS_MAX = 32

/** The items in the order in which they were written. */
export function parseWantedList(header: string | undefined): Wanted[] {
  if (header === undefined) return []
  const wanted: Wanted[] = []
  for (const item of header.slice(0, LIST_CHARACTERS_MAX).split(',', LIST_ITEMS_MAX)) {
    const [value = '', ...parameters] = item.split(';').map(part => part.trim().toLowerCase())
    const weight = weightOf(parameters)
    if (/^[a-z0-9*][a-z0-9*/+.-]*$/.test(value) && weight !== null) wanted.push({ value, weight })
  }
  return wanted
}

/** 1 where no weight is given, null where one is given that RFC 9110 does not know. */
function weightOf(parameters: readonly string[]): number | null {
  const given = parameters.find(parameter => parameter.startsWith('q='))
  if (given === undefined) return 1
  return /^q=(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(given) ? Number(given.slice(2)) : null
}
