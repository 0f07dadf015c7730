/**
 * The command line. Parses arguments, calls one function, prints. Expected problems are one line on stderr and exit code 1; wrong usage is
 * exit code 2.
 */
import { flushCompileCache } from 'node:module'
import { parseArgs } from 'node:util'
import { VERSION } from './about.ts'
import { appealCalled, appealText, decideAppeal, listText, withAppeals } from './appeals-command.ts'
import { dataFolderProblem, sentenceOf } from './data-folder.ts'
import { dueText, entriesDue } from './due-command.ts'
import { explain, explainText } from './explain.ts'
import { approveFeed, rollBackFeed } from './feeds-command.ts'
import { feedsStatus, statusText } from './feeds-status.ts'
import { diffFeed, diffText, historyOf, historyText, verifiedText, verifyHistory } from './history-command.ts'
import { type Running, serve } from './main.ts'
import { proofText, prove } from './proof-command.ts'
import { flushCommand, refreshCommand, type Said, urgentCommand } from './refresh-command.ts'
import { loadSettings, systemEnvironment } from './settings/load.ts'
import { formatProblem } from './settings/problems.ts'
import type { Settings } from './settings/settings.ts'
import { createLog } from './telemetry/log.ts'

const HELP = `Qalqan ${VERSION}: a DNS-level filtering resolver front.

Usage: qalqan <command> [options]

Commands:
  serve                 answer DNS queries until told to stop
  check                 read a configuration and say what is wrong with it
  explain NAME          say whether and why NAME is blocked
  block NAME            block NAME at once, until it is unblocked
  feeds ACT             status, refresh, diff, approve, rollback, history, proof, verify, due: versions of lists
  appeals ACT           list, show or decide: what visitors object to
  flush NAME            forget the cached answers for NAME; with --below also for all names below it
  unblock NAME          end an urgent block of NAME; with --feeds also those of feeds

Options of all commands:
  -c, --config FILE     the configuration (default: config/qalqan.yaml)
  -h, --help            this text, or that of a command
  -V, --version         the version
`

const COMMAND_HELP: Readonly<Record<string, string>> = {
  serve: `Usage: qalqan serve [--config FILE]

Reads the configuration and the feeds, then answers DNS queries over UDP and TCP.
SIGHUP reads the feeds again. SIGTERM and SIGINT answer what is in flight and end within 5 s.
`,
  check: `Usage: qalqan check [--config FILE]

Prints every problem as FILE:LINE:COLUMN: problem, and exits 1; or exits 0.
`,
  explain: `Usage: qalqan explain NAME [--client ADDRESS | --policy POLICY] [--json] [--config FILE]

Says whether NAME is blocked, by what, and what every feed says of it.
  --client ADDRESS      for whoever asks from ADDRESS (default: whoever no policy names)
  --policy POLICY       under that policy, whoever asks
  --json                for machines
Exits 0 whether NAME is blocked or not.
`,
  block: `Usage: qalqan block NAME --case NUMBER [--class CLASS] [--category CATEGORY] [--exact] [--reason TEXT] [--config FILE]

Blocks NAME and all below it, in every worker within a second and after a restart. Where no server answers within 5 s it says
so: then the block is on record, and holds from the next start. Exits 1 where the server cannot put it in force.
  --case NUMBER         the number by which the block is known; it is told to who asks
  --class CLASS         hotline (default), legal or household
  --category CATEGORY   one that a feed has (default: that of the first feed of the class)
  --exact               NAME alone
  --reason TEXT         for the record
`,
  feeds: `Usage: qalqan feeds status [--json] [--config FILE]
       qalqan feeds refresh [NAME] [--timeout DURATION] [--json] [--config FILE]
       qalqan feeds refresh [NAME] --no-wait [--config FILE]
       qalqan feeds diff NAME [--from VERSION] [--to VERSION] [--json] [--config FILE]
       qalqan feeds approve NAME --by PERSON [--config FILE]
       qalqan feeds rollback NAME [--to VERSION] --by PERSON [--reason TEXT] [--config FILE]
       qalqan feeds history [NAME] [--json] [--config FILE]
       qalqan feeds proof DOMAIN|ADDRESS --on DAY [--json] [--config FILE]
       qalqan feeds verify [--json] [--config FILE]
       qalqan feeds due [--json] [--config FILE]

status    reads every feed as the server does, and says what is in force, held back or quarantined, and which exceptions of guards hold
refresh   asks the running server to fetch and read NAME, or all feeds, now, and waits for what comes of each: not modified, applied, held back or failed;
          exits 1 where one was held back or failed, or nothing came within DURATION (5m); with --no-wait it only asks
diff      names that come and go from the version in force to the source as it is, and which of them are near names that everybody needs
approve   lets the version of NAME pass that its limits hold back, or ends a rollback; the running server takes it within seconds
rollback  goes back to the version before, or to VERSION, until approve
history   which version was in force when
proof     whether DOMAIN, or ADDRESS in answers or as a client, was listed on DAY (such as 2026-11-20, UTC), and whether that was in force, quarantined by a
          guard, only monitored or overruled by an exception, from the versions of then
verify    checks that no line of the history was changed and every kept version is what it was; exits 1 where not
due       rules whose date for a re-check has come

A VERSION is its number in the history, or the first eight digits or more of its SHA-256.
`,
  appeals: `Usage: qalqan appeals list [--open] [--json] [--config FILE]
       qalqan appeals show TICKET [--contact] [--json] [--config FILE]
       qalqan appeals decide TICKET --uphold --by PERSON --reason TEXT [--name NAME] [--config FILE]
       qalqan appeals decide TICKET --reject --by PERSON --reason TEXT [--config FILE]

list      all appeals, or with --open those that are not decided
show      one of them; --contact also what was given to be reached by
decide    --uphold lifts the rule for the very site, or those of the case, at once, as 'unblock --feeds' does; a rule for a name above the site
          also blocks others, and is lifted only where --name says so. --reason is what the person reads
`,
  flush: `Usage: qalqan flush NAME [--below] [--config FILE]

Has the running server forget the cached answers for NAME, in every worker within a second; exits 1 where none runs.
  --below               those for all names below it as well
`,
  unblock: `Usage: qalqan unblock NAME [--feeds] [--reason TEXT] [--config FILE]

Ends what 'block' or 'unblock --feeds' has set for NAME: from then on the feeds decide again.
  --feeds               instead, lift the blocks that feeds have for this very name, those to come as well, until 'unblock NAME' without it;
                        blocks of names above it hold
  --reason TEXT         for the record
`,
}

class UsageError extends Error {}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        config: { type: 'string', short: 'c', default: 'config/qalqan.yaml' },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', short: 'V', default: false },
        client: { type: 'string' },
        policy: { type: 'string' },
        json: { type: 'boolean', default: false },
        case: { type: 'string' },
        class: { type: 'string' },
        category: { type: 'string' },
        reason: { type: 'string' },
        exact: { type: 'boolean', default: false },
        feeds: { type: 'boolean', default: false },
        below: { type: 'boolean', default: false },
        by: { type: 'string' },
        from: { type: 'string' },
        to: { type: 'string' },
        on: { type: 'string' },
        open: { type: 'boolean', default: false },
        contact: { type: 'boolean', default: false },
        uphold: { type: 'boolean', default: false },
        reject: { type: 'boolean', default: false },
        name: { type: 'string' },
        timeout: { type: 'string' },
        'no-wait': { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/** Runs one command and ends the process with its exit code. */
export async function run(argv: readonly string[]): Promise<never> {
  const code = await dispatch(argv).catch((error: unknown) => {
    const isUsage = error instanceof UsageError
    const message = isUsage ? error.message : sentenceOf(error)
    process.stderr.write(`qalqan: ${message}\n${isUsage ? "Try 'qalqan --help'.\n" : ''}`)
    return isUsage ? 2 : 1
  })
  // Whatever still runs (a worker whose start failed half-way) must not keep a process alive that has said its last word.
  process.exit(code)
}

async function dispatch(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parse(argv)
  const [command, ...operands] = positionals
  if (values.version) return print(`qalqan ${VERSION}`)
  if (values.help) return print(COMMAND_HELP[command ?? ''] ?? HELP)
  if (command === 'appeals') return runAppeals(operands, values)
  if (values.open || values.contact || values.uphold || values.reject || values.name !== undefined)
    throw new UsageError('--open, --contact, --uphold, --reject and --name belong to appeals')
  if (command === 'feeds') return runFeeds(operands, values)
  if ((values.by ?? values.from ?? values.to ?? values.on ?? values.timeout) !== undefined || values['no-wait'])
    throw new UsageError('--by, --from, --to, --on, --timeout and --no-wait belong to feeds')
  if (command === 'flush') return runFlush(operands, values)
  if (values.below) throw new UsageError('--below belongs to flush')
  if (command === 'explain') return runExplain(operands, values)
  if (values.client !== undefined || values.policy !== undefined)
    throw new UsageError('--client and --policy belong to explain')
  if (values.json) throw new UsageError('--json belongs to explain, feeds and appeals')
  if (command === 'block' || command === 'unblock') return runUrgent(command, operands, values)
  if (
    [values.case, values.class, values.category, values.reason].some(value => value !== undefined) ||
    values.exact ||
    values.feeds
  ) {
    throw new UsageError('--case, --class, --category, --exact, --feeds and --reason belong to block and unblock')
  }
  if (operands.length > 0) throw new UsageError(`what is '${operands[0]}'? ${command} takes no operand`)
  if (command === 'serve') return runServe(values.config)
  if (command === 'check') return runCheck(values.config)
  throw new UsageError(command === undefined ? 'which command?' : `no command is called '${command}'`)
}

function print(text: string): number {
  process.stdout.write(`${text.trimEnd()}\n`)
  return 0
}

/** The settings of a file, or null when its problems were printed. */
function settingsOf(file: string): Settings | null {
  const loaded = loadSettings(file, systemEnvironment())
  if ('settings' in loaded) return loaded.settings
  for (const problem of loaded.problems) process.stderr.write(`${formatProblem(problem)}\n`)
  return null
}

/** The same for a command that looks into the data folder, or writes there. Throws TypeError where it cannot. */
function settingsAndData(file: string): Settings | null {
  const settings = settingsOf(file)
  const problem = settings === null ? null : dataFolderProblem(settings.data)
  if (problem !== null) throw new TypeError(problem)
  return settings
}

function runCheck(file: string): number {
  const settings = settingsOf(file)
  if (settings === null) return 1
  for (const warning of settings.warnings) process.stderr.write(`${file}: warning: ${warning}\n`)
  return print(`${file}: no problem found`)
}

function runExplain(operands: readonly string[], values: ReturnType<typeof parse>['values']): number {
  const [name, ...more] = operands
  if (name === undefined || more.length > 0) throw new UsageError('explain takes one name')
  if (values.client !== undefined && values.policy !== undefined) throw new UsageError('--client or --policy, not both')
  const settings = settingsAndData(values.config)
  if (settings === null) return 1
  const explained = explain(settings, {
    name,
    client: values.client ?? null,
    policy: values.policy ?? null,
    nowMs: Date.now(),
  })
  return print(values.json ? JSON.stringify(explained, null, 2) : explainText(explained))
}

type Values = ReturnType<typeof parse>['values']

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

function runFeeds([act = '', ...operands]: readonly string[], values: Values): number | Promise<number> {
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
  const show = <T>(value: T, text: (value: T) => string) =>
    print(values.json ? JSON.stringify(value, null, 2) : text(value))
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

const APPEALS_USAGE =
  'appeals takes list, show TICKET, or decide TICKET with --uphold or --reject, --by PERSON and --reason TEXT'

function runAppeals([act, ticket, ...more]: readonly string[], values: Values): number {
  const isList = act === 'list' && ticket === undefined
  const isOne = (act === 'show' || act === 'decide') && ticket !== undefined && more.length === 0
  const { uphold, reject, by, reason, name = null } = values
  const isDecision = uphold !== reject && by !== undefined && reason !== undefined
  if ((!isList && !isOne) || (act === 'decide') !== isDecision || (name !== null && !uphold))
    throw new UsageError(APPEALS_USAGE)
  const settings = settingsAndData(values.config)
  if (settings === null) return 1
  if (act === 'decide')
    return print(
      decideAppeal(settings, { ticket: ticket!, isUpheld: uphold, by: by!, reason: reason!, name }, Date.now()),
    )
  return withAppeals(settings, store => {
    const show = <T>(value: T, text: (value: T) => string) =>
      print(values.json ? JSON.stringify(value, null, 2) : text(value))
    if (act === 'list') return show(store.list(values.open), listText)
    const appeal = appealCalled(store, ticket!)
    const contact = values.contact ? store.contactOf(appeal.ticket) : null
    return show({ ...appeal, contact }, own => appealText(own, own.contact))
  })
}

async function runRefresh(settings: Settings, name: string, values: Values): Promise<number> {
  const { timeout, json: isJson, 'no-wait': noWait } = values
  return say(await refreshCommand(settings, { name, isWaitedFor: !noWait, timeout, isJson }))
}

function say({ text, code }: Said): number {
  print(text)
  return code
}

/** A line that is written over, for a person who waits. */
function progress(what: string): (done: number, of: number) => void {
  return (done, of) => {
    if (process.stderr.isTTY === true)
      process.stderr.write(`\r${done + 1} of ${of} ${what}${done + 1 === of ? '\n' : ''}`)
  }
}

async function runFlush(operands: readonly string[], values: Values): Promise<number> {
  const [name, ...more] = operands
  if (name === undefined || more.length > 0) throw new UsageError('flush takes one name')
  const settings = settingsAndData(values.config)
  if (settings === null) return 1
  return say(await flushCommand(settings, name, values.below))
}

async function runUrgent(action: 'block' | 'unblock', operands: readonly string[], values: Values): Promise<number> {
  const [name, ...more] = operands
  if (name === undefined || more.length > 0) throw new UsageError(`${action} takes one name`)
  const { case: caseNumber, class: ruleClass, category, reason, exact, feeds } = values
  if (action === 'block' && feeds) throw new UsageError('--feeds belongs to unblock')
  if (action === 'block' && caseNumber === undefined) throw new UsageError('a block needs its case: --case NUMBER')
  if (action === 'unblock' && (caseNumber ?? ruleClass ?? category ?? (exact || undefined)) !== undefined) {
    throw new UsageError('--case, --class, --category and --exact belong to block')
  }
  const settings = settingsAndData(values.config)
  if (settings === null) return 1
  const { warning, ...said } = await urgentCommand(settings, {
    action: feeds ? 'withdraw' : action,
    name,
    caseNumber,
    ruleClass,
    category,
    reason,
    exact,
    at: new Date().toISOString(),
  })
  if (warning !== null) process.stderr.write(`qalqan: ${warning}\n`)
  return say(said)
}

async function runServe(file: string): Promise<number> {
  const settings = settingsOf(file)
  if (settings === null) return 1
  const log = createLog(settings.log.level, { stream: process.stdout, isTerminal: process.stdout.isTTY === true })
  // From the start on: the signal's default would end the process, and a reload that comes too early is done when there is something to reload.
  let running: Running | null = null
  let isReloadWanted = false
  process.on('SIGHUP', () => {
    if (running === null) isReloadWanted = true
    else running.reload()
  })
  running = await serve(settings, log)
  if (isReloadWanted) running.reload()
  // Before it is said that this runs, so that whoever waits for that can stop it.
  const stopped = new Promise<string>(resolve => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, resolve)
  })
  process.stdout.write(`${running.banner}\n`)
  flushCompileCache()
  const signal = await stopped
  log.logger.info({ signal }, 'stopping: what is in flight is answered first')
  await running.stop()
  await log.flush()
  return 0
}
