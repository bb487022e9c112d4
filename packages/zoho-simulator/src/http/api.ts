import { kindOfPath, kinds } from '../world/kinds.ts'
import type { RecordKind } from '../world/record-kind.ts'
import { invalidUrl, methodNotAllowed, success, type Answer } from './answer.ts'
import type { ApiParts, ApiRequest, Route } from './call.ts'
import { answerDetail } from './details.ts'
import { authenticate, requireOrganization, type Gate } from './gates.ts'
import { answerItemDetails } from './item-details.ts'
import { answerList } from './lists.ts'

/** Answers the two products' calls; a call passes the gates in order, and only what passes them is counted. */
export function createApi(parts: ApiParts): (request: ApiRequest) => Answer {
  const gates: Gate[] = [authenticate, requireOrganization]
  return (request) => {
    const route = routeOf(request)
    if (route === null) return invalidUrl()
    if (request.method !== 'GET') return methodNotAllowed()
    for (const gate of gates) {
      const refusal = gate({ request, route, parts })
      if (refusal !== null) return refusal
    }
    if (!route.counted) return route.answer(request, parts)
    parts.calls.count()
    return { ...route.answer(request, parts), headers: parts.calls.headers() }
  }
}

function routeOf({ path }: ApiRequest): Route | null {
  const [first = '', second, ...rest] = path.split('/').filter((segment) => segment !== '')
  if (rest.length > 0) return null
  if (first === 'organizations' && second === undefined) return organizations
  if (first === 'itemdetails' && second === undefined) return reading(kinds.product, answerItemDetails)
  const kind = kindOfPath(first)
  if (kind === undefined) return null
  if (second === undefined) return reading(kind, (request, parts) => answerList(kind, request, parts))
  return reading(kind, (request, parts) => answerDetail({ kind, id: second, root: request.root }, parts))
}

function reading(kind: RecordKind, answer: Route['answer']): Route {
  return { kind, needsOrganization: true, counted: true, answer }
}

/** The one call that needs no organisation, and tells nothing of the quota. */
const organizations: Route = {
  kind: null,
  needsOrganization: false,
  counted: false,
  answer: (_, { world }) => {
    const { organization, references, zone } = world
    const { base } = references.currencies
    return success({
      organizations: [
        {
          organization_id: organization.id,
          name: organization.name,
          is_default_org: true,
          currency_id: base.id,
          currency_code: base.code,
          currency_symbol: base.symbol,
          time_zone: zone.name,
        },
      ],
    })
  },
}
