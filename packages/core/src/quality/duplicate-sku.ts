import type { EntityDefinition } from '../entities/define-entity.ts'
import { noRelated, type QualityRule } from './rule.ts'

/**
 * A code that people and shops look an item up by names one item in use. The finding is about the code and lists the records;
 * it is over when one of them gets another code, or is no longer in use.
 */
export const duplicateSku: QualityRule = {
  name: 'duplicate_sku',
  judges: (entity) => {
    const { unique } = entity.quality
    if (unique.length === 0) return null
    return {
      keyedBy: 'value',
      keys: unique.map((column) => valuesToJudge(entity, column)).join(' UNION ALL '),
      violations: unique.map((column) => sharedValues(entity, column)).join(' UNION ALL '),
    }
  },
}

/** The values that changed records have now, and those that they had when a finding named them. */
function valuesToJudge(entity: EntityDefinition, column: string): string {
  return `SELECT t.organization_id, '${column}=' || t.${column} AS key
            FROM changed c
            JOIN ${entity.table} t ON t.organization_id = c.organization_id AND t.zoho_id = c.zoho_id
           WHERE c.entity_type = '${entity.type}' AND t.${column} IS NOT NULL
           UNION ALL
          SELECT f.organization_id, '${column}=' || (f.detail ->> 'value')
            FROM tds_quality_findings f
           WHERE f.rule = '${duplicateSku.name}' AND f.entity_type = '${entity.type}' AND f.resolved_at IS NULL
             AND f.detail ->> 'column' = '${column}'
             AND EXISTS (SELECT FROM changed c
                          WHERE c.entity_type = f.entity_type AND c.organization_id = f.organization_id
                            AND f.detail -> 'ids' ? c.zoho_id)`
}

function sharedValues(entity: EntityDefinition, column: string): string {
  const { active } = entity.quality
  const inUse = active === null ? '' : `AND t.${active.column} = '${active.value}'`
  return `SELECT j.organization_id, NULL::text AS entity_id, j.key AS subject, ${noRelated},
                 jsonb_build_object('column', '${column}', 'value', s.value, 'records', s.records::text,
                                    'ids', s.ids) AS detail
            FROM judged j
           CROSS JOIN LATERAL (
             SELECT t.${column} AS value, count(*) AS records,
                    to_jsonb((array_agg(t.zoho_id ORDER BY t.zoho_id))[1:100]) AS ids
               FROM ${entity.table} t
              WHERE t.organization_id = j.organization_id AND t.${column} = substr(j.key, ${String(column.length + 2)})
                AND t.deleted_at IS NULL ${inUse}
              GROUP BY t.${column} HAVING count(*) > 1) s
           WHERE j.key LIKE '${column}=%'`
}
