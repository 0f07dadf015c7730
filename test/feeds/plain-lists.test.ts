/** The readers of lists that are a line a rule: each row is a line and everything that comes of it. */
import { describe, expect, test } from 'vitest'
import type { FeedFormat, FeedSettings } from '../../src/settings/settings.ts'
import { readLine, readText } from './recorder.ts'

type Row = readonly [line: string, outcome: readonly string[], settings?: Partial<FeedSettings>]

const domains: Row[] = [
  ['bad.example', ['bad.example']],
  ['  BAD.Example.\t', ['bad.example']],
  ['bad.example', ['=bad.example'], { subdomains: false }],
  ['*.bad.example', ['bad.example'], { subdomains: false }],
  ['*.bad.example', ['bad.example']],
  ['.bad.example', ['bad.example']],
  ['bad.example # for a reason', ['bad.example']],
  ['bad.example#for a reason', ['bad.example']],
  ['bad.example ; for a reason', ['bad.example']],
  ['bad.example // for a reason', ['bad.example']],
  ['bad.example ! for a reason', ['bad.example']],
  ['қалқан.example # себебі', ['xn--80aa6aj08bc.example']],
  ['# bad.example', []],
  ['! bad.example', []],
  ['; bad.example', []],
  ['// bad.example', []],
  ['', []],
  [' \t ', []],
  ['192.0.2.1', ['skip: an address, not a name']],
  ['2001:db8::1', ['skip: an address, not a name']],
  ['com', ['bad: a top-level domain']],
  ['*.com', ['bad: a top-level domain']],
  ['*.', ['bad: no name']],
  ['*', ['bad: a wildcard that is not the whole first label']],
  ['.', ['bad: no name']],
  ['bad.*.example', ['bad: a wildcard that is not the whole first label']],
  ['bad.example other.example', ['bad: a space inside the name']],
  ['https://bad.example/', ['bad: a URL, not a name']],
  ['||bad.example^', ['bad: a character that no host name has']],
  ['bad\0.example', ['bad: a character that no host name has']],
]

const hosts: Row[] = [
  ['0.0.0.0 bad.example', ['=bad.example']],
  ['0.0.0.0 bad.example', ['bad.example'], { subdomains: true }],
  ['127.0.0.1\tBAD.example.  ', ['=bad.example']],
  ['127.8.8.8 bad.example', ['=bad.example']],
  [':: bad.example', ['=bad.example']],
  ['::1 bad.example', ['=bad.example']],
  ['0:0:0:0:0:0:0:0 bad.example', ['=bad.example']],
  ['0.0.0.0 a.example b.example\tc.example', ['=a.example', '=b.example', '=c.example']],
  ['0.0.0.0 bad.example # for a reason', ['=bad.example']],
  ['0.0.0.0 bad.example#for a reason', ['=bad.example']],
  ['0.0.0.0 a..b ok.example', ['=ok.example', 'bad: an empty label']],
  ['192.0.2.1 router.example', ['skip: maps to a real address']],
  ['2001:db8::1 a.example b.example', ['skip: maps to a real address', 'skip: maps to a real address']],
  ['127.0.0.1 localhost', []],
  ['127.0.0.1 localhost.localdomain', []],
  ['255.255.255.255 broadcasthost', []],
  ['fe80::1%lo0 localhost', []],
  ['ff02::1 ip6-allnodes', []],
  ['::1 ip6-localhost ip6-loopback', []],
  ['0.0.0.0 0.0.0.0', []],
  ['0.0.0.0 localhost.bad.example', ['=localhost.bad.example']],
  ['0.0.0.0 local.bad.example', ['=local.bad.example']],
  ['0.0.0.0 192.0.2.1', ['skip: an address, not a name']],
  ['0.0.0.0 com', ['bad: a top-level domain']],
  ['0.0.0.0', ['bad: an address without a name']],
  ['0.0.0.0 # bad.example', ['bad: an address without a name']],
  ['bad.example', ['bad: no address before the name']],
  ['0.0.0 bad.example', ['bad: no address before the name']],
  ['# 0.0.0.0 bad.example', []],
]

const adblock: Row[] = [
  ['||bad.example^', ['bad.example']],
  ['||BAD.example.^', ['bad.example']],
  ['||қалқан.example^', ['xn--80aa6aj08bc.example']],
  ['||bad.example', ['bad.example']],
  ['||bad.example|', ['bad.example']],
  ['||bad.example^|', ['bad.example']],
  ['||*.bad.example^', ['*.bad.example']],
  ['|bad.example^', ['=bad.example']],
  ['|bad.example|', ['=bad.example']],
  ['bad.example', ['=bad.example']],
  ['bad.example', ['bad.example'], { subdomains: true }],
  ['*.bad.example', ['*.bad.example']],
  ['||bad.example^$important', ['bad.example']],
  ['||bad.example^$all', ['bad.example']],
  ['||bad.example^$doc,popup', ['bad.example']],
  ['||bad.example^ # for a reason', ['bad.example']],
  ['@@||good.example^', ['@@good.example']],
  ['@@||good.example^$important', ['@@good.example']],
  ['@@|good.example^', ['@@=good.example']],
  ['0.0.0.0 a.example b.example', ['=a.example', '=b.example']],
  ['! a comment', []],
  ['# a comment', []],
  ['######## a comment ########', []],
  ['[Adblock Plus 2.0]', []],
  ['##.banner', ['skip: hides a part of a page']],
  ['bad.example##.banner', ['skip: hides a part of a page']],
  ['bad.example#@#.banner', ['skip: hides a part of a page']],
  ['bad.example#?#.banner', ['skip: hides a part of a page']],
  ['bad.example$$script', ['skip: hides a part of a page']],
  ['/ads?[0-9]+/', ['skip: a regular expression']],
  ['/ads?[0-9]+/$important', ['skip: a regular expression']],
  ['||bad.example^$third-party', ['skip: holds only for some requests']],
  ['||bad.example^$popup', ['skip: holds only for some requests']],
  ['||bad.example^$domain=a.example', ['skip: holds only for some requests']],
  ['||bad.example^$important,client=x', ['skip: holds only for some requests']],
  ['@@||good.example^$document', ['skip: holds only for some requests']],
  ['||bad.example^$badfilter', ['skip: cancels another rule ($badfilter)']],
  ['||bad.example/page^', ['skip: about a path, not a whole name']],
  ['/banner/', ['skip: a regular expression']],
  ['/banner/img.gif', ['skip: about a path, not a whole name']],
  ['||bad.example:8080^', ['skip: about one port of a name']],
  ['||b*d.example^', ['skip: a pattern, not a name']],
  ['||bad.example^path', ['skip: a pattern, not a name']],
  ['||bad.', ['skip: a pattern, not a name']],
  ['-banner-', ['skip: a pattern, not a name']],
  ['banner', ['skip: a pattern, not a name']],
  ['|https://bad.example^', ['skip: about a path, not a whole name']],
  ['||192.0.2.1^', ['skip: an address, not a name']],
  ['||com^', ['bad: a top-level domain']],
  ['||^', ['bad: a rule without a name']],
  ['||bad..example^', ['bad: an empty label']],
  ['two words', ['bad: a space inside the name']],
]

const dnsmasq: Row[] = [
  ['address=/bad.example/#', ['bad.example']],
  ['address=/bad.example/0.0.0.0', ['bad.example']],
  ['address=/bad.example/::', ['bad.example']],
  ['address=/bad.example/127.0.0.1', ['bad.example']],
  ['address=/bad.example/', ['bad.example nxdomain']],
  ['address=/bad.example/192.0.2.1', ['bad.example c0000201']],
  ['address=/bad.example/2001:db8::1', ['bad.example 20010db8000000000000000000000001']],
  ['address=/a.example/b.example/#', ['a.example', 'b.example']],
  ['address=/.bad.example/#', ['bad.example']],
  ['address=/*.bad.example/#', ['bad.example']],
  ['  address=/bad.example/#  # for a reason', ['bad.example']],
  ['local=/bad.example/', ['bad.example nxdomain']],
  ['server=/bad.example/', ['bad.example nxdomain']],
  ['server=/good.example/#', ['@@good.example']],
  ['server=/bad.example/192.0.2.53', ['skip: names a server to ask']],
  ['local=/bad.example/192.0.2.53', ['skip: names a server to ask']],
  ['# address=/bad.example/#', []],
  ['cache-size=1000', ['skip: another option of dnsmasq']],
  ['domain-needed', ['skip: another option of dnsmasq']],
  ['address=/#/0.0.0.0', ['bad: a rule for every name']],
  ['address=/./0.0.0.0', ['bad: a rule for every name']],
  ['address=/bad.example', ['bad: no slash behind the name']],
  ['address=/bad.example/nowhere', ['bad: not an address to answer with']],
  ['address=/bad..example/#', ['bad: an empty label']],
  ['address=//#', ['bad: no name']],
  ['address=/com/#', ['bad: a top-level domain']],
  ['||bad.example^', ['bad: not an option of dnsmasq']],
]

const urls: Row[] = [
  ['https://bad.example/page', ['page bad.example']],
  ['http://BAD.example', ['page bad.example']],
  ['bad.example/page', ['page bad.example']],
  ['bad.example', ['page bad.example']],
  ['bad.example:8080', ['page bad.example']],
  ['bad.example:8080/page', ['page bad.example']],
  ['ftp://bad.example/file', ['page bad.example']],
  ['https://someone@bad.example/', ['page bad.example']],
  ['https://good.example:x@bad.example:443/', ['page bad.example']],
  ['someone:word@bad.example/', ['page bad.example']],
  ['https://bad.example?a=b@good.example', ['page bad.example']],
  ['https://bad.example\\@good.example', ['page bad.example']],
  ['https://bad.example#@good.example', ['page bad.example']],
  ['https://қалқан.example/бет', ['page xn--80aa6aj08bc.example']],
  ['https://bad.example/page # for a reason', ['page bad.example']],
  ['https://bad.example/page', ['=bad.example'], { scope: 'site' }],
  ['bad.example', ['=bad.example'], { scope: 'site' }],
  ['# https://bad.example/', []],
  ['! https://bad.example/', []],
  ['http://192.0.2.1/page', ['skip: an address, not a name']],
  ['192.0.2.1:8080/page', ['skip: an address, not a name']],
  ['http://[2001:db8::1]:80/', ['skip: an address, not a name']],
  ['http://0x7f.1/', ['skip: an address, not a name']],
  ['http://3221225985/', ['skip: an address, not a name']],
  ['https://', ['bad: no name']],
  ['https:///page', ['bad: no name']],
  ['mailto:someone@bad.example', ['bad: a URL without a host']],
  ['javascript:alert(1)', ['bad: a URL without a host']],
  ['https://bad.example:port/', ['bad: a port that is no number']],
  ['https://com/', ['bad: a top-level domain']],
  ['https://*.bad.example/', ['bad: a wildcard that is not the whole first label']],
  ['https://b%61d.example/', ['bad: a character that no host name has']],
]

const tables: [FeedFormat, Row[]][] = [
  ['domains', domains],
  ['hosts', hosts],
  ['adblock', adblock],
  ['dnsmasq', dnsmasq],
  ['urls', urls],
]

for (const [format, rows] of tables) {
  describe(`a line of a list in the format ${format}`, () => {
    for (const [line, outcome, settings] of rows)
      test(`${JSON.stringify(line)} ${settings === undefined ? '' : `under ${JSON.stringify(settings)} `}gives ${outcome.join(' and ') || 'nothing'}`, () =>
        expect(readLine(format, line, settings)).toEqual(outcome))
  })
}

test('a URL is given with its page only to who asks for it', () => {
  expect(readText('urls', ' https://bad.example/page?q=1#top \n').details).toEqual([
    { url: 'https://bad.example/page?q=1#top' },
  ])
})

test('what is shown of a bad line is short and cannot steer a terminal', () => {
  const { report } = readText('domains', `good.example\n\u001b[31m${'x'.repeat(1000)}\n`)
  const [bad] = report.badLines
  expect(bad!.line).toBe(2)
  expect(bad!.text.length).toBeLessThanOrEqual(200)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
  expect(bad!.text).not.toMatch(/[\u0000-\u001f]/)
})
