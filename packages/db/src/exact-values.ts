import pg from 'pg'

// Numbers by the ids of Postgres's built-in types (pg_type.dat); they never change between versions.
const textAsWritten = new Set([
  20, // int8
  114, // json
  1082, // date
  1114, // timestamp
  1184, // timestamptz
  1700, // numeric
  3802, // jsonb
])
const textInArrays = new Set([
  199, // json[]
  1016, // int8[]
  1115, // timestamp[]
  1182, // date[]
  1185, // timestamptz[]
  1231, // numeric[]
  3807, // jsonb[]
])
const TEXT_ARRAY = 1009

/**
 * How values of Postgres become values of ours: exact ones stay the text that Postgres wrote, because a
 * double loses digits of an amount and a Date loses microseconds of a version. Small integers, booleans,
 * bytes and text are what one expects.
 */
export const exactValues: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary'): ValueParser => {
    if (textAsWritten.has(oid)) return asWritten
    return defaultParser(textInArrays.has(oid) ? TEXT_ARRAY : oid, format ?? 'text')
  },
}

type ValueParser = (value: string) => unknown

// The types of pg know the ids of built-in types only, and promise nothing about what its parsers return.
const defaultParser = pg.types.getTypeParser as (oid: number, format: string) => ValueParser

function asWritten(text: string): string {
  return text
}
