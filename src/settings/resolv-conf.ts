/** The name servers of a resolv.conf (resolv.conf(5)), in their order. Reads what is there; decides nothing. */

/** More than any resolver library looks at; a longer list is a mistake or an attack. */
const NAMESERVERS_MAX = 16

export function nameservers(text: string): string[] {
  const found: string[] = []
  for (const line of text.split('\n')) {
    // A keyword begins its line; what follows the address, such as a comment, is ignored as the C library does.
    const match = /^nameserver[ \t]+([^\s#;]+)/.exec(line)
    if (match !== null && !found.includes(match[1]!)) found.push(match[1]!)
    if (found.length === NAMESERVERS_MAX) break
  }
  return found
}
