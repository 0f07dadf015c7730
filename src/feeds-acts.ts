/** `qalqan feeds ACT`: which act takes what, and who does it. */
import { UsageError, type Values } from './command-line.ts'
import { print, say, settingsAndData, show as showAs } from './command-output.ts'
import { dueText, entriesDue } from './due-command.ts'
import { approveFeed, rollBackFeed } from './feeds-command.ts'
import { feedsStatus, statusText } from './feeds-status.ts'
import { diffFeed, diffText, historyOf, historyText, verifiedText, verifyHistory } from './history-command.ts'
import { proofText, prove } from './proof-command.ts'
import { refreshCommand } from './refresh-command.ts'
import type { Settings } from './settings/settings.ts'
import { progress } from './waiting-line.ts'

/** What each act of `feeds` takes: operands at least and at most, options it needs, options it may have. */
const FEEDS_ACTS: Readonly<
  Record<string, readonly [least: number, most: number, needs: readonly string[], may: readonly string[]]>
> = {
  status: [0, 0, [], ['json']],
  refresh: [0, 1, [], ['json', 'timeout', 'no-wait']],
  diff: [1, 1, [], ['from', 'to', 'json']],
  approve: [1, 1, ['by'], []],
  rollback: [1, 1, ['by'], ['to', 'reason']],
  history: [0, 1, [], ['json']],
  proof: [1, 1, ['on'], ['json']],
  verify: [0, 0, [], ['json']],
  due: [0, 0, [], ['json']],
}
const FEEDS_OPTIONS = [
  'by',
  'from',
  'to',
  'on',
  'json',
  'reason',
  'case',
  'class',
  'category',
  'exact',
  'feeds',
  'below',
  'client',
  'policy',
  'timeout',
  'no-wait',
]

/** Does one act, and resolves with the exit code. Throws UsageError, and TypeError with what is wrong. */
export function runFeeds([act = '', ...operands]: readonly string[], values: Values): number | Promise<number> {
  const takes = FEEDS_ACTS[act]
  if (takes === undefined) throw new UsageError(`feeds takes one of ${Object.keys(FEEDS_ACTS).join(', ')}`)
  const [least, most, needs, may] = takes
  const given = FEEDS_OPTIONS.filter(option => ![undefined, false].includes(values[option as keyof Values] as never))
  const wrong = given.find(option => !needs.includes(option) && !may.includes(option))
  if (wrong !== undefined) throw new UsageError(`--${wrong} does not belong to feeds ${act}`)
  const missing = needs.find(option => !given.includes(option))
  if (operands.length < least || operands.length > most || missing !== undefined)
    throw new UsageError(
      `see qalqan feeds --help for what feeds ${act} takes${missing === undefined ? '' : `: --${missing} is missing`}`,
    )
  if (values['no-wait'] && (values.json || values.timeout !== undefined))
    throw new UsageError('--json and --timeout say how to wait: they do not go with --no-wait')
  const settings = settingsAndData(values.config)
  return settings === null ? 1 : actOnFeeds(act, operands[0] ?? '', values, settings)
}

function actOnFeeds(act: string, name: string, values: Values, settings: Settings): number | Promise<number> {
  const { by = '', from = null, to = null, on = '', reason } = values
  const show = <T>(value: T, text: (value: T) => string) => showAs(value, text, values.json)
  if (act === 'status') return show(feedsStatus(settings, Date.now(), progress('feeds read')), statusText)
  if (act === 'approve') return print(approveFeed(settings, name, by, Date.now()))
  if (act === 'rollback') return print(rollBackFeed(settings, { name, to, by, reason }, Date.now()))
  if (act === 'diff')
    return show(diffFeed(settings, { name, from, to }, Date.now(), progress('versions read')), diffText)
  if (act === 'history') return show(historyOf(settings, name === '' ? null : name), historyText)
  if (act === 'proof')
    return show(prove(settings, { name, on, nowMs: Date.now() }, progress('versions read')), proofText)
  if (act === 'due') return show(entriesDue(settings, Date.now()), dueText)
  if (act === 'refresh') return runRefresh(settings, name, values)
  const verified = verifyHistory(settings, progress('versions checked'))
  show(verified, verifiedText)
  return verified.problems.length === 0 ? 0 : 1
}

async function runRefresh(settings: Settings, name: string, values: Values): Promise<number> {
  const { timeout, json: isJson, 'no-wait': noWait } = values
  return say(await refreshCommand(settings, { name, isWaitedFor: !noWait, timeout, isJson }))
}
