/** `qalqan appeals ACT`: which act takes what, and who does it. */
import { appealCalled, appealText, decideAppeal, listText, withAppeals } from './appeals-command.ts'
import { UsageError, type Values } from './command-line.ts'
import { print, settingsAndData, show as showAs } from './command-output.ts'

const APPEALS_USAGE =
  'appeals takes list, show TICKET, or decide TICKET with --uphold or --reject, --by PERSON and --reason TEXT'

/** Does one act, and returns the exit code. Throws UsageError, and TypeError with what is wrong. */
export function runAppeals([act, ticket, ...more]: readonly string[], values: Values): number {
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
    const show = <T>(value: T, text: (value: T) => string) => showAs(value, text, values.json)
    if (act === 'list') return show(store.list(values.open), listText)
    const appeal = appealCalled(store, ticket!)
    const contact = values.contact ? store.contactOf(appeal.ticket) : null
    return show({ ...appeal, contact }, own => appealText(own, own.contact))
  })
}
