/** From a visitor's objection to a name that resolves again; what anybody may ask; and that nobody's address or question is kept. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ask, exchange, parseAnswer } from '../platform/raw-http.ts'
import { FIRST } from '../support/certificates.ts'
import { addressFor } from '../transport/scripted-upstream.ts'
import { freePort, ndjson, type Program } from './program.ts'
import { PAGE_ADDRESS, Serving } from './serving.ts'

// Where no core is idle a server needs many seconds to start, to take a list that has changed, and to be gone.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

let serving: Serving
let page = 0
let overTls = 0
let config = ''
let server: Program

/** What a change that a command made may need to reach every worker. */
const IN_FORCE_MS = 10_000

const ENTRIES = [
  { host: 'wrong.example', case: 'K-1', listed: '2026-03-05', basis: 'Act <3>, § 5' },
  { host: 'parent.example', case: 'K-2' },
  { host: 'one.example', case: 'K-3' },
  { host: 'two.example', case: 'K-3' },
  { host: 'numbered.example', basis: 'Act <3>, § 5', reviewed_by: 'A <board>' },
]

beforeEach(async () => {
  serving = await Serving.prepare()
  page = await freePort()
  serving.folder.write('list.ndjson', ndjson(...ENTRIES))
  serving.folder.write(
    'page/hotline.en.txt',
    'About <b>{site}</b>, {case}, {category}, {basis}, {since}, {provider}.\n\nA second one.\n',
  )
  const tls = await freePort()
  overTls = tls
  serving.folder.write('certificate.pem', FIRST.certificate)
  serving.folder.write('key.pem', FIRST.key)
  config = serving.config({
    feeds: [{ name: 'list', source: 'list.ndjson', class: 'hotline', category: 'illegal' }],
    http: {
      page: `127.0.0.1:${page}`,
      admin: `127.0.0.1:${await freePort()}`,
      tls: { enabled: true, listen: `127.0.0.1:${tls}`, certificate: 'certificate.pem', key: 'key.pem' },
    },
    block_page: {
      provider: 'Test Net',
      appeal: { url: 'http://page.provider.example/appeal' },
      templates: 'page',
      hotline: { explanation: { ru: 'Проверено <нами>.' }, reviewed_by: 'Two experts' },
    },
    appeals: { enabled: true, per_client: 4 },
    public: { enabled: true, lookups_per_client: 60, suppress_below: 0 },
    log: { level: 'info' },
  })
  server = await serving.folder.serve(config)
})
afterEach(() => serving.close())

const OWN = 'Host: page.provider.example'
const get = (target: string, ...lines: readonly string[]) => ask(page, `GET ${target} HTTP/1.1`, OWN, ...lines)

async function post(fields: Record<string, string> | string, ...lines: readonly string[]) {
  const body = typeof fields === 'string' ? fields : new URLSearchParams(fields).toString()
  const type = lines.some(line => /^content-type:/i.test(line))
    ? []
    : ['Content-Type: application/x-www-form-urlencoded']
  const head = [
    'POST /appeal?lang=en HTTP/1.1',
    OWN,
    ...type,
    ...lines,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  return parseAnswer(await exchange(page, `${head.join('\r\n')}\r\n\r\n${body}`))
}

const tokenIn = (html: string) => /name="token" value="([^"]+)"/.exec(html)?.[1] ?? ''
/** The form, as long before as a person takes for it. */
async function token(): Promise<string> {
  const own = tokenIn((await get('/appeal')).body)
  await new Promise(resolve => setTimeout(resolve, 4100))
  return own
}
const appeal = (own: string, fields: Record<string, string> = {}) => ({
  token: own,
  subject: 'wrong.example',
  reason: 'It is a library, look.',
  contact: 'me@person.example',
  website: '',
  ...fields,
})
const appeals = (...args: readonly string[]) => serving.folder.run('appeals', ...args, '--config', config)

describe('an appeal', () => {
  test('is taken, followed, decided, and the name resolves again at once', async () => {
    const blocked = await ask(page, 'GET /?lang=en HTTP/1.1', 'Host: wrong.example')
    expect(blocked.body).toContain('http://page.provider.example/appeal?about=wrong.example')
    const form = await get('/appeal?lang=en&about=wrong.example')
    expect([form.status, form.body.includes('value="wrong.example"')]).toEqual([200, true])

    const sent = await post(appeal(await token()))
    expect(sent.status).toBe(201)
    const ticket = /\/appeal\/([0-9A-Z-]{19})/.exec(sent.body)![1]!
    expect((await get(`/appeal/${ticket}?lang=en`)).body).toContain('being looked at')
    expect((await get('/appeal/0000-0000-0000-0000')).status).toBe(404)

    expect((await appeals('list', '--open')).stdout).toMatch(
      new RegExp(`^${ticket} {2}\\d{4}-\\d\\d-\\d\\d {2}open +wrong\\.example$`, 'm'),
    )
    expect((await appeals('show', ticket)).stdout).not.toContain('person.example')
    expect((await appeals('show', ticket, '--contact')).stdout).toContain('me@person.example')
    expect(await serving.ask('wrong.example')).toBe(PAGE_ADDRESS)
    const decided = await appeals('decide', ticket, '--uphold', '--by', 'A. Person', '--reason', 'You are right.')
    expect([decided.code, decided.stdout]).toEqual([
      0,
      `${ticket}: upheld by A. Person\nwrong.example: blocks that feeds have for this very name are lifted\n`,
    ])
    // By no look at a list, which would be later by far.
    expect(await serving.becomes('wrong.example', addressFor('wrong.example'), IN_FORCE_MS)).toBe(true)
    expect((await get(`/appeal/${ticket}?lang=en`)).body).toMatch(/upheld[\s\S]*You are right\./)
    // What was lifted is no block any more, whatever its list says.
    expect([
      (await get('/c/K-1')).status,
      (await get('/site?name=wrong.example&lang=en')).body.includes('not blocked'),
    ]).toEqual([404, true])
    expect((await appeals('decide', ticket, '--reject', '--by', 'B', '--reason', 'x')).stderr).toMatch(/was upheld on/)
    expect(readFileSync(serving.folder.file('data/urgent.ndjson'), 'utf8')).toContain(
      `appeal ${ticket}, upheld by A. Person`,
    )
  })

  test('upheld lifts exactly what it is about: not a rule above the site, all names of a case', async () => {
    const own = await token()
    const tickets: string[] = []
    for (const subject of ['www.parent.example', 'K-3', 'nothing.example'])
      tickets.push(/\/appeal\/([0-9A-Z-]{19})/.exec((await post(appeal(own, { subject }))).body)![1]!)
    const uphold = (ticket: string, ...more: readonly string[]) =>
      appeals('decide', ticket, '--uphold', '--by', 'A', '--reason', 'Yes.', ...more)
    expect((await uphold(tickets[0]!)).stderr).toMatch(
      /www\.parent\.example is blocked by a rule for parent\.example, which blocks more than it: say --name/,
    )
    expect((await uphold(tickets[0]!, '--name', 'parent.example')).stdout).toMatch(
      /^parent\.example: blocks .* are lifted$/m,
    )
    expect((await uphold(tickets[1]!)).stdout).toMatch(/^one\.example: .*\ntwo\.example: /m)
    expect((await uphold(tickets[2]!)).stderr).toMatch(/nothing blocks "nothing\.example"/)
    expect((await appeals('decide', tickets[2]!, '--reject', '--by', 'A', '--reason', 'It is not blocked.')).code).toBe(
      0,
    )
    for (const name of ['parent.example', 'one.example', 'two.example'])
      expect(await serving.becomes(name, addressFor(name), IN_FORCE_MS)).toBe(true)
  })

  test('that does not come from our form, or not as a form, changes nothing and is told so', async () => {
    const own = await token()
    const rows: readonly (readonly [what: string, status: number, answer: Promise<{ status: number }>])[] = [
      ['no token', 403, post(appeal(''))],
      ['a forged token', 403, post(appeal('abc.def'))],
      ['a token of this second', 403, get('/appeal').then(form => post(appeal(tokenIn(form.body))))],
      ['another site’s origin', 400, post(appeal(own), 'Origin: http://evil.example')],
      ['another site’s page', 400, post(appeal(own), 'Sec-Fetch-Site: cross-site')],
      ['what fills in everything', 403, post(appeal(own, { website: 'http://spam.example' }))],
      ['JSON', 415, post(JSON.stringify(appeal(own)), 'Content-Type: application/json')],
      ['a field twice', 400, post(`token=${own}&subject=a&subject=b&reason=long+enough+text`)],
      ['a NUL', 400, post(`token=${own}&subject=a%00&reason=long+enough+text`)],
      ['bad UTF-8', 400, post(`token=${own}&subject=%ff&reason=long+enough+text`)],
      ['a short reason', 400, post(appeal(own, { reason: 'no' }))],
      ['a line break in the subject', 400, post(appeal(own, { subject: 'a\nSet-Cookie: x=1' }))],
      ['20,000 octets', 413, post(appeal(own, { reason: 'x'.repeat(20_000) }))],
    ]
    for (const [what, status, answer] of rows) expect([what, (await answer).status]).toEqual([what, status])
    expect((await appeals('list')).stdout).toBe('no appeals\n')
    expect((await get('/appeal')).headers.has('set-cookie')).toBe(false)
  })

  test('is escaped wherever it is shown, and a network has so many a day', async () => {
    const own = await token()
    const evil = '"><script>alert(1)</script>'
    const shown = await get(`/appeal?about=${encodeURIComponent(evil)}`)
    expect(shown.body).not.toContain('<script>')
    const again = await post(appeal(own, { subject: evil, reason: 'no', contact: evil }))
    expect([again.status, again.body.includes('<script>')]).toEqual([400, false])
    const statuses: number[] = []
    for (let i = 0; i < 5; i++) statuses.push((await post(appeal(own, { subject: `s${i}.example` }))).status)
    expect(statuses).toEqual([201, 201, 201, 201, 429])
    expect((await post(appeal(own, { subject: 's0.example' }))).status).toBe(429)
  })
})

describe('what anybody may ask', () => {
  test('whether one exact name is blocked', async () => {
    const listed = async (query: string) => JSON.parse((await get(`/api/v1/listed${query}`)).body)
    expect(await listed('?name=wrong.example')).toEqual({
      name: 'wrong.example',
      blocked: true,
      class: 'hotline',
      category: 'illegal',
      basis: 'Act <3>, § 5',
      case: 'K-1',
      since: '2026-03-05',
    })
    expect(await listed('?name=other.example')).toEqual({ name: 'other.example', blocked: false })
    for (const query of [
      '',
      '?name=',
      '?name=*',
      '?name=a.example&name=b.example',
      '?name=<b>',
      `?name=${'a.'.repeat(200)}example`,
    ])
      expect([query, await listed(query)]).toMatchObject([query, { status: 400 }])
  })

  test('what a case is about, without a name', async () => {
    const about = await get('/c/K-1?lang=en')
    expect([about.status, about.body.includes('wrong.example')]).toEqual([200, false])
    expect(about.body).toMatch(
      /Report to a hotline: Act &#60;3&#62;, § 5[\s\S]*K-1[\s\S]*March 5, 2026[\s\S]*Two experts/,
    )
    expect((await get('/c/K-1?lang=ru')).body).toContain('Проверено &#60;нами&#62;.')
    const shown = await ask(page, 'GET /?lang=en HTTP/1.1', 'Host: wrong.example')
    expect(shown.body).toContain(
      '<p>About &#60;b&#62;wrong.example&#60;/b&#62;, K-1, Illegal material, Report to a hotline: Act &#60;3&#62;, § 5, March 5, 2026, Test Net.</p>\n<p>A second one.</p>',
    )
    expect(about.body).toContain('<p>About &#60;b&#62;the requested site&#60;/b&#62;, K-1')
    expect(shown.body).toContain('Report to a hotline: Act &#60;3&#62;, § 5')
    expect((await get('/c/K-99')).status).toBe(404)
    expect((await get(`/c/${encodeURIComponent('"><script>')}`)).body).not.toContain('<script>')
    for (const path of ['/c/..%2f..%2fetc', '/c/%00', '/c/%', '/c/a%0d%0aSet-Cookie:x'])
      expect([path, (await get(path)).status]).toEqual([path, 400])
  })

  test('over TLS as well, under our own names', async () => {
    const securely = (servername: string, path: string) =>
      new Promise<string>(resolve => {
        const own = { host: '127.0.0.1', port: overTls, path, servername, ca: FIRST.certificate, agent: false }
        const asked = request({ ...own, headers: { Host: servername } }, answer => {
          answer.resume()
          answer.on('end', () => resolve(String(answer.statusCode)))
        })
        asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
        asked.end()
      })
    expect(await securely('page.provider.example', '/c/K-1')).toBe('200')
    expect(await securely('page.provider.example', '/appeal')).toBe('200')
    expect(await securely('wrong.example', '/')).toBe('ECONNRESET')
    expect(server.stdout).toMatch(/^ {2}tls +https:/m)
  })

  test('how much is blocked, in a page and in JSON, without names', async () => {
    const counts = JSON.parse((await get('/api/v1/transparency')).body)
    const month = new Date().toISOString().slice(0, 7)
    expect(counts).toMatchObject({
      lists: [
        { feed: 'list', class: 'hotline', category: 'illegal', basis: 'Act <3>, § 5', entries: 2 },
        { feed: 'list', class: 'hotline', category: 'illegal', basis: null, entries: 3 },
      ],
      expired: { list: 0 },
      changes: [
        { month, feed: 'list', class: 'hotline', basis: 'Act <3>, § 5', added: 2, withdrawn: 0, expired: 0 },
        { month, feed: 'list', class: 'hotline', basis: null, added: 3, withdrawn: 0, expired: 0 },
      ],
      exactSince: null,
      suppressedBelow: 0,
    })
    const html = await get('/transparency?lang=ru')
    expect(html.body).toContain('Act &#60;3&#62;, § 5')
    expect([html.status, /<html lang="ru"/.test(html.body), html.body.includes('wrong.example')]).toEqual([
      200,
      true,
      false,
    ])
    expect(JSON.parse((await get('/transparency', 'Accept: application/json')).body)).toEqual(counts)
  })

  test('what came and went within one version of a list, exactly', async () => {
    serving.folder.write('list.ndjson', ndjson(...ENTRIES.slice(1), { host: 'new.example' }, { host: 'newer.example' }))
    expect(await serving.becomes('newer.example', PAGE_ADDRESS)).toBe(true)
    // Counted after the image is in force, and told anew every five seconds.
    const endMs = performance.now() + 30_000
    const ofOthers = async () => {
      const { changes } = JSON.parse((await get('/api/v1/transparency')).body)
      return changes.map((own: Record<string, unknown>) => [own.basis, own.added, own.withdrawn])
    }
    const expected = [
      ['Act <3>, § 5', 2, 1],
      [null, 5, 0],
    ]
    while (JSON.stringify(await ofOthers()) !== JSON.stringify(expected) && performance.now() < endMs)
      await new Promise(resolve => setTimeout(resolve, 200))
    expect(await ofOthers()).toEqual(expected)
  })

  test('by a public number: the class, the basis and the reviewer of its entry, and no name', async () => {
    const shown = await ask(page, 'GET /?lang=en HTTP/1.1', 'Host: numbered.example')
    const number = /Q-[0-9A-Z-]{14}/.exec(shown.body)![0]
    expect(shown.body).toMatch(/Reviewed by[\s\S]*A &#60;board&#62;/)
    expect(JSON.parse((await get('/api/v1/listed?name=numbered.example')).body)).toMatchObject({
      case: number,
      reviewedBy: 'A <board>',
    })
    for (const written of [number, number.toLowerCase(), number.replaceAll('0', 'O').replaceAll('1', 'l')]) {
      const about = await get(`/c/${written}?lang=en`)
      expect([about.status, about.body.includes('numbered.example')]).toEqual([200, false])
      expect(about.body).toMatch(/Report to a hotline: Act &#60;3&#62;, § 5[\s\S]*A &#60;board&#62;/)
      expect(about.body).toContain(`/appeal?lang=en&amp;about=${number}`)
    }
    const other = await get('/c/Q-0000-0000-0000?lang=en')
    expect([other.status, other.body.includes('look it up by its name')]).toEqual([404, true])
  })

  test('by the name of a site, from the front page', async () => {
    const home = await get('/?lang=en')
    expect([home.status, home.body.includes('action="/site"')]).toEqual([200, true])
    const blocked = await get('/site?lang=en&name=https://wrong.example/a/path')
    expect(blocked.body).toMatch(/<h1>This site is blocked<\/h1>[\s\S]*wrong\.example[\s\S]*K-1/)
    expect((await get('/site?lang=en&name=other.example')).body).toContain('<h1>This site is not blocked here</h1>')
    const bad = await get(`/site?lang=en&name=${encodeURIComponent('"><script>')}`)
    expect([bad.status, bad.body.includes('<script>'), bad.body.includes('This is no name of a site')]).toEqual([
      400,
      false,
      true,
    ])
  })

  const failures: readonly (readonly [status: number, line: string, title: string])[] = [
    [400, 'GET /c/%00?lang=ru HTTP/1.1', 'Адрес указан неверно'],
    [404, 'GET /nowhere?lang=kk HTTP/1.1', 'Мұндай бет жоқ'],
    [404, 'GET /../../etc/passwd?lang=en HTTP/1.1', 'There is no such page'],
    [404, 'GET /constructor?lang=en HTTP/1.1', 'There is no such page'],
    [405, 'DELETE /transparency?lang=en HTTP/1.1', 'This page cannot be used in that way'],
  ]
  test.each(failures)('a %d for %s is a page for people, and data for programs', async (status, line, title) => {
    const shown = await ask(page, line, OWN, 'Accept: text/html', 'Content-Length: 0')
    expect([shown.status, shown.body.includes(`<h1>${title}</h1>`)]).toEqual([status, true])
    const told = await ask(page, line, OWN, 'Accept: application/json', 'Content-Length: 0')
    expect([told.headers.get('content-type'), JSON.parse(told.body).status]).toEqual([
      'application/problem+json',
      status,
    ])
  })

  test('so often a day, by the right methods, and under our own names only', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH'])
      expect((await ask(page, `${method} /api/v1/listed?name=a.example HTTP/1.1`, OWN)).status).toBe(405)
    expect((await ask(page, 'POST /transparency HTTP/1.1', OWN, 'Content-Length: 0')).headers.get('allow')).toBe(
      'HEAD, GET',
    )
    // Whoever was led here by a blocked name sees why, whatever the path.
    for (const path of ['/appeal', '/api/v1/listed?name=wrong.example', '/transparency', '/c/K-1'])
      expect([path, (await ask(page, `GET ${path} HTTP/1.1`, 'Host: wrong.example')).status]).toEqual([path, 451])
    expect((await ask(page, 'GET http://wrong.example/transparency HTTP/1.1', OWN)).status).toBe(451)
    expect(
      (await ask(page, 'GET http://page.provider.example/transparency HTTP/1.1', 'Host: wrong.example')).status,
    ).toBe(200)
    const statuses = await Promise.all(
      Array.from({ length: 70 }, () => get('/api/v1/listed?name=a.example').then(answer => answer.status)),
    )
    expect([statuses.filter(status => status === 200).length <= 60, statuses.includes(429)]).toEqual([true, true])
    const shown = await get('/c/K-1?lang=en', 'Accept: text/html')
    expect([shown.status, shown.body.includes('<h1>Too many look-ups</h1>')]).toEqual([429, true])
  })
})

test('nobody’s address, and no name that was asked for, is anywhere afterwards', async () => {
  for (let i = 0; i < 20; i++) {
    await serving.ask(`marked-${i}.example`, { from: '127.0.0.77' })
    await serving.ask('wrong.example', { from: '127.0.0.77' })
  }
  const own = tokenIn((await ask(page, 'GET /appeal HTTP/1.1', OWN, 'User-Agent: marked-agent')).body)
  await get('/api/v1/listed?name=marked-lookup.example')
  await ask(page, 'GET /marked-path HTTP/1.1', 'Host: marked-host.example', 'User-Agent: marked-agent')
  await new Promise(resolve => setTimeout(resolve, 4100))
  expect((await post(appeal(own, { subject: 'wrong.example' }), 'User-Agent: marked-agent')).status).toBe(201)
  const admin = Number(/admin +http:\/\/127\.0\.0\.1:(\d+)/.exec(server.stdout)![1])
  const metrics = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text()
  server.signal('SIGTERM')
  const { stdout, stderr } = await server.ended
  const data = serving.folder.file('data')
  const files = readdirSync(data, { recursive: true, encoding: 'utf8' }).filter(name =>
    statSync(join(data, name)).isFile(),
  )
  expect(files.length).toBeGreaterThan(3)
  const kept = [
    ['metrics', metrics],
    ['log', stdout + stderr],
    ...files.map(name => [name, readFileSync(join(data, name), 'latin1')]),
  ] as const
  for (const [what, text] of kept)
    expect([what, /127\.0\.0\.77|marked|person\.example/.exec(text!)?.[0] ?? null]).toEqual([what, null])
})

test('appeals that cannot be stored are said to be so, and the page lives on', async () => {
  const own = await token()
  writeFileSync(serving.folder.file('data/appeals.key'), 'not a key')
  const sent = await post(appeal(own))
  expect([sent.status, sent.body.includes('cannot be stored')]).toEqual([503, true])
  expect((await ask(page, 'GET / HTTP/1.1', 'Host: wrong.example')).status).toBe(451)
})
