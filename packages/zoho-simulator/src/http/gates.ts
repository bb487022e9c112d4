import type { Root } from '../world/record-kind.ts'
import { notAuthorized, tokenMissing, type Answer } from './answer.ts'
import type { ApiParts, ApiRequest, Route } from './call.ts'

/** A check that a call must pass: the refusal, or null to let it through. */
export type Gate = (call: { request: ApiRequest; route: Route; parts: ApiParts }) => Answer | null

/** A live token whose scope reaches to what is asked for. */
export const authenticate: Gate = ({ request, route, parts }) => {
  const token = /^Zoho-oauthtoken (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
  if (token === undefined) return tokenMissing()
  if (!parts.tokens.isLive(token)) return notAuthorized()
  const needed = route.kind?.scopes[request.root] ?? null
  return needed === null || hasScope(parts.settings.scopes, request.root, needed) ? null : notAuthorized()
}

/** The right organisation, which every call but one must name; how Zoho refuses another is not verified. */
export const requireOrganization: Gate = ({ request, route, parts }) => {
  if (!route.needsOrganization) return null
  const named = request.query.get('organization_id') ?? headerOrganization(request)
  return named === parts.world.organization.id ? null : notAuthorized(400)
}

function headerOrganization({ root, headers }: ApiRequest): string | null {
  const value = root === 'inventory' ? headers['x-com-zoho-inventory-organizationid'] : undefined
  return typeof value === 'string' ? value : null
}

function hasScope(scopes: readonly string[], root: Root, needed: string): boolean {
  const product = root === 'books' ? 'zohobooks' : 'zohoinventory'
  const good = [`${product}.fullaccess.all`, `${product}.${needed}.read`, `${product}.${needed}.all`]
  return scopes.some((scope) => good.includes(scope.toLowerCase()))
}
