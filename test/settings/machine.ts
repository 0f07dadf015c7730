/** A machine as the tests say it is, and the two outcomes of reading a configuration on it. */
import { type Environment, settingsFromText } from '../../src/settings/load.ts'
import { formatProblem } from '../../src/settings/problems.ts'
import type { Settings } from '../../src/settings/settings.ts'

export function machine(is: Partial<Environment> & { resolvConf?: string | null } = {}): Environment {
  const { resolvConf = 'nameserver 192.0.2.53\n', ...rest } = is
  return {
    cpus: 3,
    readResolvConf: () => resolvConf,
    localAddresses: ['192.0.2.7', '2001:db8::7'],
    fileProblem: () => null,
    now: () => Date.UTC(2026, 10, 22),
    ...rest,
  }
}

export function settled(text: string, environment = machine()): Settings {
  const loaded = settingsFromText('/etc/qalqan/test.yaml', text, environment)
  if ('settings' in loaded) return loaded.settings
  throw new Error(loaded.problems.map(formatProblem).join('\n'))
}

/** `LINE:COLUMN: message` of each problem. */
export function problems(text: string, environment = machine()): string[] {
  const loaded = settingsFromText('test.yaml', text, environment)
  return 'settings' in loaded ? [] : loaded.problems.map(problem => formatProblem(problem).replace(/^test\.yaml:/, ''))
}
