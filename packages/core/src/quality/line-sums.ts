import type { EntityDefinition } from '../entities/define-entity.ts'
import { livingRecords, noRelated, parentColumnOf, type QualityRule } from './rule.ts'

/**
 * A document's lines add up to its sub total, and the sub total with tax, charges and discount to its total.
 *
 * Half of the smallest unit for each line counts as rounding, because Zoho may round the sum and not each line. Where the
 * document says that prices include tax, or does not say whether a discount is its own or its lines', every sum counts that
 * Zoho may have meant: the rule finds a lost line, not a matter of taste. Exact decimals throughout.
 */
export const lineSums: QualityRule = {
  name: 'line_sums',
  judges: (entity) => {
    const { documentTotals } = entity.quality
    if (documentTotals === null) return null
    return { keyedBy: 'record', violations: unequalSums(entity, documentTotals.lines) }
  },
}

function unequalSums(entity: EntityDefinition, lines: string): string {
  return `SELECT t.organization_id, t.zoho_id AS entity_id, x.subject, ${noRelated}, jsonb_strip_nulls(x.detail) AS detail
            FROM ${livingRecords(entity)}
           CROSS JOIN LATERAL (
             SELECT count(*) AS rows, coalesce(sum(r.item_total), 0) AS amount
               FROM ${lines} r
              WHERE r.organization_id = t.organization_id AND r.${parentColumnOf(entity, lines)} = t.zoho_id) l
           CROSS JOIN LATERAL (
             SELECT ${amountOf(entity, 'tax_total')} AS tax,
                    ${amountOf(entity, 'shipping_charge')} + ${amountOf(entity, 'adjustment')}
                      + ${amountOf(entity, 'roundoff_value')} AS charges,
                    ${amountOf(entity, 'discount_total')} AS discount,
                    t.raw ->> 'is_inclusive_tax' = 'true' AS inclusive,
                    t.raw ->> 'discount_type' AS discount_type,
                    0.5 * 10 ^ -greatest(0, least(${amountOf(entity, 'price_precision', 2)}, 9)) AS half_unit) m
           CROSS JOIN LATERAL (
             SELECT 'sub_total' AS subject,
                    jsonb_build_object('sub_total', t.sub_total::text, 'sum', l.amount::text, 'lines', l.rows::text,
                                       'difference', (t.sub_total - l.amount)::text) AS detail
              WHERE abs(t.sub_total - l.amount) > m.half_unit * l.rows
                AND NOT (m.inclusive IS TRUE AND abs(t.sub_total + m.tax - l.amount) <= m.half_unit * l.rows)
              UNION ALL
             SELECT 'total',
                    jsonb_build_object('total', t.total::text, 'sub_total', t.sub_total::text, 'tax', m.tax::text,
                                       'charges', m.charges::text, 'discount', m.discount::text,
                                       'discount_type', m.discount_type)
              WHERE t.total NOT IN (
                      SELECT t.sub_total + m.charges + taxed.amount - lessened.amount
                        FROM (SELECT m.tax AS amount UNION SELECT 0 WHERE m.inclusive IS TRUE) taxed,
                             (SELECT m.discount AS amount WHERE m.discount_type IS DISTINCT FROM 'item_level'
                               UNION SELECT 0 WHERE m.discount_type IS DISTINCT FROM 'entity_level') lessened)) x`
}

/** An amount of the document: its column, or what its raw body says where it has none; what is no number counts as `blank`. */
function amountOf(entity: EntityDefinition, name: string, blank = 0): string {
  if (entity.columns.some((column) => column.name === name)) return `coalesce(t.${name}, ${String(blank)})`
  return `CASE WHEN t.raw ->> '${name}' ~ '^-?[0-9]+(\\.[0-9]+)?$'
               THEN (t.raw ->> '${name}')::numeric ELSE ${String(blank)} END`
}
