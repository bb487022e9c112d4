import type { EntityDefinition } from '../entities/define-entity.ts'
import type { ChildSum } from '../entities/quality-definition.ts'
import { livingRecords, noRelated, parentColumnOf, type QualityRule } from './rule.ts'

/**
 * The stock of an item is the sum of its stock at each location. Where there are no locations, or the total is blank,
 * there is nothing to compare: an organisation of one place has none, and an item that is not tracked has no stock.
 */
export const stockByLocation: QualityRule = {
  name: 'stock_by_location',
  judges: (entity) => {
    const sums = entity.quality.childSums
    if (sums.length === 0) return null
    return { keyedBy: 'record', violations: sums.map((sum) => unequal(entity, sum)).join(' UNION ALL ') }
  },
}

function unequal(entity: EntityDefinition, { column, child, childColumn }: ChildSum): string {
  return `SELECT t.organization_id, t.zoho_id AS entity_id, '${column}' AS subject, ${noRelated},
                 jsonb_build_object('${column}', t.${column}::text, 'sum', s.amount::text, 'rows', s.rows::text,
                                    'difference', (t.${column} - s.amount)::text) AS detail
            FROM ${livingRecords(entity)}
           CROSS JOIN LATERAL (
             SELECT count(c.${childColumn}) AS rows, coalesce(sum(c.${childColumn}), 0) AS amount
               FROM ${child} c
              WHERE c.organization_id = t.organization_id AND c.${parentColumnOf(entity, child)} = t.zoho_id) s
           WHERE s.rows > 0 AND t.${column} <> s.amount`
}
