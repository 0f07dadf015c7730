/** Refreshes that are killed at random moments, and what must be whole afterwards. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type CompileOrders, compile } from '../../src/feeds/compilation.ts'
import { NOTHING_OF_YOUR_OWN } from '../../src/feeds/guards/never-block.ts'
import { archivedPath, openArchived } from '../../src/feeds/history/archive.ts'
import { readHistory, versionsInForce } from '../../src/feeds/history/chain.ts'
import { fingerprintOf, openSavedImage } from '../../src/feeds/saved-image.ts'
import { readTally, tallyPath } from '../../src/feeds/tally/tally-file.ts'
import { FilterReader } from '../../src/images/filter/reader.ts'

const CHILD = fileURLToPath(new URL('./endless-refresh.ts', import.meta.url))
/** Names of a version; many enough for a round to have moments. */
const NAMES = 3000
const ROUNDS_OF_ONE_LIFE = 1000

export function listOf(round: number): string {
  return Array.from({ length: NAMES }, (_, i) => `n${i}.v${round}.example\n`).join('')
}

export function ordersIn(folder: string, round: number): CompileOrders {
  const source = join(folder, 'list.txt')
  const feed = {
    name: 'list',
    source,
    format: 'domains',
    mode: 'enforce',
    class: 'hotline',
    category: 'illegal',
    scope: 'page',
  } as const
  return {
    feeds: [
      {
        ...feed,
        subdomains: null,
        answer: null,
        remote: null,
        transfer: null,
        limits: { shrink: 0.2, grow: 0.5, bad: 0.01 },
        signature: null,
      },
    ],
    dataFolder: join(folder, 'data'),
    now: 1_790_000_000 + round,
    seed: 5,
    categories: ['illegal'],
    generation: 1,
    neverBlock: NOTHING_OF_YOUR_OWN,
    keeping: { keepMs: 60_000, octetsMax: 4 * 2 ** 20 },
  }
}

/** Kills a refreshing process so many times; returns what was not whole after any of them. */
export async function killRefreshes(times: number): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'qalqan-killed-'))
  const problems: string[] = []
  try {
    for (let life = 1; life <= times; life++) {
      await liveAndDie(folder, life * ROUNDS_OF_ONE_LIFE, Math.random() * 60)
      problems.push(...damagesIn(folder).map(own => `death ${life}: ${own}`))
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return problems
}

async function liveAndDie(folder: string, round: number, afterMs: number): Promise<void> {
  const child = spawn(process.execPath, [CHILD, folder, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<string | null>(resolve => child.once('exit', (_, signal) => resolve(signal)))
  await new Promise<void>(resolve => {
    child.stdout.once('data', () => resolve())
    child.once('exit', () => resolve())
  })
  await sleep(afterMs)
  child.kill('SIGKILL')
  if ((await ended) !== 'SIGKILL') throw new Error('the refreshing process ended by itself')
}

/** Looks at all that is on disk as the next start would, with the source gone. */
function damagesIn(folder: string): string[] {
  const problems: string[] = []
  const orders = ordersIn(folder, 0)
  const { saved, problems: ofImage } = openSavedImage(orders.dataFolder!, fingerprintOf(orders))
  problems.push(...ofImage)
  if (saved !== null && new FilterReader(saved.image).names !== NAMES) problems.push('the image is not whole')
  const { lines, problems: ofHistory } = readHistory(orders.dataFolder!)
  problems.push(...ofHistory)
  const before = versionsInForce(lines).get('list')
  rmSync(join(folder, 'list.txt'), { force: true })
  const [report] = compile(orders).reports
  // The very first death may come before there was ever a copy.
  if (before !== undefined && (report?.fromLastGood !== true || report.blocked !== NAMES || report.warnings.length > 0))
    problems.push(`the last good copy: ${report?.failure} ${report?.warnings.join('; ')}`)
  problems.push(...tallyProblem(orders.dataFolder!))
  for (const line of lines) problems.push(...archiveProblem(orders.dataFolder!, line.feed, line.sha256))
  return problems
}

/** What came and has not gone is what is there: nothing was counted twice, nothing was lost. */
function tallyProblem(dataFolder: string): string[] {
  try {
    const tally = readTally(tallyPath(dataFolder, 'list'))
    if (tally === null) return []
    const cells = Object.values(tally.months).flat()
    const sum = cells.reduce((all, { added, withdrawn, expired }) => all + added - withdrawn - expired, 0)
    return sum === NAMES && tally.fingerprints[0]?.length === NAMES ? [] : [`the tally comes to ${sum}`]
  } catch (error) {
    return [(error as Error).message]
  }
}

/** A version is there whole, or not at all. */
function archiveProblem(dataFolder: string, feed: string, sha256: string): string[] {
  try {
    openArchived(dataFolder, feed, sha256)
    return []
  } catch (error) {
    const { message } = error as Error
    return /not kept any more/.test(message) ? [] : [`${archivedPath(dataFolder, feed, sha256)}: ${message}`]
  }
}
