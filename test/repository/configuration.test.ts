/** The sample configuration has every key there is, so that nobody has to look elsewhere for one. */
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { jsonSchema } from '../../src/settings/json-schema.ts'
import { read } from './repository.ts'

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
}

/** Every key that a configuration may have, as a path; `[]` stands for the entries of a list. */
function keysOf(schema: Schema, path = ''): string[] {
  const inner = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const own = path === '' ? key : `${path}.${key}`
    return [own, ...keysOf(value, own)]
  })
  const entries = schema.items === undefined ? [] : keysOf(schema.items, `${path}[]`)
  return [...inner, ...entries, ...(schema.anyOf ?? []).flatMap(choice => keysOf(choice, path))]
}

function keysIn(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap(entry => keysIn(entry, `${path}[]`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const own = path === '' ? key : `${path}.${key}`
    return [own, ...keysIn(inner, own)]
  })
}

describe('the sample configuration', () => {
  const text = read('config/qalqan.yaml')
  const keys = [...new Set(keysOf(jsonSchema() as Schema))]

  test('is measured against a schema that has keys at every depth', () => {
    expect(keys).toEqual(expect.arrayContaining(['listen', 'listen[].policy', 'blocking.page.ipv4', 'feeds[].scope']))
  })

  test('has every key of the schema', () => {
    const present = new Set(keysIn(parse(text)))
    expect(keys.filter(key => !present.has(key))).toEqual([])
  })

  test('explains each of them in a comment at its section, or beside its like', () => {
    const sections = text.split(/^(?=[a-z_]+:)/m).slice(1)
    const before = text.split(/^[a-z_]+:.*$/m)
    const unexplained = sections.filter((section, index) => {
      const lead = before[index]!.trimEnd().split('\n').at(-1)!
      return !lead.startsWith('#') && !/^ +#/m.test(section)
    })
    expect(unexplained.map(section => section.split(':')[0])).toEqual([])
  })
})
