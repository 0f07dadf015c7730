/**
 * IP addresses, endpoints and prefixes as they stand in a configuration.
 *
 * Every address leaves here in one spelling (RFC 5952 for IPv6), so that two that are the same compare as the same. IPv4 inside
 * IPv6 (`::ffff:192.0.2.1`) and zones (`fe80::1%eth0`) are refused with a word on what to write: the first is a second name
 * for an address that has one already, the second means something on one machine only.
 */
import { isIP, isIPv4, isIPv6 } from 'node:net'
import { quote, type Result } from './problems.ts'
import type { Endpoint } from './settings.ts'

export interface Address {
  readonly address: string
  readonly family: 4 | 6
}

/** An address alone, IPv6 without brackets. */
export function parseAddress(text: string): Result<Address> {
  if (isIPv4(text)) return { value: { address: text, family: 4 } }
  if (text.startsWith('[') && text.endsWith(']') && isIPv6(text.slice(1, -1)))
    return { why: `no brackets are needed here: write "${text.slice(1, -1)}"` }
  if (!isIPv6(text)) return { why: `${quote(text)} is not an IP address` }
  if (text.includes('%'))
    return { why: `${quote(text)} has a zone (%…), which is not supported: use an address without one` }
  const address = canonicalIpv6(text)
  const mapped = mappedIpv4(address)
  if (mapped !== null) return { why: `${quote(text)} is IPv4 written as IPv6: write ${mapped}` }
  return { value: { address, family: 6 } }
}

/** An address and a port: `192.0.2.53:53`, `[2001:db8::53]:53`. Without `portDefault` the port must stand. */
export function parseEndpoint(text: string, portDefault: number | null): Result<Endpoint> {
  const shape = endpointShape(text)
  if ('why' in shape) return shape
  const { host, portText } = shape.value
  const parsed = parseAddress(host)
  if ('why' in parsed) return isName(host) ? { why: `expected an IP address, got the name ${quote(host)}` } : parsed
  if (portText === null) {
    if (portDefault === null) return { why: `${quote(text)} has no port: write ${joined(parsed.value, 8080)}, for one` }
    return { value: { ...parsed.value, port: portDefault } }
  }
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0
  if (port < 1 || port > 65535) return { why: `expected a port from 1 to 65535, got ${quote(portText)}` }
  return { value: { ...parsed.value, port } }
}

export function formatEndpoint(endpoint: Endpoint): string {
  return joined(endpoint, endpoint.port)
}

export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.address === b.address
}

/** `0.0.0.0` and `::`: every address of the machine. */
export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

/** A prefix in its one spelling: `10.20.0.0/16`; an address alone gets the full length. */
export function parsePrefix(text: string): Result<string> {
  const slash = text.indexOf('/')
  const parsed = parseAddress(slash < 0 ? text : text.slice(0, slash))
  if ('why' in parsed) return parsed
  const { address, family } = parsed.value
  const bitsMax = family === 4 ? 32 : 128
  const bitsText = slash < 0 ? String(bitsMax) : text.slice(slash + 1)
  if (!/^(0|[1-9]\d{0,2})$/.test(bitsText) || Number(bitsText) > bitsMax)
    return { why: `expected a prefix length from 0 to ${bitsMax}, got ${quote(bitsText)}` }
  const network = networkOf(address, family, Number(bitsText))
  if (network === address) return { value: `${address}/${bitsText}` }
  return {
    why: `${quote(text)} has bits set after the first ${bitsText}: write ${network}/${bitsText} for the prefix or ${address}/${bitsMax} for the one address`,
  }
}

function endpointShape(text: string): Result<{ host: string; portText: string | null }> {
  if (/^\d+$/.test(text))
    return {
      why: `a port needs an address: write 127.0.0.1:${text} for this machine only, 0.0.0.0:${text} for every IPv4 address`,
    }
  const everywhere = /^\*?:(\d+)$/.exec(text)
  if (everywhere !== null)
    return {
      why: `write 0.0.0.0:${everywhere[1]} for every IPv4 address, "[::]:${everywhere[1]}" for every IPv6 address`,
    }
  if (isIP(text) === 6) return { why: `an IPv6 address stands in brackets here: "[${text}]:53", quotes included` }
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(text)
  if (bracketed !== null && isIPv6(bracketed[1]!))
    return { value: { host: bracketed[1]!, portText: bracketed[2] ?? null } }
  const colon = text.lastIndexOf(':')
  if (colon < 0) return { value: { host: text, portText: null } }
  return { value: { host: text.slice(0, colon), portText: text.slice(colon + 1) } }
}

function isName(host: string): boolean {
  return /^[\p{L}\p{N}_.-]*\p{L}[\p{L}\p{N}_.-]*$/u.test(host)
}

function joined(address: Address, port: number): string {
  return address.family === 4 ? `${address.address}:${port}` : `[${address.address}]:${port}`
}

/** By the URL parser, whose IPv6 serialiser is RFC 5952's but for mapped addresses, which it writes in hexadecimal. */
function canonicalIpv6(text: string): string {
  return new URL(`http://[${text}]/`).hostname.slice(1, -1)
}

function mappedIpv4(canonical: string): string | null {
  const groups = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical)
  if (groups === null) return null
  const [high, low] = [Number.parseInt(groups[1]!, 16), Number.parseInt(groups[2]!, 16)]
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

function networkOf(address: string, family: 4 | 6, bits: number): string {
  const width = family === 4 ? 8 : 16
  const groups = family === 4 ? address.split('.').map(Number) : ipv6Groups(address)
  const kept = groups.map((group, index) => group & groupMask(bits - index * width, width))
  return family === 4 ? kept.join('.') : canonicalIpv6(kept.map(group => group.toString(16)).join(':'))
}

/** Ones in the first `bits` of a group, none for a group wholly behind the prefix. */
function groupMask(bits: number, width: number): number {
  const ones = Math.max(0, Math.min(width, bits))
  return (2 ** width - 1) & ~(2 ** (width - ones) - 1)
}

/** The eight groups of an address without an IPv4 part: the URL parser has written that in hexadecimal. */
function ipv6Groups(canonical: string): number[] {
  const [head, tail] = canonical.split('::').map(half => (half === '' ? [] : half.split(':')))
  const zeros = tail === undefined ? 0 : 8 - head!.length - tail.length
  const groups = [...head!, ...new Array<string>(zeros).fill('0'), ...(tail ?? [])]
  return groups.map(group => Number.parseInt(group, 16))
}
