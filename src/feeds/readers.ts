/** Every format that a file can have, and who reads it. */
import type { FeedFormat } from '../settings/settings.ts'
import { readAdblock } from './adblock.ts'
import { readDnsmasq } from './dnsmasq.ts'
import { readDomains } from './domains.ts'
import { readHosts } from './hosts.ts'
import { LINE_OCTETS_MAX } from './lines.ts'
import { JSON_LINE_OCTETS_MAX, readQalqan } from './qalqan.ts'
import type { MakeReader } from './reader.ts'
import { readRpz } from './rpz.ts'
import { readUnbound } from './unbound.ts'
import { readUrls } from './urls.ts'

export type FileFormat = Exclude<FeedFormat, 'auto'>

export const READERS: Readonly<Record<FileFormat, MakeReader>> = {
  qalqan: readQalqan,
  domains: readDomains,
  hosts: readHosts,
  adblock: readAdblock,
  rpz: readRpz,
  dnsmasq: readDnsmasq,
  unbound: readUnbound,
  urls: readUrls,
}

export function lineOctetsMax(format: FileFormat): number {
  return format === 'qalqan' ? JSON_LINE_OCTETS_MAX : LINE_OCTETS_MAX
}
