import { createSimulator, type Simulator, writeJson } from '@tds/zoho-simulator'

import { zohoSettings } from './daemon-settings.ts'
import { openLimits } from './open-limits.ts'

/** A simulated Zoho that holds products and nothing else, as many as wanted, and holds no limit against anybody. */
export interface ZohoOfProducts {
  readonly organizationId: string
  /** How a worker reaches it. */
  readonly settings: Readonly<Record<string, string>>
  /** Pages of the list: nobody who makes fewer calls has seen all of it. */
  readonly pages: number
  /** The JSON of each product's detail, in no order. */
  details(): Iterable<string>
  /** Calls that it has answered so far. */
  calls(): number
  /** Asks for one page of the list as a worker does and throws it away; returns the seconds that it took. */
  readPage(page: number): Promise<number>
  stop(): Promise<void>
}

const rowsPerPage = 200

/** Makes so many products and begins to answer, on a free port of loopback. */
export async function startZohoOfProducts(products: number): Promise<ZohoOfProducts> {
  const simulator = createSimulator({ ...openLimits, size: { ...productsAlone, items: products } })
  const { url } = await simulator.start()
  const { access } = simulator
  const token = await tokenOf(simulator, url)
  return {
    organizationId: access.organizationId,
    settings: zohoSettings({ zohoUrl: url, access }),
    pages: Math.max(1, Math.ceil(products / rowsPerPage)),
    details: () => detailsOf(simulator),
    calls: () => simulator.callCounts().calls,
    readPage: (page) => readPage({ url, token, organizationId: access.organizationId }, page),
    stop: () => simulator.stop(),
  }
}

const productsAlone = {
  priceLists: 0,
  customers: 0,
  vendors: 1,
  invoices: 0,
  bills: 0,
  creditNotes: 0,
  stockAdjustments: 0,
}

function* detailsOf(simulator: Simulator): Generator<string> {
  for (const { detail } of simulator.truth('product').records) yield writeJson(detail)
}

async function tokenOf({ access }: Simulator, url: string): Promise<string> {
  const { clientId, clientSecret, refreshToken } = access.credentials
  const answer = await fetch(`${url}/oauth/v2/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: clientId,
      client_secret: clientSecret,
      refresh_token: refreshToken,
    }),
  })
  const { access_token: token } = (await answer.json()) as { access_token?: string }
  if (token === undefined) throw new RangeError(`the simulator gave no token: ${String(answer.status)}`)
  return token
}

interface Reader {
  readonly url: string
  readonly token: string
  readonly organizationId: string
}

async function readPage({ url, token, organizationId }: Reader, page: number): Promise<number> {
  const query = new URLSearchParams({
    organization_id: organizationId,
    page: String(page),
    per_page: String(rowsPerPage),
    filter_by: 'Status.All',
    sort_column: 'created_time',
    sort_order: 'A',
  })
  const startedAt = performance.now()
  const answer = await fetch(`${url}/inventory/v1/items?${query.toString()}`, {
    headers: { authorization: `Zoho-oauthtoken ${token}` },
  })
  await answer.arrayBuffer()
  if (!answer.ok) throw new RangeError(`the simulator refused page ${String(page)}: ${String(answer.status)}`)
  return (performance.now() - startedAt) / 1000
}
