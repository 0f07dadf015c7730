/** What may import what, and what may not stand in the sources at all. Arrows point inward, to octets. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const SRC = fileURLToPath(new URL('../../src/', import.meta.url))

interface Source {
  /** Path below src, with forward slashes. */
  readonly path: string
  readonly text: string
  /** What it imports of src, the same way; type imports apart. */
  readonly imports: readonly string[]
  /** Files of src that it starts as threads or loads later. */
  readonly starts: readonly string[]
  readonly typeImports: readonly string[]
  /** Packages and Node's own modules. */
  readonly packages: readonly string[]
}

const IMPORT = /^(?:import|export)\s+(?:(type)\s+)?(?:[\w\s{},*$]*?from\s+)?'([^'\n]+)'/gm
const DYNAMIC_IMPORT = /\b(?:import|new URL)\(\s*['"](\.[^'"]+\.ts)['"]/g

function readSource(path: string): Source {
  const file = join(SRC, path)
  const text = readFileSync(file, 'utf8')
  const found = [...text.matchAll(IMPORT)].map(match => ({ isType: match[1] !== undefined, to: match[2]! }))
  const dynamic = [...text.matchAll(DYNAMIC_IMPORT)].map(match => match[1]!)
  const inSrc = (to: string) =>
    relative(SRC, resolve(dirname(file), to))
      .split(sep)
      .join('/')
  const local = found.filter(own => own.to.startsWith('.'))
  return {
    path,
    text,
    imports: local.filter(own => !own.isType).map(own => inSrc(own.to)),
    starts: dynamic.map(inSrc),
    typeImports: local.filter(own => own.isType).map(own => inSrc(own.to)),
    packages: found.filter(own => !own.to.startsWith('.')).map(own => own.to),
  }
}

const sources: readonly Source[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map(path => path.split(sep).join('/'))
  .filter(path => path.endsWith('.ts'))
  .sort()
  .map(readSource)

const within = (folder: string) => sources.filter(own => own.path.startsWith(`${folder}/`))
const folderOf = (path: string) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : path)
/** Every import of a folder's files that is not of one of the folders or files given. */
const strays = (folder: string, allowed: readonly string[]) =>
  within(folder).flatMap(own =>
    [...own.imports, ...own.starts, ...own.typeImports]
      .filter(to => ![folder, ...allowed].some(each => to === each || to.startsWith(`${each}/`)))
      .map(to => `${own.path} imports ${to}`),
  )

test('there are sources, and their imports are seen', () => {
  expect(sources.length).toBeGreaterThan(50)
  expect(sources.find(own => own.path === 'resolver/resolve.ts')?.imports).toContain('resolver/filter.ts')
})

test('the data plane binds what it imports once (CONTRIBUTING.md, "Imports of the data plane")', () => {
  // What only puts the plane together, and what is made once.
  const apart = ['resolver/assemble.ts', 'resolver/query.ts']
  const hot = [...within('wire'), ...within('resolver')].filter(own => !apart.includes(own.path))
  const byName = hot.flatMap(own =>
    [...own.text.matchAll(/^import \{([^}]*)\} from '([^']+)'/gm)].flatMap(([, names, from]) =>
      names!
        .split(',')
        .map(name => name.trim())
        .filter(name => name !== '' && !/^(type |[A-Z][a-z])/.test(name))
        .map(name => `${own.path} imports ${name} of ${from} by name`),
    ),
  )
  expect(hot.length).toBeGreaterThan(40)
  expect(byName).toEqual([])
})

describe('a folder imports only what lies further in', () => {
  test('wire: nothing but itself, and no module of Node', () => {
    expect(strays('wire', [])).toEqual([])
    expect(within('wire').flatMap(own => own.packages)).toEqual([])
  })

  test('images: wire', () => {
    expect(strays('images', ['wire'])).toEqual([])
    expect(within('images').flatMap(own => own.packages)).toEqual([])
  })

  test('resolver: wire and images, nothing of Node and no package', () => {
    expect(strays('resolver', ['wire', 'images'])).toEqual([])
    expect(within('resolver').flatMap(own => own.packages)).toEqual([])
  })

  test('transport: resolver, wire, images, and the types of the settings', () => {
    expect(strays('transport', ['resolver', 'wire', 'images', 'platform', 'settings/settings.ts'])).toEqual([])
    const settings = within('transport').flatMap(own => own.imports.filter(to => to.startsWith('settings/')))
    expect(settings).toEqual([])
  })

  const forbidden: readonly (readonly [folder: string, not: readonly string[]])[] = [
    ['feeds', ['resolver', 'transport', 'blockpage', 'telemetry']],
    ['blockpage', ['resolver', 'transport', 'feeds']],
    ['telemetry', ['resolver', 'transport', 'blockpage']],
    ['settings', ['resolver', 'transport', 'blockpage', 'telemetry']],
    ['policy', ['transport', 'blockpage', 'telemetry']],
    ['platform', ['resolver', 'transport', 'feeds', 'blockpage', 'telemetry', 'policy', 'images']],
  ]
  test.each(forbidden)('%s: nothing of %j', (folder, not) => {
    const found = within(folder).flatMap(own =>
      [...own.imports, ...own.typeImports]
        .filter(to => not.includes(folderOf(to)))
        .map(to => `${own.path} imports ${to}`),
    )
    expect(found).toEqual([])
  })

  test('nothing imports an entry file', () => {
    const entries = ['main.ts', 'worker.ts', 'commands.ts', 'cli.ts']
    const found = sources.flatMap(own =>
      [...own.imports, ...own.typeImports]
        // The entry files make one another: main its workers, cli the commands, these main.
        .filter(to => entries.includes(to) && !entries.includes(own.path))
        .map(to => `${own.path} imports ${to}`),
    )
    expect(found).toEqual([])
  })

  test('no two files import each other, however far around', () => {
    const byPath = new Map(sources.map(own => [own.path, own]))
    const state = new Map<string, 'open' | 'done'>()
    const loops: string[] = []
    const visit = (path: string, trail: readonly string[]) => {
      if (state.get(path) === 'done') return
      if (state.get(path) === 'open') {
        loops.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
        return
      }
      state.set(path, 'open')
      for (const to of byPath.get(path)?.imports ?? []) visit(to, [...trail, path])
      state.set(path, 'done')
    }
    for (const own of sources) visit(own.path, [])
    expect(loops).toEqual([])
  })
})

/** The source without its comments: what is said of a thing is not the thing. */
const code = (own: Source) => own.text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1')
const filesWith = (pattern: RegExp, among = sources) =>
  among.filter(own => pattern.test(code(own))).map(own => own.path)

describe('the sources', () => {
  test('never use Math.random (RFC 5452 §10)', () => expect(filesWith(/Math\s*\.\s*random/)).toEqual([]))

  test('of the data plane never wait, print, or read the time of day', () => {
    expect(filesWith(/\basync\b|\bawait\b|\bPromise\b/, within('resolver'))).toEqual([])
    expect(filesWith(/\bconsole\b|\bprocess\b/, within('resolver'))).toEqual([])
    expect(filesWith(/Date\.now|new Date\b|setTimeout|setInterval/, within('resolver'))).toEqual([])
  })

  test('of the data plane begin by saying so', () => {
    const silent = within('resolver').filter(own => !/^\/\*\*\s*(\*\s*)?Data plane[.,]/.test(own.text))
    expect(silent.map(own => own.path)).toEqual([])
  })

  test.each(sources.map(own => own.path))('%s opens with what it is', path => {
    const { text } = sources.find(own => own.path === path)!
    expect(text.replace(/^#!.*\n/, '')).toMatch(/^\/\*\*[\s\S]{20,}?\*\//)
  })

  test('use only syntax that can be erased', () => {
    expect(filesWith(/^\s*(?:export\s+)?(?:const\s+)?enum\s/m)).toEqual([])
    expect(filesWith(/^\s*(?:export\s+)?(?:declare\s+)?namespace\s/m)).toEqual([])
    expect(filesWith(/constructor\([^)]*\b(?:private|public|protected)\s/)).toEqual([])
  })

  test('leave the offsets of a message to wire: no header length or pointer bits elsewhere in the data plane', () => {
    expect(filesWith(/\b0x[cC]0(?:00)?\b/, within('resolver'))).toEqual([])
  })
})
