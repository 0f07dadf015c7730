/** Real primaries of a policy zone, which sign and notify: BIND and Knot, which take updates, and NSD, which reads its file anew; and what dig says that they have. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../cli/program.ts'
import { delay } from '../transport/clients.ts'
import { pathOf, RealServer } from './programs.ts'
import { nsdServerSection } from './servers.ts'

export const ZONE = 'rpz.test'
export const KEY = {
  name: 'key.test',
  algorithm: 'hmac-sha256' as const,
  secret: Buffer.alloc(32, 7).toString('base64'),
}

export type StartPrimary = (parent: string, zone: string, notifyPort: number) => Promise<RealServer>

/** A zone of so many rules, the first of which is that of this number. */
export function zoneOf(rules: number, { serial = 1, first = 0 } = {}): string {
  const lines = Array.from({ length: rules }, (_, n) => first + n).map(i =>
    i % 5 === 0 ? `a${i}.example A 192.0.2.${i % 250}` : `n${i}.example CNAME .`,
  )
  return `$ORIGIN ${ZONE}.\n$TTL 60\n@ SOA ns.test. hostmaster.test. ${serial} 3600 600 86400 60\n@ NS ns.test.\n${lines.join('\n')}\n`
}

async function prepared(
  parent: string,
  name: string,
  zone: string,
): Promise<{ port: number; folder: string; file: string }> {
  const port = await freePort()
  const folder = join(parent, `${name}-${port}`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'rpz.zone'), zone)
  return { port, folder, file: join(folder, `${name}.conf`) }
}

export const startKnotPrimary: StartPrimary = async (parent, zone, notifyPort) => {
  const { port, folder, file } = await prepared(parent, 'knot-primary', zone)
  writeFileSync(
    file,
    `server:
  listen: 127.0.0.1@${port}
  rundir: "${folder}"
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: "${folder}"
log:
  - target: stderr
    any: warning
key:
  - id: ${KEY.name}
    algorithm: ${KEY.algorithm}
    secret: ${KEY.secret}
remote:
  - id: secondary
    address: 127.0.0.1@${notifyPort}
    key: ${KEY.name}
acl:
  - id: secondary
    key: ${KEY.name}
    action: [transfer, update]
zone:
  - domain: ${ZONE}
    storage: "${folder}"
    file: rpz.zone
    zonefile-sync: -1
    zonefile-load: difference
    notify: secondary
    acl: secondary
`,
  )
  return RealServer.start('knotd', ['-c', file], { port, name: `${ZONE}.`, folder })
}

export const startBindPrimary: StartPrimary = async (parent, zone, notifyPort) => {
  const { port, folder, file } = await prepared(parent, 'bind-primary', zone)
  writeFileSync(
    file,
    `options {
  directory "${folder}";
  pid-file "${folder}/named.pid";
  session-keyfile "${folder}/session.key";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no;
  dnssec-validation no;
  allow-transfer { key "${KEY.name}"; };
  notify explicit;
  also-notify { 127.0.0.1 port ${notifyPort} key "${KEY.name}"; };
  notify-delay 0;
};
controls { };
key "${KEY.name}" { algorithm ${KEY.algorithm}; secret "${KEY.secret}"; };
zone "${ZONE}" {
  type primary;
  file "${folder}/rpz.zone";
  allow-update { key "${KEY.name}"; };
};
`,
  )
  return RealServer.start('named', ['-g', '-n', '1', '-c', file], { port, name: `${ZONE}.`, folder })
}

export const startNsdPrimary: StartPrimary = async (parent, zone, notifyPort) => {
  const { port, folder, file } = await prepared(parent, 'nsd-primary', zone)
  writeFileSync(
    file,
    `${nsdServerSection(port, folder)}remote-control:
  control-enable: no
key:
  name: ${KEY.name}
  algorithm: ${KEY.algorithm}
  secret: "${KEY.secret}"
zone:
  name: "${ZONE}"
  zonefile: "rpz.zone"
  notify: 127.0.0.1@${notifyPort} ${KEY.name}
  provide-xfr: 127.0.0.1 ${KEY.name}
  store-ixfr: yes
  create-ixfr: yes
`,
  )
  return RealServer.start('nsd', ['-d', '-c', file], { port, name: `${ZONE}.`, folder })
}

/** Puts another zone into a primary's file and has it read that. Throws where it does not within 20 s. */
export async function replaceZone(server: RealServer, zone: string, serial: number): Promise<void> {
  writeFileSync(join(server.folder, 'rpz.zone.new'), zone)
  renameSync(join(server.folder, 'rpz.zone.new'), join(server.folder, 'rpz.zone'))
  server.reload()
  for (let tries = 0; serialAt(server.port) !== serial; tries++) {
    if (tries === 200) throw new Error(`the primary does not take version ${serial} of its zone`)
    await delay(100)
  }
}

const SIGNED = `${KEY.algorithm}:${KEY.name}:${KEY.secret}`

/** Sends updates as one message. Throws with what nsupdate says. */
export async function update(port: number, changes: readonly string[]): Promise<void> {
  const child = spawn(pathOf('nsupdate')!, ['-y', SIGNED], { stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (said += String(text)))
  child.stdin.end(
    [`server 127.0.0.1 ${port}`, `zone ${ZONE}.`, ...changes.map(own => `update ${own}`), 'send', ''].join('\n'),
  )
  const code = await new Promise(resolve => child.once('close', resolve))
  if (code !== 0) throw new Error(`nsupdate: ${said}`)
}

/** The rules that a primary has, as lines of our copy, sorted. */
export function rulesAt(port: number): string[] {
  return recordsAt(port, 'AXFR')
    .filter(([, , , type]) => type === 'CNAME' || type === 'A')
    .map(([owner, , , type, data]) => `${owner} IN ${type} ${data}`)
    .sort()
}

/** Records that it sends to who has a version: a whole zone's, or those of differences, each removed or added. */
export function differencesAt(port: number, serial: number): number {
  return recordsAt(port, `IXFR=${serial}`).length
}

function recordsAt(port: number, type: string): string[][] {
  const { stdout } = spawnSync(
    pathOf('dig')!,
    ['@127.0.0.1', '-p', String(port), '-y', SIGNED, '+noall', '+answer', ZONE, type],
    { encoding: 'utf8', maxBuffer: 2 ** 28 },
  )
  return stdout.split('\n').flatMap(line => (line.trim() === '' ? [] : [line.trim().split(/\s+/)]))
}

export function serialAt(port: number): number {
  const { stdout } = spawnSync(pathOf('dig')!, ['@127.0.0.1', '-p', String(port), '+short', ZONE, 'SOA'], {
    encoding: 'utf8',
  })
  return Number(stdout.split(' ')[2])
}
