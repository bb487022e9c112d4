import type { JsonObject } from '../exact/json.ts'
import type { WorldRecord } from '../world/collection.ts'
import { contactBalances, withBalances } from '../world/customer.ts'
import { kinds } from '../world/kinds.ts'
import type { RecordChange, World } from '../world/world.ts'
import type { SilentChanges } from './silent-changes.ts'

/** Moves the balances of the contacts that a changed document names, before and after. */
export function followBalances(world: World, change: RecordChange, silent: SilentChanges): void {
  const { effects } = kinds[change.type]
  if (effects?.contactKey === undefined) return
  const named = [contactOf(change.before, effects.contactKey), contactOf(change.after, effects.contactKey)]
  settleContacts(world, { ids: new Set(named), cause: change.type }, silent)
}

/** Gives contacts the balances that their documents leave open now. */
export function settleContacts(
  world: World,
  { ids, cause }: { ids: ReadonlySet<string>; cause: string },
  silent: SilentChanges,
): void {
  const balances = contactBalances(world)
  for (const id of ids) {
    const record = world.collections.customer.get(id)
    if (record === undefined) continue
    const fields: JsonObject = withBalances(world, record.detail, balances.get(id))
    silent.set('customer', id, { cause, fields })
  }
}

function contactOf(record: WorldRecord | undefined, key: string): string {
  const id = record?.detail[key]
  return typeof id === 'string' ? id : ''
}
