import type { EntityDefinition, ReferenceDefinition } from '../entities/define-entity.ts'
import { changedOf, livingRecords, parentColumnOf, type QualityRule } from './rule.ts'

/**
 * A record that another one names is in the mirror and living. It never holds the other one back; the finding is over when
 * the missing record arrives. A type that is not mirrored is never missing.
 */
export const missingReference: QualityRule = {
  name: 'missing_reference',
  judges: (entity, registry) => {
    const references = entity.references.flatMap((reference) => {
      const target = registry.find((candidate) => candidate.type === reference.to)
      return target === undefined ? [] : [{ ...reference, target }]
    })
    if (references.length === 0) return null
    return {
      keyedBy: 'record',
      keys: [changedOf(entity), waitingFor(entity), ...references.map((one) => bereft(entity, one))].join(
        ' UNION ALL ',
      ),
      violations: references.map((one) => missing(entity, one)).join(' UNION ALL '),
    }
  },
}

interface KnownReference extends ReferenceDefinition {
  readonly target: EntityDefinition
}

/** The records with an open finding about a record that changed: it may have arrived. */
function waitingFor(entity: EntityDefinition): string {
  return `SELECT f.organization_id, f.entity_id
            FROM changed c
            JOIN tds_quality_findings f
              ON f.organization_id = c.organization_id AND f.related_type = c.entity_type AND f.related_id = c.zoho_id
           WHERE f.rule = '${missingReference.name}' AND f.entity_type = '${entity.type}' AND f.resolved_at IS NULL`
}

/** At most so many records are judged at once because one that they name was deleted; the next walk judges the others. */
const bereftAtOnce = 5000

/** The records that name one which was deleted. */
function bereft(entity: EntityDefinition, { child, column, to }: KnownReference): string {
  const table = child ?? entity.table
  const record = child === undefined ? 'zoho_id' : parentColumnOf(entity, child)
  return `(SELECT r.organization_id, r.${record}
             FROM changed c
             JOIN ${table} r ON r.organization_id = c.organization_id AND r.${column} = c.zoho_id
            WHERE c.gone AND c.entity_type = '${to}'
            LIMIT ${String(bereftAtOnce)})`
}

function missing(entity: EntityDefinition, { child, column, to, target }: KnownReference): string {
  const holder = child === undefined ? 't' : 'r'
  const rows =
    child === undefined
      ? ''
      : `JOIN ${child} r ON r.organization_id = t.organization_id AND r.${parentColumnOf(entity, child)} = t.zoho_id`
  return `SELECT t.organization_id, t.zoho_id AS entity_id, '${column} ' || ${holder}.${column} AS subject,
                 '${to}'::tds_entity_type AS related_type, ${holder}.${column} AS related_id,
                 jsonb_build_object('column', '${column}', 'id', ${holder}.${column}, 'rows', count(*)::text,
                                    'state', CASE WHEN p.zoho_id IS NULL THEN 'absent' ELSE 'deleted' END) AS detail
            FROM ${livingRecords(entity)} ${rows}
            LEFT JOIN ${target.table} p ON p.organization_id = t.organization_id AND p.zoho_id = ${holder}.${column}
           WHERE ${holder}.${column} IS NOT NULL AND (p.zoho_id IS NULL OR p.deleted_at IS NOT NULL)
           GROUP BY t.organization_id, t.zoho_id, ${holder}.${column}, p.zoho_id`
}
