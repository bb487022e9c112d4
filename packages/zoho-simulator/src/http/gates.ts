import { invalidValue, notAuthorized, tokenMissing, type Answer } from './answer.ts'
import type { ApiParts, ApiRequest, Route } from './call.ts'

/** A check that a call must pass: the refusal, or null to let it through. */
export type Gate = (call: { request: ApiRequest; route: Route; parts: ApiParts }) => Answer | null

/** A live token whose scope reaches to what is asked for. */
export const authenticate: Gate = ({ request, route, parts }) => {
  const token = tokenOf(request.headers)
  if (token === null) return tokenMissing()
  if (!parts.tokens.isLive(token)) return notAuthorized()
  return hasScope(parts.switches.scopes, request, route) ? null : notAuthorized()
}

/** The access token that a call carries, as Zoho wants it; null where there is none. */
export function tokenOf({ authorization = '' }: ApiRequest['headers']): string | null {
  return /^Zoho-oauthtoken (\S+)$/.exec(authorization)?.[1] ?? null
}

/** The right organisation, which every call but one must name; how Zoho refuses another is not verified. */
export const requireOrganization: Gate = ({ request, route, parts }) => {
  if (!route.needsOrganization) return null
  const named = request.query.get('organization_id') ?? headerOrganization(request)
  if (named === parts.world.organization.id) return null
  return parts.switches.wrongOrganizationCode === 57 ? notAuthorized(400) : invalidValue('organization_id')
}

/** The limits of calls at once, in a minute and in a day; a refusal tells of the day as a success does. */
export const keepLimits: Gate = ({ route, parts }) => {
  if (!route.counted) return null
  const refused = parts.limits.admit()
  return refused && { ...refused.answer, refusedBy: refused.limit, headers: parts.limits.headers() }
}

function headerOrganization({ root, headers }: ApiRequest): string | null {
  const value = root === 'inventory' ? headers['x-com-zoho-inventory-organizationid'] : undefined
  return typeof value === 'string' ? value : null
}

function hasScope(
  scopes: readonly string[],
  { root, method }: ApiRequest,
  { scopes: neededByRoot }: Route,
): boolean {
  const needed = neededByRoot[root]
  if (needed === null) return true
  const product = root === 'books' ? 'zohobooks' : 'zohoinventory'
  const verb = method === 'GET' ? 'read' : 'create'
  const good = [`${product}.fullaccess.all`, `${product}.${needed}.${verb}`, `${product}.${needed}.all`]
  return scopes.some((scope) => good.includes(scope.toLowerCase()))
}
