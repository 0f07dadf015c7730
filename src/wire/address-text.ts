/** IP addresses from text to octets in network order. Imports nothing: whether a text is an address at all, others have checked. */

/** The octets of an IP literal in network order: 4 or 16. Throws TypeError for anything else. */
export function addressOctets(address: string): Uint8Array {
  return address.includes(':') ? ipv6Octets(address) : ipv4Octets(address)
}

function ipv4Octets(address: string): Uint8Array {
  const parts = address.split('.').map(Number)
  if (parts.length !== 4 || parts.some(part => !(part >= 0 && part <= 255)))
    throw new TypeError(`not an IP address: ${address}`)
  return Uint8Array.from(parts)
}

function ipv6Octets(address: string): Uint8Array {
  const [bare = ''] = address.split('%')
  const [head = '', tail] = bare.split('::')
  const words = (text: string | undefined) =>
    text === undefined || text === '' ? [] : text.split(':').flatMap(ipv6Words)
  const before = words(head)
  const after = words(tail)
  const zeroes = tail === undefined ? 0 : 8 - before.length - after.length
  const octets = new Uint8Array(16)
  ;[...before, ...new Array<number>(zeroes).fill(0), ...after].forEach((word, i) => {
    octets[2 * i] = word >>> 8
    octets[2 * i + 1] = word & 0xff
  })
  return octets
}

function ipv6Words(part: string): number[] {
  if (!part.includes('.')) return [Number.parseInt(part, 16)]
  const [a = 0, b = 0, c = 0, d = 0] = ipv4Octets(part)
  return [(a << 8) | b, (c << 8) | d]
}
