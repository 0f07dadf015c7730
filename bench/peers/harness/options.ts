/**
 * The flags of `npm run bench:peers`.
 */
import { parseArgs } from 'node:util'
import { LOADS, type LoadName } from './peer.ts'

export interface Options {
  readonly help: boolean
  readonly rounds: number
  readonly seconds: number
  /** Names in the list of every load but `million`. */
  readonly names: number
  /** Names in the list of `million`. */
  readonly million: number
  /** Null: all. */
  readonly peers: readonly string[] | null
  readonly loads: readonly LoadName[]
  readonly clients: number
  readonly outstanding: number
  /** Questions a second while latency is taken. */
  readonly paced: number
  readonly serverCore: number
  readonly generatorCore: number
  readonly go: boolean
  readonly write: boolean
}

export const USAGE = `usage: npm run bench:peers -- [flags]
  --rounds 3          rounds over all servers, interleaved A B C A B C
  --seconds 10        how long each load is timed
  --names 100000      names in the list (blocked, cached, mix)
  --million 1000000   names in the list of the load of that name
  --peers a,b         only these servers
  --loads a,b         only these of ${LOADS.join(', ')}
  --clients 8         dnsperf: sockets, two at least
  --outstanding 200   dnsperf: questions in flight
  --paced 20000       questions a second while p50 and p99 are taken
  --server-core 0     the core of the server under test
  --generator-core 1  the core of dnsperf and the upstream
  --go                also the servers written in Go, which are built first
  --write             put the tables into bench/README.md`

const FLAGS = {
  help: { type: 'boolean', default: false },
  rounds: { type: 'string', default: '3' },
  seconds: { type: 'string', default: '10' },
  names: { type: 'string', default: '100000' },
  million: { type: 'string', default: '1000000' },
  peers: { type: 'string' },
  loads: { type: 'string', default: LOADS.join(',') },
  clients: { type: 'string', default: '8' },
  outstanding: { type: 'string', default: '200' },
  paced: { type: 'string', default: '20000' },
  'server-core': { type: 'string', default: '0' },
  'generator-core': { type: 'string', default: '1' },
  go: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
} as const

/** Throws an Error whose message is meant for whoever typed the flags. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({ args: [...args], options: FLAGS, strict: true })
  return {
    help: values.help,
    rounds: whole('rounds', values.rounds, 1),
    seconds: whole('seconds', values.seconds, 1),
    names: whole('names', values.names, 100),
    million: whole('million', values.million, 100),
    peers: values.peers === undefined ? null : values.peers.split(','),
    loads: values.loads.split(',').map(loadName),
    clients: whole('clients', values.clients, 2),
    outstanding: whole('outstanding', values.outstanding, 1),
    paced: whole('paced', values.paced, 100),
    serverCore: whole('server-core', values['server-core'], 0),
    generatorCore: whole('generator-core', values['generator-core'], 0),
    go: values.go,
    write: values.write,
  }
}

function whole(flag: string, text: string, least: number): number {
  const value = Number(text)
  if (/^\d{1,8}$/.test(text) && value >= least) return value
  throw new Error(`--${flag} takes a whole number of at least ${least}, not "${text}"`)
}

function loadName(text: string): LoadName {
  const found = LOADS.find(load => load === text)
  if (found === undefined) throw new Error(`there is no load "${text}"; there are ${LOADS.join(', ')}`)
  return found
}
