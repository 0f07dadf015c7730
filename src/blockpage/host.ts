/** How a host may be shown: both ways in which it can be written, together. */
import { domainToUnicode } from 'node:url'

export interface ShownHost {
  /** The name as it is on the wire. */
  readonly ascii: string
  /** The same in its own script; null where that is no different, or not fit to be shown. */
  readonly unicode: string | null
}

/** Both spellings are shown together, so that a letter that only looks like another deceives nobody. */
export function shownHost(ascii: string): ShownHost {
  const unicode = domainToUnicode(ascii)
  const fit = unicode !== ascii && /^[\p{L}\p{M}\p{N}._·-]+$/u.test(unicode)
  return { ascii, unicode: fit ? unicode : null }
}
