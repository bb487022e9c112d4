import type { EntityDefinition } from '../entities/define-entity.ts'
import type { AmountPlace } from '../entities/quality-definition.ts'
import { livingRecords, noRelated, parentColumnOf, type QualityRule } from './rule.ts'

/** An amount that exists in the world cannot be less than nothing: more was booked out than was ever there. */
export const negativeStock: QualityRule = {
  name: 'negative_stock',
  judges: (entity) => {
    const places = entity.quality.neverNegative
    if (places.length === 0) return null
    return { keyedBy: 'record', violations: places.map((place) => below(entity, place)).join(' UNION ALL ') }
  },
}

function below(entity: EntityDefinition, { child, column }: AmountPlace): string {
  if (child === undefined) {
    return `SELECT t.organization_id, t.zoho_id AS entity_id, '${column}' AS subject, ${noRelated},
                   jsonb_build_object('${column}', t.${column}::text) AS detail
              FROM ${livingRecords(entity)} WHERE t.${column} < 0`
  }
  const keys = entity.children.find((candidate) => candidate.table === child)?.keyColumns ?? []
  const place = keys.map((key) => `c.${key}`).join(` || ',' || `)
  return `SELECT t.organization_id, t.zoho_id, '${column} at ' || ${place}, ${noRelated},
                 jsonb_build_object('${column}', c.${column}::text, ${keys.map((key) => `'${key}', c.${key}`).join(', ')})
            FROM ${livingRecords(entity)}
            JOIN ${child} c ON c.organization_id = t.organization_id AND c.${parentColumnOf(entity, child)} = t.zoho_id
           WHERE c.${column} < 0`
}
