/**
 * The JSON Schema of a configuration as written, for editors (draft 7: what their YAML extensions know).
 *
 * As a program, `node src/settings/json-schema.ts --write FILE` writes it; without `--write` it is printed.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { configSchema } from './schema.ts'

/** Has no `$id`: the file is found beside the configuration, not on a server. */
export function jsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' })
  return { $schema, title: 'Qalqan configuration', ...rest }
}

/** As it stands in the file. */
export function jsonSchemaText(): string {
  return `${JSON.stringify(jsonSchema(), null, 2)}\n`
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { write: { type: 'string' } } })
  if (values.write === undefined) process.stdout.write(jsonSchemaText())
  else writeFileSync(values.write, jsonSchemaText())
}
