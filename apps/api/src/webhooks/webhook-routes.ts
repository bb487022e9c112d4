import type { EntityDefinition } from '@tds/core'
import type { WebhookAction } from '@tds/zoho'

/** What the path of a webhook says about its deliveries. */
export interface WebhookRoute {
  /** As in `/webhooks/products/updated`. */
  readonly path: string
  readonly entity: EntityDefinition
  /** Null where the path does not say what was done. */
  readonly action: WebhookAction | null
  /** The resource is another name for the type's own. */
  readonly isAlias: boolean
}

/** What may stand behind a resource; without one the delivery is an upsert, unless its body says otherwise. */
const webhookActions = ['created', 'updated', 'deleted'] as const satisfies readonly WebhookAction[]

/** Every webhook path of the registry's types, their aliases included. */
export function webhookRoutes(entities: readonly EntityDefinition[]): ReadonlyMap<string, WebhookRoute> {
  const routes = entities.flatMap((entity) =>
    [entity.resource, ...entity.aliases].flatMap((name) =>
      [null, ...webhookActions].map((action) => ({
        path: `/webhooks/${name}${action === null ? '' : `/${action}`}`,
        entity,
        action,
        isAlias: name !== entity.resource,
      })),
    ),
  )
  return new Map(routes.map((route) => [route.path, route]))
}
