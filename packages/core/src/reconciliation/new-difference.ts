import type { DifferenceState, NewDifference, RecordEvidence } from '@tds/db'
import type { ColumnKind, EntityDefinition } from '../entities/define-entity.ts'
import type { ColumnValues } from '../entities/map-record.ts'
import { writeInstant, type Instant } from '../sync/instant.ts'
import type { RecordState } from '../sync/record-state.ts'
import type { Finding } from './compare-record.ts'
import { probableCause } from './probable-cause.ts'

/** A finding together with the two sides that it is about. */
export interface FoundRecord extends Finding {
  readonly zohoId: string
  readonly stored: RecordState | null
  readonly theirVersion: Instant | null
  /** What Zoho's body carries; null where Zoho has none. */
  readonly theirColumns: ColumnValues | null
}

/** Makes the difference to keep of a finding: names of all fields, values only of those that say nothing about a person. */
export function newDifference(
  entity: EntityDefinition,
  found: FoundRecord,
  o: {
    readonly evidence: RecordEvidence | undefined
    readonly state: DifferenceState
    readonly note: string | null
  },
): NewDifference {
  const { stored, fields, theirVersion } = found
  const numbers = new Set(entity.columns.filter(({ kind }) => kind === 'decimal').map(({ name }) => name))
  return {
    zohoId: found.zohoId,
    class: found.class,
    probableCause: probableCause({
      class: found.class,
      theirVersion,
      evidence: o.evidence,
      onlyNumbers: fields.length > 0 && fields.every((field) => numbers.has(field)),
    }),
    fields,
    ours: stored === null ? null : JSON.stringify(shownValues(entity, fields, stored.columns)),
    theirs:
      found.theirColumns === null ? null : JSON.stringify(shownValues(entity, fields, found.theirColumns)),
    ourRevision: stored?.revision ?? 0,
    ourVersion: textOrNull(stored?.version ?? null),
    theirVersion: textOrNull(theirVersion),
    state: o.state,
    note: o.note,
  }
}

const shownKinds: readonly ColumnKind[] = ['decimal', 'integer', 'date', 'boolean']

function shownValues(
  entity: EntityDefinition,
  fields: readonly string[],
  columns: ColumnValues,
): Record<string, string | null> {
  const shown = entity.columns.filter(({ name, kind }) => shownKinds.includes(kind) || name === 'status')
  return Object.fromEntries(
    shown.flatMap(({ name }) => (fields.includes(name) ? [[name, columns[name] ?? null]] : [])),
  )
}

function textOrNull(instant: Instant | null): string | null {
  return instant === null ? null : writeInstant(instant)
}
