/**
 * Owners of an RPZ that trigger on addresses, in answers or (`rpz-client-ip`) of clients: `24.0.2.0.192.rpz-ip` is 192.0.2.0/24, `48.zz.db8.2001.rpz-ip` is 2001:db8::/48 (the length, then
 * the address's parts backwards, `zz` for a run of zeroes).
 */
import type { Network } from './entry.ts'

const MAPPED_BITS = 96
/** Shorter prefixes cover more than any list can mean: a line must not cut off half of a provider's subscribers. */
const BITS_MIN = { answers: { ipv4: 8, ipv6: 16 }, clients: { ipv4: 16, ipv6: 32 } } as const

/** `labels`: those before `rpz-ip` or `rpz-client-ip`. Returns what is wrong with them where they are no network. */
export function networkOf(labels: readonly string[], of: Network['of']): Network | string {
  const [length = '', ...parts] = labels
  const bits = /^\d{1,3}$/.test(length) ? Number(length) : 0
  const isIpv4 = parts.length === 4 && parts.every(part => /^\d{1,3}$/.test(part) && Number(part) <= 255)
  const octets = isIpv4 ? mapped(parts.map(Number).reverse()) : ipv6(parts.toReversed())
  if (octets === null || bits < 1 || bits > (isIpv4 ? 32 : 128)) return 'not a network of addresses'
  if (bits < BITS_MIN[of][isIpv4 ? 'ipv4' : 'ipv6']) return 'a network that covers too much'
  const all = isIpv4 ? bits + MAPPED_BITS : bits
  return hasHostBits(octets, all) ? 'a network with bits behind its length' : { of, octets, bits: all }
}

function mapped(parts: readonly number[]): Uint8Array {
  const octets = new Uint8Array(16)
  octets.fill(0xff, 10, 12)
  octets.set(parts, 12)
  return octets
}

function ipv6(parts: readonly string[]): Uint8Array | null {
  const gap = parts.indexOf('zz')
  const known = gap < 0 ? parts.length : parts.length - 1
  if (known > 8 || (gap < 0 && known !== 8) || parts.lastIndexOf('zz') !== gap) return null
  const words =
    gap < 0 ? parts : [...parts.slice(0, gap), ...Array<string>(8 - known).fill('0'), ...parts.slice(gap + 1)]
  if (!words.every(word => /^[0-9a-f]{1,4}$/.test(word))) return null
  return Uint8Array.from(words.flatMap(word => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 0xff]))
}

function hasHostBits(octets: Uint8Array, bits: number): boolean {
  return octets.some((octet, i) => (octet & (0xff >> Math.max(0, Math.min(8, bits - 8 * i)))) !== 0)
}
