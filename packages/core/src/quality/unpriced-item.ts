import type { EntityDefinition } from '../entities/define-entity.ts'
import type { PriceCoverage } from '../entities/quality-definition.ts'
import { livingRecords, noRelated, type QualityRule } from './rule.ts'

/**
 * An item in use that is sold has a price in a price list in use: a row of its own, or its own price where a list takes a
 * share of every item's. Without any list in use nothing is judged. A price is never invented.
 */
export const unpricedItem: QualityRule = {
  name: 'unpriced_item',
  judges: (entity, registry) => {
    const lists = registry.flatMap((candidate) => {
      const { prices } = candidate.quality
      return prices?.of === entity.type ? [{ list: candidate, prices }] : []
    })
    if (lists.length === 0) return null
    const { active, notSold } = entity.quality
    return {
      keyedBy: 'record',
      violations: `SELECT t.organization_id, t.zoho_id AS entity_id, 'price' AS subject, ${noRelated},
                          '{}'::jsonb AS detail
                     FROM ${livingRecords(entity)}
                    WHERE ${active === null ? 'true' : `t.${active.column} = '${active.value}'`}
                      ${notSold === null ? '' : `AND t.${notSold.column} IS DISTINCT FROM '${notSold.value}'`}
                      AND (${lists.map((one) => `EXISTS (${listsInUse(one)})`).join(' OR ')})
                      AND NOT (${lists.map(isPriced).join(' OR ')})`,
      walkWhenChanged: lists.map(({ list }) => list.type),
    }
  },
}

interface PricingList {
  readonly list: EntityDefinition
  readonly prices: PriceCoverage
}

function listsInUse({ list, prices }: PricingList): string {
  const { active } = list.quality
  return `SELECT FROM ${list.table} p
           WHERE p.organization_id = t.organization_id AND p.deleted_at IS NULL
             ${active === null ? '' : `AND p.${active.column} = '${active.value}'`}
             ${prices.only === undefined ? '' : `AND p.${prices.only.column} = '${prices.only.value}'`}`
}

function isPriced(one: PricingList): string {
  const { list, prices } = one
  const { child, item, rate, coversAll, ownRate } = prices
  const parent = list.children.find((candidate) => candidate.table === child)?.parentColumn ?? ''
  const named = `EXISTS (${listsInUse(one)} AND EXISTS (
                   SELECT FROM ${child} i
                    WHERE i.organization_id = p.organization_id AND i.${parent} = p.zoho_id
                      AND i.${item} = t.zoho_id AND i.${rate} IS NOT NULL))`
  if (coversAll === undefined) return named
  return `${named} OR t.${ownRate} IS NOT NULL
          AND EXISTS (${listsInUse(one)} AND p.${coversAll.column} = '${coversAll.value}')`
}
