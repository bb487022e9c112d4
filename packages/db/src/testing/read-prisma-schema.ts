/** What a schema says, in terms that Postgres can be asked about as well. */
export interface SchemaFacts {
  /** Enum type → its labels, in order. */
  enums: Record<string, string[]>
  /** Table → column → "type not null default" and so on. */
  columns: Record<string, Record<string, string>>
  /** Table → its key columns, in order. */
  keys: Record<string, string[]>
  /** Index → "table (columns)", with "unique" before it. Only what schema.prisma can say: no predicates, no expressions. */
  indexes: Record<string, string>
}

const postgresTypes: Readonly<Record<string, string>> = {
  BigInt: 'int8',
  Boolean: 'bool',
  Bytes: 'bytea',
  Int: 'int4',
  Json: 'jsonb',
  String: 'text',
  '@db.Date': 'date',
  '@db.Decimal': 'numeric',
  '@db.Inet': 'inet',
  '@db.SmallInt': 'int2',
  '@db.Timestamptz(6)': 'timestamptz',
  '@db.Uuid': 'uuid',
}

/** Reads the facts off the text of a schema.prisma. Throws on what it does not understand, rather than overlook it. */
export function readPrismaSchema(text: string): SchemaFacts {
  const facts: SchemaFacts = { enums: {}, columns: {}, keys: {}, indexes: {} }
  const blocks = [...text.matchAll(/^(enum|model) (\w+) \{\n([^}]*(?:\{\}[^}]*)*)^\}/gm)].map(toBlock)
  const enumTypes = new Map(
    blocks.filter((block) => block.kind === 'enum').map(({ name, table }) => [name, table]),
  )
  for (const block of blocks) {
    if (block.kind === 'enum') facts.enums[block.table] = block.lines.filter((line) => !line.startsWith('@@'))
    else readModel(block, enumTypes, facts)
  }
  return facts
}

interface Block {
  kind: string
  name: string
  /** What it is called in the database. */
  table: string
  lines: string[]
}

function toBlock([, kind = '', name = '', body = '']: RegExpMatchArray): Block {
  const lines = body
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('//'))
  return { kind, name, table: /@@map\("(\w+)"\)/.exec(body)?.[1] ?? name, lines }
}

function readModel(model: Block, enumTypes: ReadonlyMap<string, string>, facts: SchemaFacts): void {
  const fields = model.lines.filter((line) => !line.startsWith('@@')).map(toField)
  const columnOf = new Map(fields.map(({ name, column }) => [name, column]))
  facts.columns[model.table] = Object.fromEntries(
    fields.map((field) => [field.column, describe(field, enumTypes)]),
  )
  for (const { column, attributes } of fields) {
    if (/@id\b/.test(attributes)) facts.keys[model.table] = [column]
    const unique = /@unique\(map: "(\w+)"\)/.exec(attributes)?.[1]
    if (unique) facts.indexes[unique] = `unique ${model.table} (${column})`
  }
  for (const line of model.lines.filter((one) => /^@@(?:id|unique|index)/.test(one))) {
    const [, kind = '', names = '', map = ''] = /^@@(\w+)\(\[(.*?)\](?:, map: "(\w+)")?\)$/.exec(line) ?? []
    if (names === '') throw new Error(`cannot read: ${line}`)
    const columns = names.split(', ').map((name) => columnOf.get(name) ?? name)
    if (kind === 'id') facts.keys[model.table] = columns
    else facts.indexes[map] = `${kind === 'unique' ? 'unique ' : ''}${model.table} (${columns.join(', ')})`
  }
}

interface Field {
  name: string
  column: string
  type: string
  suffix: string
  attributes: string
}

function toField(line: string): Field {
  const [, name = '', type = '', suffix = '', attributes = ''] =
    /^(\w+)\s+(\w+(?:\("\w+"\))?)(\[\]|\?)?\s*(.*)$/.exec(line) ?? []
  if (name === '') throw new Error(`cannot read: ${line}`)
  return { name, column: /@map\("(\w+)"\)/.exec(attributes)?.[1] ?? name, type, suffix, attributes }
}

function describe(field: Field, enumTypes: ReadonlyMap<string, string>): string {
  const native = /@db\.\w+(?:\(\d+\))?/.exec(field.attributes)?.[0]
  const unsupported = /^Unsupported\("(\w+)"\)$/.exec(field.type)?.[1]
  const type = unsupported ?? enumTypes.get(field.type) ?? postgresTypes[native ?? field.type]
  if (!type) throw new Error(`no Postgres type known for ${field.type} ${native ?? ''}`)
  const list = field.suffix === '[]' ? '[]' : ''
  const required = field.suffix === '?' ? '' : ' not null'
  return `${type}${list}${required}${describeDefault(field)}`
}

function describeDefault({ attributes }: Field): string {
  const [, given] = /@default\((dbgenerated\("[^"]*"\)|[^)]*\(?\)?)\)/.exec(attributes) ?? []
  if (given === undefined) return ''
  if (given === 'autoincrement()') return ' identity'
  const expression = /^dbgenerated\("(.*)"\)$/.exec(given)?.[1]
  return ` default ${expression ?? given.replace(/^"(.*)"$/, '$1').replace(/^\[\]$/, '{}')}`
}
