/** The table of src/feeds/README.md, read and tried. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { FeedFormat, FeedSettings } from '../../src/settings/settings.ts'
import { readLine } from './recorder.ts'

const readme = readFileSync(new URL('../../src/feeds/README.md', import.meta.url), 'utf8')
const rows = [
  ...readme.matchAll(/^\| (domains|hosts|adblock|dnsmasq|unbound|rpz|urls)(, `.*?`)? +\| `(.+?)` +\| (.+?) +\|$/gm),
]

const settings: Readonly<Record<string, Partial<FeedSettings>>> = {
  ', `subdomains: false`': { subdomains: false },
  ', `subdomains: true`': { subdomains: true },
  ', `scope: site`': { scope: 'site' },
}

describe('what the README says a line covers', () => {
  test('has all its rows read', () => expect(rows).toHaveLength(39))

  for (const [, format, setting = '', line, meaning] of rows) {
    const text = line!.replaceAll('\\|', '|')
    test(`${format}${setting}: ${text} comes to ${meaning}`, () => {
      const outcome = readLine(format as FeedFormat, text, settings[setting] ?? {})
      if (meaning === 'bad') expect(outcome).toEqual([expect.stringMatching(/^bad: /)])
      else if (meaning === 'skipped') expect(outcome).toEqual([expect.stringMatching(/^skip: /)])
      else expect(outcome).toEqual([...meaning!.matchAll(/`(.+?)`/g)].map(([, rule]) => rule))
    })
  }
})
