/** Real primaries of a policy zone, which sign, notify and take updates: BIND and Knot; and what dig says that they have. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../cli/program.ts'
import { pathOf, RealServer } from './programs.ts'

export const ZONE = 'rpz.test'
export const KEY = {
  name: 'key.test',
  algorithm: 'hmac-sha256' as const,
  secret: Buffer.alloc(32, 7).toString('base64'),
}

export type StartPrimary = (parent: string, zone: string, notifyPort: number) => Promise<RealServer>

/** A zone of so many rules. */
export function zoneOf(rules: number): string {
  const lines = Array.from({ length: rules }, (_, i) =>
    i % 5 === 0 ? `a${i}.example A 192.0.2.${i % 250}` : `n${i}.example CNAME .`,
  )
  return `$ORIGIN ${ZONE}.\n$TTL 60\n@ SOA ns.test. hostmaster.test. 1 3600 600 86400 60\n@ NS ns.test.\n${lines.join('\n')}\n`
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
  const { stdout } = spawnSync(
    pathOf('dig')!,
    ['@127.0.0.1', '-p', String(port), '-y', SIGNED, '+noall', '+answer', ZONE, 'AXFR'],
    {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    },
  )
  return stdout
    .split('\n')
    .map(line => line.trim().split(/\s+/))
    .filter(([, , , type]) => type === 'CNAME' || type === 'A')
    .map(([owner, , , type, data]) => `${owner} IN ${type} ${data}`)
    .sort()
}

export function serialAt(port: number): number {
  const { stdout } = spawnSync(pathOf('dig')!, ['@127.0.0.1', '-p', String(port), '+short', ZONE, 'SOA'], {
    encoding: 'utf8',
  })
  return Number(stdout.split(' ')[2])
}
