/** Domain names of a configuration: lower-case A-labels without the final dot (RFC 5890), short enough for the wire. */
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { BAD_NAME, NAME_OCTETS_MAX, nameFromText } from '../wire/name.ts'
import { quote, type Result } from './problems.ts'

export function parseName(text: string): Result<string> {
  const undotted = text.endsWith('.') ? text.slice(0, -1) : text
  const name = toAscii(undotted)
  // Labels of letters, digits, hyphens and underscores: no wildcard, for a record covers one name.
  if (!/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name)) return { why: `${quote(text)} is not a domain name` }
  if (isIP(undotted) !== 0 || isIP(name) !== 0) return { why: `${quote(text)} is an address, not a domain name` }
  // Room for what is too long to be seen to be so.
  if (nameFromText(name, new Uint8Array(NAME_OCTETS_MAX + 2)) === BAD_NAME)
    return { why: `${quote(text)} is too long: a label has at most 63 octets, a name 255` }
  return { value: name }
}

/** ASCII is left alone: the URL standard's host parser would read `1.2` as an address and `%61` as a letter. */
function toAscii(text: string): string {
  return /^\p{ASCII}*$/u.test(text) ? text.toLowerCase() : domainToASCII(text)
}
