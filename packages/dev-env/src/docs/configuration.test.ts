import { alerterConfigSchema } from '@tds/alerter'
import { apiConfigSchema } from '@tds/api'
import { fieldMeta } from '@tds/runtime'
import { workerConfigSchema } from '@tds/worker'
import { readPage, readText, rowsWith } from '../testing/docs/pages.ts'

/** A field of a schema, as far as this needs it. */
type Field = Parameters<typeof fieldMeta>[0] & { safeParse(value: unknown): { success: boolean } }

const shapes: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  api: apiConfigSchema.shape,
  worker: workerConfigSchema.shape,
  alerter: alerterConfigSchema.shape,
}

/** A variable as a document should tell it. */
interface Variable {
  readonly name: string
  readonly default: string
  readonly expected: string
  readonly description: string
}

const variables = new Map<string, Variable & { readBy: string; required: boolean }>()
for (const [daemon, shape] of Object.entries(shapes)) {
  for (const [name, field] of Object.entries(shape)) {
    const meta = fieldMeta(field)
    const known = variables.get(name)
    if (known !== undefined && known.description !== meta.description)
      throw new Error(`${name} is described otherwise by the ${daemon} than by the ${known.readBy}`)
    variables.set(name, {
      name,
      default: meta.default ?? '',
      expected: meta.expected ?? 'any text',
      description: meta.description ?? '',
      readBy: known === undefined ? daemon : `${known.readBy}, ${daemon}`,
      required: !field.safeParse(undefined).success,
    })
  }
}

describe('docs/reference/configuration.md', () => {
  it('lists every variable that a daemon reads, as its schema has it, and no other', () => {
    const rows = rowsWith(readPage('docs/reference/configuration.md'), 'variable', 'read by', 'default')
    const told = rows.map((row) => ({
      name: row['variable'],
      readBy: row['read by'],
      default: row['default'],
      expected: row['expected'],
      description: row['what it is'],
    }))
    const schemas = [...variables.values()].map(({ required, ...variable }) => ({
      ...variable,
      default: required ? '**required**' : variable.default,
    }))
    expect(told.sort(byName)).toEqual(schemas.sort(byName))
  })
})

describe('.env.example', () => {
  it('lists every variable that a daemon reads, as its schema has it, and no other', () => {
    const schemas = [...variables.values()].map(({ readBy: _readBy, ...variable }) => variable)
    expect(exampleVariables().sort(byName)).toEqual(schemas.sort(byName))
  })
})

/** `# what it is`, `# Expected: …`, then the variable; behind a comment mark where it may stay unset. */
function exampleVariables() {
  const blocks = readText('.env.example').matchAll(/^# (.+)\n# Expected: (.+)\.\n(#?)([A-Z_]+)=(.*)$/gm)
  return [...blocks].map(([, description = '', expected = '', mark = '', name = '', value = '']) => ({
    name,
    default: value,
    expected,
    description,
    required: mark === '',
  }))
}

function byName(
  a: { readonly name?: string | undefined },
  b: { readonly name?: string | undefined },
): number {
  return (a.name ?? '') < (b.name ?? '') ? -1 : 1
}
