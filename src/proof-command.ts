/** `qalqan feeds proof`: what was listed on a day, and whether it was in force. Reads, and writes nothing. */
import { asked } from './asked-name.ts'
import { placeText } from './explain.ts'
import { endText } from './feeds/guards/exception.ts'
import type { History } from './feeds/history/chain.ts'
import { type Proof, type ProvenEntry, proveListing, startOfDay, type VersionProof } from './feeds/history/proof.ts'
import type { Standing } from './feeds/history/standing.ts'
import { wideOctets } from './feeds/network.ts'
import type { Settings } from './settings/settings.ts'
import { weigherFor } from './weigh-rules.ts'

/** `name` may be an address: in answers, or one that asks. Throws TypeError for what is neither, for what is no day, and for a day to come. */
export function prove(
  settings: Settings,
  { name: written, on, nowMs }: { readonly name: string; readonly on: string; readonly nowMs: number },
  onProgress?: (done: number, of: number) => void,
): Proof {
  const { name: shown, wire } = asked(written)
  if (startOfDay(on) > nowMs) throw new TypeError(`nobody can tell yet what is listed on ${on}`)
  const address = wire === null ? wideOctets(shown) : null
  const subject = wire === null ? { answer: address!, client: address! } : { name: wire }
  return proveListing(settings.data, { subject, shown, on, weigh: weigherFor(shown) }, onProgress)
}

export function proofText(proof: Proof): string {
  const { name, on, versions, urgent, history } = proof
  return [
    `${name} on ${on}: ${standingText(proof)}`,
    ...versions.flatMap(versionLines),
    ...urgent.map(change => `  urgent ${change.action} of ${change.name}, ${change.at}`),
    ...(versions.length === 0 ? ['  no version of any feed was in force then'] : []),
    chainLine(history),
  ].join('\n')
}

const UNRECORDED = 'depends on the configuration of then, which is not on record'

function standingText({ standing, isListed, versions }: Proof): string {
  if (standing === 'in force') return 'was listed and in force'
  if (standing === 'excepted') return 'was listed, but an exception overruled it: it was not blocked'
  if (standing === 'configuration not recorded')
    return `was listed, but there were exceptions: whether they overruled it ${UNRECORDED}`
  if (standing === 'monitored') return 'was listed, but only monitored: it was not blocked'
  if (standing === 'quarantined') return `was listed, but kept back by guards: ${guardsOf(versions)}`
  if (standing === 'lifted') return 'was listed, but an urgent change had lifted it: it was not blocked'
  if (standing === 'guards not recorded')
    return 'was listed; whether guards kept it back was not recorded then, so that it cannot be told whether it was in force'
  if (standing === 'not listed') return 'was not listed'
  return isListed
    ? 'was listed; whether it was in force cannot be told: not all is kept any more'
    : 'cannot be told: versions are not kept any more'
}

function guardsOf(versions: readonly VersionProof[]): string {
  const found = versions.flatMap(({ feed, entries }) =>
    (entries ?? []).flatMap(({ guard }) => (guard === undefined ? [] : `${guard} (feed ${feed})`)),
  )
  return [...new Set(found)].join(', ')
}

function versionLines({
  feed,
  seq,
  sha256,
  from,
  until,
  entries,
  guards,
  exceptions,
  problem,
}: VersionProof): string[] {
  const head = `  ${feed}, line ${seq} of the history, in force from ${from} ${until === null ? 'on' : `to ${until}`}, sha256 ${sha256}`
  const trouble = problem === null ? [] : [`    ${problem}`]
  if (entries === null) return [head, ...trouble]
  const unrecorded = guards === 'not recorded' && entries.some(own => own.status === 'blocks')
  return [
    head,
    ...entries.map(entryLine),
    ...exceptions.map(
      own => `    exception of guards for ${own.name} by ${own.by}, ${endText(own)}: ${own.rules} rules counted by it`,
    ),
    ...(unrecorded ? ['    what guards kept back was not recorded then'] : []),
    ...trouble,
  ]
}

/** What came of an entry, where its status does not say so. */
const AFTERWARDS: Readonly<Partial<Record<Standing, string>>> = {
  lifted: ', lifted by an urgent change',
  excepted: ', overruled by an exception',
  'configuration not recorded': ', perhaps overruled by an exception',
}

function entryLine(entry: ProvenEntry): string {
  const { status, line, guard, standing } = entry
  const what = guard === undefined ? status : `${status} (${guard})`
  return `    ${what} ${placeText(entry)}, line ${line}${(standing === null ? undefined : AFTERWARDS[standing]) ?? ''}`
}

function chainLine({ lines, head, problems }: { lines: number } & Pick<History, 'head' | 'problems'>): string {
  const verdict = problems.length === 0 ? 'the chain is whole' : `the chain is NOT whole: ${problems[0]}`
  return `  history: ${lines} lines, ${verdict}; head ${head}`
}
