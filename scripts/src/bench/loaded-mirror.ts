import {
  applyChanges,
  entityOf,
  isExactObject,
  mapRecord,
  parseExactText,
  readInstant,
  type EntityDefinition,
  type RecordChange,
} from '@tds/core'
import type { Database } from '@tds/db'
import type { ZohoOfProducts } from '@tds/dev-env'

const perTransaction = 500

/** The definition of what the bench compares. */
export function productDefinition(): EntityDefinition {
  const product = entityOf('product')
  if (product === undefined) throw new RangeError('there is no type product')
  return product
}

/**
 * Fills an empty mirror with every product of a Zoho, each as its detail tells of it, through the product's own mapping and
 * the one path of every change, without calls: what a first load leaves behind. Returns the ids.
 */
export async function fillMirror(db: Database, zoho: ZohoOfProducts): Promise<string[]> {
  const ids: string[] = []
  let part: string[] = []
  for (const detail of zoho.details()) {
    part.push(detail)
    if (part.length < perTransaction) continue
    ids.push(...(await applyDetails(db, zoho, part)))
    part = []
  }
  ids.push(...(await applyDetails(db, zoho, part)))
  await db.query('ANALYZE tds_products, tds_product_stock')
  return ids
}

async function applyDetails(
  db: Database,
  { organizationId }: ZohoOfProducts,
  details: readonly string[],
): Promise<string[]> {
  const entity = productDefinition()
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<{ now: string }>('SELECT tds_now()::text AS now')
    const now = readInstant(rows[0]?.now ?? '')
    const changes = details.map((text): RecordChange => {
      const { value } = parseExactText(text)
      const zohoId = isExactObject(value) ? value[entity.source.id] : undefined
      if (!isExactObject(value) || typeof zohoId !== 'string') throw new RangeError('a detail without its id')
      return {
        entity,
        organizationId,
        zohoId,
        origin: 'detail',
        says: { kind: 'content', record: mapRecord(entity, value, 'detail') },
        cause: 'backfill',
        lookedAt: now,
        eventId: null,
        runId: null,
        actor: 'bench',
        reason: null,
        requestId: null,
      }
    })
    const results = await applyChanges(tx, changes, now)
    if (results.some(({ decision, owesRead }) => decision.outcome !== 'created' || owesRead))
      throw new RangeError('a detail did not make a complete row of its own')
    return changes.map(({ zohoId }) => zohoId)
  })
}
