import { withLocationNames } from '../exact/location-names.ts'
import { kindOfPath, kinds } from '../world/kinds.ts'
import type { RecordKind } from '../world/record-kind.ts'
import { invalidUrl, methodNotAllowed, type Answer } from './answer.ts'
import type { ApiParts, ApiRequest, Route } from './call.ts'
import { answerDetail } from './details.ts'
import { authenticate, keepLimits, requireOrganization, type Gate } from './gates.ts'
import { answerItemDetails } from './item-details.ts'
import { answerList } from './lists.ts'
import { apiUsage, organizations } from './organization.ts'
import { settingsRoute } from './settings-routes.ts'

/** Answers the two products' calls; a call passes the gates in order, and only what passes them is counted. */
export function createApi(parts: ApiParts): (request: ApiRequest) => Answer {
  return (request) => {
    const route = routeOf(request)
    if (route === null) return invalidUrl()
    if (request.method !== route.method) return methodNotAllowed(route.method)
    for (const gate of gates) {
      const refusal = gate({ request, route, parts })
      if (refusal !== null) return refusal
    }
    const answer = route.answer(request, parts)
    const named = { ...answer, body: withLocationNames(answer.body, parts.switches.locationNames) }
    return route.counted ? { ...named, headers: parts.limits.headers() } : named
  }
}

/** Whether a path behind the root is that of a list. */
export function isListPath(path: string): boolean {
  const [first = '', ...rest] = segmentsOf(path)
  return rest.length === 0 && (first === 'itemdetails' || kindOfPath(first) !== undefined)
}

const gates: readonly Gate[] = [authenticate, requireOrganization, keepLimits]

function routeOf({ path, root }: ApiRequest): Route | null {
  const [first = '', second, ...rest] = segmentsOf(path)
  if (first === 'settings') return settingsRoute([second ?? '', ...rest])
  if (rest.length > 0) return null
  if (first === 'organizations' && second === undefined) return organizations
  if (first === 'apiusage' && second === undefined && root === 'inventory') return apiUsage
  if (first === 'itemdetails' && second === undefined) return reading(kinds.product, answerItemDetails)
  const kind = kindOfPath(first)
  if (kind === undefined) return null
  if (second === undefined) return reading(kind, (request, parts) => answerList(kind, request, parts))
  return reading(kind, (request, parts) => answerDetail({ kind, id: second, root: request.root }, parts))
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '')
}

function reading({ scopes }: RecordKind, answer: Route['answer']): Route {
  return { method: 'GET', scopes, needsOrganization: true, counted: true, answer }
}
