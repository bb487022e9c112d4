import { omit, pick } from '../exact/fields.ts'
import type { JsonObject } from '../exact/json.ts'
import type { Mutation, MutationKind } from '../mutations/mutate.ts'
import type { Random } from '../random.ts'
import { kinds } from '../world/kinds.ts'
import type { RecordKind } from '../world/record-kind.ts'

/** What a webhook's body says of the record. */
export const bodyShapes = ['usual', 'detail', 'sparse', 'lean', 'thin', 'placeholders'] as const

/**
 * `usual`: the keys that Zoho's default payload carries. `detail`: every key of the detail. `sparse`: the detail
 * without a random third of its keys. `lean`: the usual keys without a random third. `thin`: `{entity, event, id}`.
 * `placeholders`: an operator's own thin body, with the record's own id key and the organisation.
 */
export type BodyShape = (typeof bodyShapes)[number]

/** The word that a webhook has for what happened, in paths and thin bodies. */
export type WebhookAction = 'created' | 'updated' | 'deleted'

/** Whether a body of this shape says when the record was modified. */
export function carriesVersion(body: JsonObject): boolean {
  return Object.values(body).some(
    (record) => typeof record === 'object' && record !== null && 'last_modified_time' in record,
  )
}

/** Makes the body in which Zoho would tell of a mutation; a deletion shows the last snapshot, as far as is known. */
export function webhookBody(
  mutation: Mutation,
  { shape, organizationId, random }: { shape: BodyShape; organizationId: string; random: Random },
): JsonObject {
  const kind = kinds[mutation.type]
  const { detail, id } = mutation
  const event = actionOf(mutation.kind)
  switch (shape) {
    case 'usual':
      return { [kind.wrapper]: pick(detail, kind.webhookKeys) }
    case 'detail':
      return { [kind.wrapper]: detail }
    case 'sparse':
      return { [kind.wrapper]: withoutThird(detail, kind, random) }
    case 'lean':
      return { [kind.wrapper]: withoutThird(pick(detail, kind.webhookKeys), kind, random) }
    case 'thin':
      return { entity: kind.wrapper, event, id }
    case 'placeholders':
      return { entity: kind.wrapper, event, organization_id: organizationId, [kind.idKey]: id }
  }
}

/** A restoration has no word of its own: to Zoho's rules it is an edit. */
export function actionOf(kind: MutationKind): WebhookAction {
  return kind === 'create' ? 'created' : kind === 'delete' ? 'deleted' : 'updated'
}

/** The id and the version stay: without them it is no longer a body of this record. */
function withoutThird(record: JsonObject, kind: RecordKind, random: Random): JsonObject {
  const loose = Object.keys(record).filter((key) => key !== kind.idKey && key !== 'last_modified_time')
  return omit(record, random.shuffled(loose).slice(0, Math.round(Object.keys(record).length / 3)))
}
