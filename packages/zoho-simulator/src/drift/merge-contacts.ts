import type { JsonObject } from '../exact/json.ts'
import { InvalidInputError } from '../invalid-input-error.ts'
import type { WorldRecord } from '../world/collection.ts'
import { kinds } from '../world/kinds.ts'
import { recordTypes, type RecordType } from '../world/record-type.ts'
import type { World } from '../world/world.ts'
import { settleContacts } from './follow-balances.ts'
import type { SilentChanges } from './silent-changes.ts'

/** Two contacts that become one. */
export interface MergeRequest {
  /** The contact whose id is retired. */
  from: string
  into: string
}

/** Retires one contact and moves its documents to the other, silently; answers which documents moved. */
export function mergeContacts(
  world: World,
  request: MergeRequest,
  silent: SilentChanges,
): { type: RecordType; id: string }[] {
  const from = livingContact(world, request.from)
  const into = livingContact(world, request.into)
  if (from.id === into.id) throw new InvalidInputError('A contact cannot be merged into itself')
  const moved = recordTypes.flatMap((type) => moveDocuments(world, { type, from, into }, silent))
  world.collections.customer.put({ ...from, deleted: true })
  silent.note('merge', 'customer', from.id)
  settleContacts(world, { ids: new Set([into.id]), cause: 'merge' }, silent)
  return moved
}

function livingContact(world: World, id: string): WorldRecord {
  const contact = world.collections.customer.get(id)
  if (contact?.deleted === false) return contact
  throw new InvalidInputError(`There is no customer ${id}, or it is deleted`)
}

interface Moving {
  type: RecordType
  from: WorldRecord
  into: WorldRecord
}

function moveDocuments(
  world: World,
  { type, from, into }: Moving,
  silent: SilentChanges,
): { type: RecordType; id: string }[] {
  const idKey = kinds[type].effects?.contactKey
  if (idKey === undefined) return []
  const fields: JsonObject = {
    [idKey]: into.id,
    [idKey.replace(/_id$/, '_name')]: into.detail['contact_name'] ?? '',
  }
  const documents = world.collections[type].living().filter(({ detail }) => detail[idKey] === from.id)
  for (const { id } of documents) silent.set(type, id, { cause: 'merge', fields })
  return documents.map(({ id }) => ({ type, id }))
}
