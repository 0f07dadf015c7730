/**
 * The command line. Chooses the command, calls one function, prints; what may stand there is `command-line.ts`. Expected problems are one line on stderr and exit code 1; wrong usage is
 * exit code 2.
 */
import { flushCompileCache } from 'node:module'
import { VERSION } from './about.ts'
import { runAppeals } from './appeals-acts.ts'
import { parse, UsageError, type Values } from './command-line.ts'
import { print, say, settingsAndData, settingsOf, show } from './command-output.ts'
import { sentenceOf } from './data-folder.ts'
import { explain, explainText } from './explain.ts'
import { runFeeds } from './feeds-acts.ts'
import { COMMAND_HELP, HELP } from './help.ts'
import { type Running, serve } from './main.ts'
import { flushCommand, urgentCommand } from './refresh-command.ts'
import { createLog } from './telemetry/log.ts'

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

function runCheck(file: string): number {
  const settings = settingsOf(file)
  if (settings === null) return 1
  for (const warning of settings.warnings) process.stderr.write(`${file}: warning: ${warning}\n`)
  return print(`${file}: no problem found`)
}

function runExplain(operands: readonly string[], values: Values): number {
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
  return show(explained, explainText, values.json)
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
