/**
 * Which host a request is for. Everything here is hostile input: what does not look like a host name is no host at all.
 */
import type { IncomingMessage } from 'node:http'

/** As much as fits into a name of 255 octets (RFC 1035 §2.3.4). */
const HOST_CHARACTERS_MAX = 253

/** Underscores and hyphens anywhere: browsers open such hosts, so somebody may be looking at the page of one. */
const LABELS = /^(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}$/

/** The host asked for, lower case, without port and final dot; null where there is none that could be blocked by name. */
export function requestedHost(request: Pick<IncomingMessage, 'url' | 'headers'>): string | null {
  return hostName(requestedAuthority(request))
}

/** `host[:port]` as it was written; empty where there is none. */
export function requestedAuthority({ url, headers }: Pick<IncomingMessage, 'url' | 'headers'>): string {
  // RFC 9112 §3.2.2: where the target is absolute, it counts and the Host line does not.
  const absolute = /^https?:\/\/([^/?#]*)/i.exec(url ?? '')
  return absolute === null ? (headers.host ?? '') : absolute[1]!
}

/** The host name of `host[:port]`; null for addresses and for whatever no browser would have looked up. */
export function hostName(authority: string): string | null {
  if (authority.length > HOST_CHARACTERS_MAX + ':65535'.length + 1) return null
  const host = authority
    .toLowerCase()
    .replace(/:\d{0,5}$/, '')
    .replace(/\.$/, '')
  if (host.length > HOST_CHARACTERS_MAX || !LABELS.test(host)) return null
  // A last label of digits makes it an IPv4 address, or nothing (WHATWG URL §3.5, "ends in a number").
  return /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(host) ? null : host
}

/** Whether `host[:port]` is an address, as a person or a program asks who was given no name. */
export function isAddressAuthority(authority: string): boolean {
  return /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.test(authority)
}
