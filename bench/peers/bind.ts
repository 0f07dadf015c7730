/**
 * BIND 9: the list as a response policy zone; everything else from its cache or the upstream.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installedVersion } from './harness/installed.ts'
import { LOADS, LOOPBACK, type Peer, type Site } from './harness/peer.ts'
import { LOCAL_DATA, RPZ_ZONE, rpzZone } from './harness/rpz.ts'

export const bind: Peer = {
  name: 'bind',
  setup: 'response-policy without waiting for recursion, -n 1, cache of 1 GiB, forward only, no validation, no logs',
  covers: 'subtree',
  resolves: true,
  loads: LOADS,

  installed: () => installedVersion('named', ['-v'], /BIND (\S+)/, 'Debian package bind9'),

  prepare(site) {
    writeFileSync(join(site.dir, 'rpz.zone'), rpzZone(site.list, LOCAL_DATA))
    writeFileSync(join(site.dir, 'named.conf'), configuration(site))
    return { command: 'named', args: ['-f', '-n', '1', '-c', join(site.dir, 'named.conf')] }
  },
}

function configuration({ dir, port, upstreamPort }: Site): string {
  return `options {
  directory "${dir}";
  pid-file none;
  session-keyfile none;
  lock-file none;
  managed-keys-directory "${dir}";
  listen-on port ${port} { ${LOOPBACK}; };
  listen-on-v6 { none; };
  allow-query { any; };
  allow-query-cache { any; };
  allow-recursion { any; };
  forward only;
  forwarders { ${LOOPBACK} port ${upstreamPort}; };
  dnssec-validation no;
  minimal-responses yes;
  empty-zones-enable no;
  querylog no;
  zone-statistics none;
  notify no;
  answer-cookie no;
  send-cookie no;
  prefetch 0;
  max-cache-size 1024m;
  recursive-clients 20000;
  fetches-per-server 0;
  fetches-per-zone 0;
  clients-per-query 0;
  max-clients-per-query 0;
  # A flagged name is answered at once; names and nothing else trigger.
  response-policy { zone "${RPZ_ZONE}" policy given; } qname-wait-recurse no nsip-enable no nsdname-enable no break-dnssec yes;
};
controls { };
logging {
  category default { null; };
  category lame-servers { null; };
};
zone "${RPZ_ZONE}" {
  type primary;
  file "${join(dir, 'rpz.zone')}";
  masterfile-format text;
  check-names ignore;
  allow-transfer { none; };
};
`
}
