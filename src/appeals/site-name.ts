/** Names of sites as people write them: with a scheme, a path, in any script. */
import { BAD_NAME, nameFromText, nameToText } from '../wire/name.ts'

/** Whether a subject can be looked up as a name of a site. */
export function siteName(subject: string): string | null {
  const host = subject
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/[/?#:].*$/s, '')
  const wire = new Uint8Array(256)
  const ascii = URL.parse(`http://${host}/`)?.hostname ?? ''
  const end = host.includes('.') ? nameFromText(ascii, wire) : BAD_NAME
  return end === BAD_NAME || end < 2 ? null : nameToText(wire)
}
