/** The name or address that somebody typed: what is neither, or pasted from elsewhere, must not look like a name that nobody blocks. */
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { visible } from './settings/problems.ts'
import { addressOctets, addressText } from './wire/address-text.ts'
import { BAD_NAME, nameFromText, nameToText } from './wire/name.ts'

/** As text and in wire form; an address has none. Throws TypeError for what is neither. */
export function asked(text: string): { readonly name: string; readonly wire: Uint8Array | null } {
  if (isIP(text) !== 0 && !text.includes('%')) return { name: addressText(addressOctets(text)), wire: null }
  refuseMistaken(text)
  const wire = new Uint8Array(256)
  const end = nameFromText(aLabels(text), wire)
  if (end === BAD_NAME || end < 2) throw new TypeError(`not a domain name: ${text === '' ? '""' : visible(text)}`)
  return { name: nameToText(wire), wire: wire.slice(0, end) }
}

/** Throws TypeError for what is written like something else than a name. */
export function refuseMistaken(text: string): void {
  const mistaken = mistakenFor(text)
  if (mistaken !== null) throw new TypeError(`not a domain name: ${visible(text)} ${mistaken}`)
}

/** Internationalised names as DNS has them (UTS 46); everything else as it is. */
export function aLabels(name: string): string {
  return /\P{ASCII}/u.test(name) ? domainToASCII(name) : name
}

/** An octet that is meant although names seldom have it (RFC 1035 §5.1). */
const ESCAPES = /\\(\d{3}|.)/gs
/** The slash in names of reverse zones (RFC 2317 §4). */
const IN_REVERSE_ZONE = /\.arpa\.?$/i

/** What a text is instead of a name, or null. */
function mistakenFor(text: string): string | null {
  const plain = text.replaceAll(ESCAPES, '')
  const [beforeSlash = '', ...afterSlash] = plain.split('/')
  if (afterSlash.length > 0 && isIP(beforeSlash) !== 0) return 'is a network: ask for one address of it'
  if (afterSlash.length > 0 && !IN_REVERSE_ZONE.test(plain)) return 'is a URL or a part of one: ask for its host'
  if (/^[\d.]*\d[\d.]*$/.test(plain) || /^[\da-f]*:[\da-f]*:[\da-f:.]*(%.*)?$/i.test(plain))
    return 'is no address either'
  if (/^\[.*\]/.test(plain)) return 'is in brackets: ask for the address alone'
  if (/:\d+$/.test(plain)) return 'has a port: ask for the name alone'
  if (plain.includes('@')) return 'is a mail address: ask for what stands behind the @'
  const strange = /[^\w.*/\P{ASCII}-]/u.exec(plain)?.[0]
  return strange === undefined ? null : `has ${quoted(strange)}, which names have only as ${escaped(strange)}`
}

function quoted(character: string): string {
  return visible(JSON.stringify(character))
}

function escaped(character: string): string {
  return `\\${String(character.charCodeAt(0)).padStart(3, '0')}`
}
