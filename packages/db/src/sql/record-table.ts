/** SQL types that a mirror column may have. */
export type MirrorColumnType = 'text' | 'numeric' | 'integer' | 'date' | 'boolean' | 'jsonb'

/** A column of a mirror table as the generic statements need it. Names come from entity definitions, never from input. */
export interface MirrorColumn {
  readonly name: string
  readonly type: MirrorColumnType
}

/** A mirror table with its child tables; one per entity definition. */
export interface RecordTable {
  readonly table: string
  readonly columns: readonly MirrorColumn[]
  readonly children: readonly ChildTable[]
}

/** Rows that belong to a record: lines, stock per location. */
export interface ChildTable {
  readonly table: string
  readonly parentColumn: string
  readonly columns: readonly MirrorColumn[]
}

/** The key of a record in every mirror table. */
export interface RecordKey {
  readonly organizationId: string
  readonly zohoId: string
}

/** Splits keys into the two parallel arrays that `unnest` takes, in lock order, so that two workers never wait in a circle. */
export function keyArrays(keys: readonly RecordKey[]): [string[], string[]] {
  const ordered = [...keys].sort(
    (left, right) =>
      compareText(left.organizationId, right.organizationId) || compareText(left.zohoId, right.zohoId),
  )
  return [ordered.map((key) => key.organizationId), ordered.map((key) => key.zohoId)]
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
