import { success } from './answer.ts'
import type { Route } from './call.ts'

/** The one call that needs no organisation, and tells nothing of the quota. */
export const organizations: Route = {
  method: 'GET',
  scopes: { books: null, inventory: null },
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

/** How much of the day's quota is used, in words rather than in headers; Inventory alone has it. */
export const apiUsage: Route = {
  method: 'GET',
  scopes: { books: null, inventory: null },
  needsOrganization: true,
  counted: true,
  answer: (_, { limits, switches }) =>
    success({
      data: {
        maximum_api_count: switches.dailyCalls,
        total_api_count: limits.today(),
        remaining_api_count: Math.max(0, switches.dailyCalls - limits.today()),
      },
    }),
}
