/** What may stand on the command line: the options of all commands, and what is thrown for those that do not fit together. */
import { parseArgs } from 'node:util'

/** Wrong usage: exit code 2. */
export class UsageError extends Error {}

export function parse(argv: readonly string[]) {
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

export type Values = ReturnType<typeof parse>['values']
