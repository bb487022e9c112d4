import type { EntityDefinition, EntityType } from '../entities/define-entity.ts'

/** How a rule judges one type, in SQL of its own; `Judgement` of `@tds/db` says what each text selects, and out of what. */
export interface TypeRule {
  /** `record` where a finding is about one record, `value` where it is about a value that several share. */
  readonly keyedBy: 'record' | 'value'
  /** Selects what to judge out of `changed`; the changed records of the type where it is left out. */
  readonly keys?: string
  /** Selects what does not hold out of `judged`. */
  readonly violations: string
  /** A change of one of these types may concern any record of this one, so all are walked over. */
  readonly walkWhenChanged?: readonly EntityType[]
}

/** One thing that must hold of mirrored data. Its file has all of it; `index.ts` has its line. */
export interface QualityRule {
  /** In the table, in the metric, in docs/operations/data-quality.md. */
  readonly name: string
  /** How it judges the type; null where the type's definition gives it nothing to judge. */
  judges(entity: EntityDefinition, registry: readonly EntityDefinition[]): TypeRule | null
}

/** The changed records of the type: what nearly every rule judges. */
export function changedOf(entity: EntityDefinition): string {
  return `SELECT c.organization_id, c.zoho_id AS key FROM changed c WHERE c.entity_type = '${entity.type}'`
}

/** Joins the living record `t` of each judged key `j`. */
export function livingRecords(entity: EntityDefinition): string {
  return `judged j JOIN ${entity.table} t
            ON t.organization_id = j.organization_id AND t.zoho_id = j.key AND t.deleted_at IS NULL`
}

/** The column of a child table that holds its parent's Zoho id. Throws where the definition names no such child. */
export function parentColumnOf(entity: EntityDefinition, table: string): string {
  const child = entity.children.find((candidate) => candidate.table === table)
  if (child === undefined) throw new RangeError(`${entity.type} has no child table ${table}`)
  return child.parentColumn
}

/** The two columns of a finding that is about no other record. */
export const noRelated = `NULL::tds_entity_type AS related_type, NULL::text AS related_id`
