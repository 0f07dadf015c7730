/** Zones that are taken by transfer: from whom, signed by which key, and where primaries are heard when a zone has changed. */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { TSIG_ALGORITHMS } from '../feeds/transfer/tsig.ts'
import { parseEndpoint } from './address.ts'
import { choice, list, section, text } from './kinds.ts'
import { parseName } from './names.ts'
import { type Path, quote, visible } from './problems.ts'
import type { Config } from './schema.ts'
import type { FeedSettings, Settings } from './settings.ts'
import { type Settling, take } from './settling.ts'

const DNS_PORT = 53
/** RFC 8945 §8: a secret as long as the hash's half at least. */
const SECRET_OCTETS_MIN = 16
const SCHEME = /^xfr:\/\/(.*)$/i

export const zonesKey = list(
  section({
    name: text('the name of a zone').describe('The zone, as a feed names it in its source: xfr://NAME.'),
    primaries: list(text('an address such as 192.0.2.53'), 'addresses')
      .min(1, { error: 'at least one address' })
      .describe('Servers that have the zone, tried in turn.'),
    tsig: section({
      name: text('the name of a key').describe('What the key is called on both sides.'),
      algorithm: choice(TSIG_ALGORITHMS).default('hmac-sha256').describe('How is signed.'),
      secret_file: text('the path of a file').describe('A file with the secret in base64, for nobody else to read.'),
    })
      .optional()
      .describe('The key that transfers and notifications are signed with. Default: none.'),
  }),
  'zones',
)
  .default([])
  .describe('Zones that feeds take by transfer (AXFR, IXFR). One that no feed names is not taken.')

export const notifyKey = text('an address and port, such as 192.0.2.10:53')
  .optional()
  .describe(
    'Where primaries are heard, over UDP and TCP, when a zone has changed (NOTIFY). Default: nowhere, and zones are asked for as their SOA says.',
  )

export function isZoneSource(source: string): boolean {
  return SCHEME.test(source)
}

export function settleNotify({ notify }: Config, settling: Settling): Settings['notify'] {
  return notify === undefined ? null : take(parseEndpoint(notify, DNS_PORT), ['notify'], settling)
}

/** Which zone a feed takes, or null for one that is no zone. */
export function settleTransfer(config: Config, index: number, settling: Settling): FeedSettings['transfer'] {
  const feed = config.feeds[index]!
  const written = SCHEME.exec(feed.source)?.[1]
  if (written === undefined) return null
  const path: Path = ['feeds', index, 'source']
  const wanted = take(parseName(written), path, settling)
  if (feed.format !== 'auto' && feed.format !== 'rpz')
    settling.report(['feeds', index, 'format'], `a zone is read as rpz, got ${feed.format}`)
  const place = config.zones.findIndex(zone => nameOf(zone.name) === wanted)
  if (place < 0) {
    if (wanted !== null && settling.whole('zones'))
      settling.report(path, `no entry of zones is named ${quote(written)}`)
    return null
  }
  return settleZone(config.zones[place]!, wanted!, ['zones', place], settling)
}

function nameOf(written: string): string | null {
  const parsed = parseName(written)
  return 'value' in parsed ? parsed.value : null
}

function settleZone(
  zone: Config['zones'][number],
  name: string,
  path: Path,
  settling: Settling,
): FeedSettings['transfer'] {
  const primaries = zone.primaries.flatMap(
    (own, i) => take(parseEndpoint(own, DNS_PORT), [...path, 'primaries', i], settling) ?? [],
  )
  if (zone.tsig === undefined) return { zone: name, primaries, key: null }
  const keyName = take(parseName(zone.tsig.name), [...path, 'tsig', 'name'], settling) ?? ''
  const secret = readSecret(zone.tsig.secret_file, [...path, 'tsig', 'secret_file'], settling)
  return { zone: name, primaries, key: { name: keyName, algorithm: zone.tsig.algorithm, secret } }
}

function readSecret(written: string, path: Path, settling: Settling): string {
  const absolute = resolve(dirname(settling.file), written)
  const problem = settling.environment.fileProblem(absolute)
  if (problem !== null) {
    settling.report(path, `${visible(absolute)}: ${problem}`)
    return ''
  }
  const secret = readFileSync(absolute, 'utf8').trim()
  const octets = Buffer.from(secret, 'base64')
  if (octets.toString('base64') !== secret || octets.length < SECRET_OCTETS_MIN)
    settling.report(path, `${visible(absolute)}: expected a secret of ${SECRET_OCTETS_MIN} octets or more in base64`)
  return secret
}
