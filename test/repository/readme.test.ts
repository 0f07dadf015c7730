/** What the README and docs/ show is what happens: its commands are run, its queries asked, and the output compared with what it prints. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get as httpGet } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asDig, asPrinted } from './as-dig.ts'
import { allFiles, codeIn, fences, manifest, ROOT, read, tableRows } from './repository.ts'
import { SampleServer } from './sample-server.ts'

const readme = read('README.md')
const guides = allFiles('docs').filter(path => path.endsWith('.md'))
const shown = [readme, ...guides.map(read)].flatMap(text => fences(text, 'console'))
const transcripts = shown.map(block => {
  const [, command = '', output = ''] = /^\$ (.*)\n([\s\S]*)$/.exec(block) ?? []
  return { command, output }
})
const transcriptsOf = (pattern: RegExp) => transcripts.filter(({ command }) => pattern.test(command))

/** npm's own commands that the README uses; `start` and `test` are scripts all the same. */
const NPM_OWN = ['ci']

describe('the commands of the README', () => {
  test('are npm’s own, or scripts of the package', () => {
    const commands = [
      ...fences(readme, 'sh')
        .join('')
        .matchAll(/npm (?:run )?(\S+)/g),
    ].map(([, name]) => name!)
    expect(commands).toEqual(expect.arrayContaining(['ci', 'start', 'test']))
    expect(commands.filter(name => !NPM_OWN.includes(name) && !(name in manifest.scripts))).toEqual([])
  })

  test('are two, on one line each, from a fresh checkout', () => {
    expect(fences(readme, 'sh')).toEqual(['npm ci && npm start\n', 'npm ci && npm test\n'])
  })

  test('each start of a transcript is a command', () => {
    expect(transcripts.map(({ command }) => command).filter(command => !/^(npm|qalqan|dig) /.test(command))).toEqual([])
  })

  test('qalqan has those that the table of docs/commands.md has', () => {
    const help = execFileSync(process.execPath, ['src/cli.ts', '--help'], { cwd: ROOT, encoding: 'utf8' })
    const listed = [...help.matchAll(/^ {2}([a-z]+)(?: [A-Z]+)? {2,}/gm)].map(([, name]) => name!)
    const rows = tableRows(read('docs/commands.md'))
    const commands = rows.map(row => /^qalqan ([a-z]+)/.exec(codeIn(row[0]!)[0]!)?.[1])
    // One with several acts has a row for each.
    expect([...new Set(commands)]).toEqual(listed)
  })

  test('npm start serves the sample configuration', () => {
    expect(manifest.scripts.start).toBe('bin/qalqan serve --config config/qalqan.yaml')
  })
})

describe('the sample configuration, served', () => {
  let server: SampleServer
  beforeAll(async () => {
    server = await SampleServer.start()
  })
  afterAll(async () => {
    expect(await server.stop()).toBe(0)
  })

  test('says what the README prints', () => {
    const [start] = transcriptsOf(/^npm start$/)
    const banner = server.output.slice(server.output.indexOf('Qalqan '))
    // These two are the machine's.
    const comparable = (text: string) =>
      text.replace(/serves .*\/config\//, 'serves …/config/').replace(/^ {2}(workers|upstream) .*$/gm, '  $1 …')
    expect(comparable(server.asInSample(banner))).toBe(comparable(start!.output))
  })

  const digs = transcriptsOf(/^dig /)
  test('is asked for a blocked and an allowed name', () => expect(digs).toHaveLength(2))
  for (const { command, output } of digs) {
    test(`${command} prints what the README prints`, async () => {
      const [, address, port, name] = /^dig @(\S+) -p (\d+) (\S+)$/.exec(command)!
      expect(asDig(await server.ask(address!, Number(port), name!, 'A'))).toBe(asPrinted(output))
    })
  }

  test('answers a visitor of a blocked site with 451, and the case’s number', async () => {
    const [, host, url] = /curl -H 'Host: (\S+)' (http:\S+)`/.exec(readme)!
    const page = await get(url!.replace(':8080', `:${server.portOf(8080)}`), host!)
    expect(page).toMatchObject({ status: 451 })
    expect(page.body).toContain('KZ-2026-000123')
  })

  test('is healthy and ready', async () => {
    const admin = `http://127.0.0.1:${server.portOf(8081)}`
    expect(await get(`${admin}/healthz`)).toMatchObject({ status: 200 })
    expect(await get(`${admin}/readyz`)).toMatchObject({ status: 200 })
  })
})

describe('what qalqan says of names and mistakes', () => {
  for (const { command, output } of transcriptsOf(/^npm run -s qalqan -- explain /)) {
    test(`${command} prints what the README prints`, () => {
      const words = command.replace('npm run -s qalqan -- ', '').split(' ')
      expect(execFileSync(process.execPath, ['src/cli.ts', ...words], { cwd: ROOT, encoding: 'utf8' })).toBe(output)
    })
  }

  test('a mistyped key is told with its place and the nearest valid one, as the README prints', () => {
    const [checked] = transcriptsOf(/^qalqan check /)
    const folder = mkdtempSync(join(tmpdir(), 'qalqan-check-'))
    const file = join(folder, 'qalqan.yaml')
    const sample = readFileSync(join(ROOT, 'config/qalqan.yaml'), 'utf8')
    writeFileSync(
      file,
      sample
        .replaceAll(/(source|top_list|templates): /g, `$1: ${ROOT}config/`)
        .replace('class: hotline', 'clas: hotline'),
    )
    const { status, stderr } = spawnSync(process.execPath, ['src/cli.ts', 'check', '--config', file], {
      cwd: ROOT,
      encoding: 'utf8',
    })
    rmSync(folder, { recursive: true })
    const withoutPlace = (text: string) => text.replace(/:\d+:\d+:/, ':LINE:COLUMN:')
    expect(status).toBe(1)
    expect(withoutPlace(stderr.replace(file, 'qalqan.yaml'))).toBe(withoutPlace(checked!.output))
  })
})

/** By node:http: fetch does not let a Host header through. */
function get(url: string, host?: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    httpGet(url, { headers: host === undefined ? {} : { host }, agent: false }, response => {
      let body = ''
      response.setEncoding('utf8').on('data', chunk => {
        body += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    }).on('error', reject)
  })
}
