/** What `qalqan feeds refresh` has the server do: fetch what stands elsewhere, read, and say what came of each feed. */
import type { FeedKeeper } from './feeds/keeper.ts'
import { type FeedReport, isInForce } from './feeds/report.ts'
import type { FeedSettings } from './settings/settings.ts'

export const REFRESH_STAGES = ['fetching', 'reading'] as const
export type RefreshStage = (typeof REFRESH_STAGES)[number]

export interface RefreshOutcome {
  readonly feed: string
  /** `applied`: another version is in force than before. `rolled back`: one that a person went back to stays, whatever the source has. */
  readonly outcome: 'not modified' | 'applied' | 'rolled back' | 'held back' | 'failed'
  /** Since when the version in force is, ISO 8601, at the earliest since the server's start: a file is read when it changes, and may be in force before somebody asks. */
  readonly since: string | null
  /** Of what is in force now. */
  readonly block: number
  readonly allow: number
  readonly isInForce: boolean
  /** Why it is held back, or what failed. */
  readonly problem: string | null
}

export interface RefreshParts {
  readonly feeds: readonly Pick<FeedSettings, 'name' | 'remote' | 'transfer'>[]
  readonly fetchers: {
    refresh(feed: string | null): Promise<boolean>
    states(): readonly { readonly feed: string; readonly problem: string | null }[]
  }
  readonly keeper: Pick<FeedKeeper, 'refresh' | 'states' | 'failure'>
}

/** Null: all feeds. Never rejects. */
export async function refreshFeeds(
  { feeds, fetchers, keeper }: RefreshParts,
  feed: string | null,
  onStage: (stage: RefreshStage) => void,
): Promise<RefreshOutcome[]> {
  const wanted = feeds.filter(({ name }) => feed === null || name === feed)
  if (feed !== null && wanted.length === 0) return [unknown(feed)]
  const before = new Map(wanted.map(({ name }) => [name, keeper.states.get(name)?.report ?? null]))
  // What is a file here is not kept waiting by a server elsewhere.
  const isFileAmong = wanted.some(own => own.remote === null && own.transfer === null)
  const reading = isFileAmong ? keeper.refresh() : null
  onStage('fetching')
  const isNew = await fetchers.refresh(feed)
  onStage('reading')
  await reading
  if (reading === null || isNew) await keeper.refresh()
  const fetching = new Map(fetchers.states().map(own => [own.feed, own.problem]))
  return wanted.map(({ name }) => {
    const state = keeper.states.get(name)!
    const { report, inForceSince } = state
    const isHere = report !== null && isInForce(report)
    return {
      feed: name,
      ...whatCame(before.get(name) ?? null, report, {
        fetching: fetching.get(name) ?? null,
        compiling: keeper.failure,
      }),
      since: inForceSince === null ? null : new Date(inForceSince * 1000).toISOString(),
      block: isHere ? report.blocked : 0,
      allow: isHere ? report.allowed : 0,
      isInForce: isHere,
    }
  })
}

/** The configuration has changed since the server started. */
function unknown(feed: string): RefreshOutcome {
  const problem = 'the running server has no such feed: it knows those of the configuration that it started with'
  return { feed, outcome: 'failed', since: null, block: 0, allow: 0, isInForce: false, problem }
}

type WhatCame = Pick<RefreshOutcome, 'outcome' | 'problem'>

function whatCame(
  before: FeedReport | null,
  after: FeedReport | null,
  { fetching, compiling }: { readonly fetching: string | null; readonly compiling: string | null },
): WhatCame {
  if (compiling !== null) return { outcome: 'failed', problem: compiling }
  if (fetching !== null) return { outcome: 'failed', problem: `it could not be fetched: ${fetching}` }
  if (after === null) return { outcome: 'failed', problem: 'it has not been read' }
  const { failure, isHeld, pinned } = after
  if (failure !== null) return { outcome: isHeld ? 'held back' : 'failed', problem: failure }
  if (pinned !== null) return { outcome: 'rolled back', problem: `by ${pinned.by} on ${pinned.at}` }
  const isSame = before?.sha256 === after.sha256 && before.pinned === null
  return { outcome: isSame ? 'not modified' : 'applied', problem: null }
}

/** For a person, a line a feed. */
export function outcomesText(outcomes: readonly RefreshOutcome[]): string {
  return outcomes.length === 0 ? 'the configuration has no feeds' : outcomes.map(lineOf).join('\n')
}

function lineOf({ feed, outcome, block, allow, isInForce: isHere, since, problem }: RefreshOutcome): string {
  const counts = `${block} blocks, ${allow} exceptions`
  if (outcome === 'applied') return `${feed}: applied, ${counts}`
  if (outcome === 'not modified') return `${feed}: not modified, ${counts}, in force since ${since}`
  if (outcome === 'rolled back') return `${feed}: rolled back ${problem}, ${counts}; feeds approve ${feed} ends it`
  const stays = isHere ? `what was in force stays, ${counts}` : 'nothing of it is in force'
  // What holds a version back says so itself.
  return `${feed}: ${outcome === 'held back' ? '' : `${outcome}: `}${problem}; ${stays}`
}

/** Whether all feeds are as their sources, or persons, want them. */
export function isAllWell(outcomes: readonly RefreshOutcome[]): boolean {
  return outcomes.every(({ outcome }) => outcome !== 'held back' && outcome !== 'failed')
}
