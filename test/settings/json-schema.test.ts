import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { fileProblem } from '../../src/settings/environment.ts'
import { jsonSchema, jsonSchemaText } from '../../src/settings/json-schema.ts'
import { loadSettings } from '../../src/settings/load.ts'
import { machine } from './machine.ts'

const CONFIG = new URL('../../config/', import.meta.url)

interface Schema {
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
}

test('the JSON schema in config/ is current (npm run schema writes it)', () =>
  expect(readFileSync(new URL('qalqan.schema.json', CONFIG), 'utf8')).toBe(jsonSchemaText()))

test('every key has a description for editors', () => {
  const described = keys(jsonSchema() as Schema, '')
  expect(described.length).toBeGreaterThan(50)
  expect(described.filter(([, description]) => description === undefined)).toEqual([])
})

test('the sample configuration shows every key', () => {
  const text = readFileSync(new URL('qalqan.yaml', CONFIG), 'utf8')
  const shown = new Set(paths(parse(text), ''))
  expect(
    keys(jsonSchema() as Schema, '')
      .map(([path]) => path)
      .filter(path => !shown.has(path)),
  ).toEqual([])
})

test('the sample configuration has no problem and no warning, and names the schema', () => {
  const loaded = loadSettings(new URL('qalqan.yaml', CONFIG).pathname, machine({ fileProblem }))
  expect('settings' in loaded ? loaded.settings.warnings : loaded.problems).toEqual([])
  expect(readFileSync(new URL('qalqan.yaml', CONFIG), 'utf8')).toMatch(
    /^# yaml-language-server: \$schema=qalqan\.schema\.json\n/,
  )
})

test('the sample says the defaults that the schema has', () => {
  const sample = parse(readFileSync(new URL('qalqan.yaml', CONFIG), 'utf8'))
  const defaults = Object.entries((jsonSchema() as Schema).properties!).flatMap(([section, schema]) =>
    Object.entries(schema.properties ?? {}).map(
      ([key, value]) => [section, key, (value as { default?: unknown }).default] as const,
    ),
  )
  const stated = defaults.filter(([, , value]) => value !== undefined && typeof value !== 'object')
  expect(stated.length).toBeGreaterThan(8)
  for (const [section, key, value] of stated)
    expect([section, key, sample[section][key]]).toEqual([section, key, value])
})

/** `feeds[].name` and its description, for every key. */
function keys(schema: Schema, path: string): [string, string | undefined][] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => {
    const at = path === '' ? key : `${path}.${key}`
    return [[at, inner.description] as [string, string | undefined], ...keys(inner, at)]
  })
  const items = schema.items === undefined ? [] : keys(schema.items, `${path}[]`)
  return [...own, ...items, ...(schema.anyOf ?? []).flatMap(branch => keys(branch, path))]
}

/** The same paths, of a value. */
function paths(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap(item => paths(item, `${path}[]`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = path === '' ? key : `${path}.${key}`
    return [at, ...paths(inner, at)]
  })
}
