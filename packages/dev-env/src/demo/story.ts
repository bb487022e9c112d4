import { Decimal, signDelivery, type MutationRequest, type TruthRecord } from '@tds/zoho-simulator'

import { savedRecord } from '../deliveries/saved-record.ts'
import type { DemoWorld } from './demo-world.ts'
import { settled } from './settled.ts'
import { asTold, fateOf, tell, type Told } from './tell.ts'

const SETTLE_MS = 180_000

/** Tells what the product does by doing it: one small scene after the other, each with what the database holds afterwards. */
export async function tellStory(world: DemoWorld): Promise<void> {
  const item = chosenItem(world)
  const told = await scenePrice(world, item)
  await sceneDuplicate(world, { ...told, itemId: item.id })
  await sceneOlder(world, item.id)
  await sceneDelete(world)
  await sceneRestore(world)
  await sceneForged(world)
  await sceneRubbish(world)
  await sceneWhy(world, item.id)
}

/** One with stock, and a name in letters that every terminal shows in order. */
function chosenItem({ simulator }: DemoWorld): TruthRecord {
  const { records } = simulator.truth('product')
  const fits = ({ detail }: TruthRecord) =>
    detail['status'] === 'active' &&
    Array.isArray(detail['locations']) &&
    typeof detail['name'] === 'string' &&
    /^[\x20-\x7e]{4,28}$/.test(detail['name'])
  const item =
    records.find((record) => fits(record) && record.detail['item_type'] === 'inventory') ?? records[0]
  if (item === undefined) throw new RangeError('the made-up organisation has no items')
  return item
}

function priceOf(id: string, rate: string): MutationRequest {
  return { type: 'product', kind: 'update', id, set: { rate: new Decimal(rate) } }
}

async function scenePrice(world: DemoWorld, item: TruthRecord): Promise<Told> {
  const { screen, simulator } = world
  screen.heading('1  Somebody changes a price in Zoho. Zoho sends a signed webhook.')
  const mutation = simulator.mutate(priceOf(item.id, '1250.50'))
  const told = await tell(world, mutation, { shape: 'detail' })
  asTold('the answer to a new webhook', told.status, 202)
  const fate = await fateOf(world, told.eventId)
  asTold('the event', fate.status, 'applied')
  screen.detail(`POST ${told.path}  →  ${answered(told)}`, `${String(fate.ms)} ms later the row is there:`)
  await showItem(world, item.id)
  screen.detail('and its stock per location:')
  screen.table(
    await rowsOf(
      world,
      `SELECT location_name, stock_on_hand, available_stock FROM tds_product_stock
        WHERE organization_id = $1 AND product_zoho_id = $2 ORDER BY location_name LIMIT 3`,
      [item.id],
    ),
  )
  return told
}

/** The first webhook once more, byte by byte. */
async function sceneDuplicate(world: DemoWorld, first: Told & { readonly itemId: string }): Promise<void> {
  const { screen, simulator } = world
  screen.heading('2  The same webhook comes again, as Zoho likes to do.')
  const record = simulator.record('product', first.itemId)
  if (record === null) throw new RangeError('the item of the story is gone')
  const again = await tell(world, savedRecord('product', record), { shape: 'detail' })
  asTold('the answer to a repeated webhook', again.status, 200)
  asTold('its event', again.eventId, first.eventId)
  screen.detail(
    `POST ${again.path}  →  ${answered(again)}`,
    'The same event as before: counted, nothing else is done.',
  )
}

async function sceneOlder(world: DemoWorld, id: string): Promise<void> {
  const { screen, simulator } = world
  screen.heading('3  Two more changes are made; the webhook of the newer one arrives first.')
  const older = simulator.mutate(priceOf(id, '1300'))
  const newer = simulator.mutate(priceOf(id, '1275.25'))
  const first = await tell(world, newer, { shape: 'detail' })
  asTold('the newer event', (await fateOf(world, first.eventId)).status, 'applied')
  const late = await tell(world, older, { shape: 'detail' })
  const fate = await fateOf(world, late.eventId)
  asTold('the older event', fate.status, 'stale')
  screen.detail(
    `the newer  →  ${answered(first)}, applied`,
    `the older  →  ${answered(late)}, then refused as ${fate.status}: the newer content stays`,
  )
  await showItem(world, id)
}

async function sceneDelete(world: DemoWorld): Promise<void> {
  const { screen, simulator } = world
  screen.heading('4  An invoice is deleted in Zoho.')
  // Of the oldest: it was there when the mirror was filled.
  const [invoice] = simulator.truth('invoice').records
  const mutation = simulator.mutate({ type: 'invoice', kind: 'delete', id: invoice?.id })
  const told = await tell(world, mutation)
  const fate = await fateOf(world, told.eventId)
  asTold('the deletion', fate.status, 'applied')
  screen.detail(
    `POST ${told.path}  →  ${answered(told)}`,
    'A webhook is only a hint: the worker asks Zoho, hears "does not exist", and leaves a tombstone.',
    'Row and lines stay, and nothing that arrives late revives them.',
  )
  await showInvoice(world, mutation.id)
}

async function sceneRestore(world: DemoWorld): Promise<void> {
  const { screen, simulator } = world
  const { deleted } = simulator.truth('invoice')
  const mutation = simulator.mutate({ type: 'invoice', kind: 'restore', id: deleted.at(-1) })
  screen.heading('5  The deletion was a mistake: the invoice is restored in Zoho.')
  const told = await tell(world, mutation)
  asTold('the restoration', (await fateOf(world, told.eventId)).status, 'applied')
  screen.detail(
    `POST ${told.path}  →  ${answered(told)}`,
    'Asked again, Zoho has it: the tombstone is lifted.',
  )
  await showInvoice(world, mutation.id)
}

async function sceneForged(world: DemoWorld): Promise<void> {
  const { screen } = world
  screen.heading('6  Somebody else sends a webhook, without knowing the secret.')
  const before = await countEvents(world)
  const answer = await post(world, { body: '{"item":{"item_id":"1","rate":0}}', secret: 'a guess' })
  asTold('the answer to a forged webhook', answer.status, 401)
  asTold('the number of events', await countEvents(world), before)
  screen.detail('POST /webhooks/products  →  401. Nothing of it is kept; it is only counted.')
}

async function sceneRubbish(world: DemoWorld): Promise<void> {
  const { screen, simulator } = world
  screen.heading('7  Zoho sends something that nobody can read, rightly signed.')
  const secret = simulator.access.webhookSecret ?? ''
  const answer = await post(world, {
    body: '{"item": {"item_id": "460122000000101014", "rate": 12,5',
    secret,
  })
  asTold('the answer to an unreadable webhook', answer.status, 202)
  const { reason = '', eventId = '' } = answer.body
  screen.detail(
    `POST /webhooks/products  →  202 quarantined (${reason})`,
    'Zoho may never send it again, so its exact bytes wait for a person:',
  )
  screen.table(
    await rowsOf(
      world,
      `SELECT status, error_code, convert_from(raw_body, 'UTF8') AS raw_body FROM tds_inbox_events
        WHERE organization_id = $1 AND id = $2`,
      [eventId],
    ),
  )
}

async function sceneWhy(world: DemoWorld, id: string): Promise<void> {
  const { screen } = world
  await settled(world, SETTLE_MS)
  screen.heading('8  Why does the item cost what it costs? The audit trail knows, and cannot be edited.')
  screen.table(
    await rowsOf(
      world,
      `SELECT position, operation, before->>'rate' AS rate_before, after->>'rate' AS rate_after, cause,
              left(event_id::text, 8) AS event, to_char(changed_at, 'HH24:MI:SS') AS changed_at
         FROM tds_audit_trail WHERE organization_id = $1 AND entity_type = 'product' AND entity_id = $2
          AND 'rate' = ANY (changed_fields)
        ORDER BY position DESC LIMIT 3`,
      [id],
    ),
  )
}

async function showItem(world: DemoWorld, id: string): Promise<void> {
  world.screen.table(
    await rowsOf(
      world,
      `SELECT sku, name, rate, stock_on_hand, version, to_char(source_modified_at, 'YYYY-MM-DD HH24:MI:SS') AS source_modified_at
         FROM tds_products WHERE organization_id = $1 AND zoho_id = $2`,
      [id],
    ),
  )
}

async function showInvoice(world: DemoWorld, id: string): Promise<void> {
  world.screen.table(
    await rowsOf(
      world,
      `SELECT invoice_number, date, total, currency_code AS currency,
              (SELECT count(*) FROM tds_invoice_lines AS line
                WHERE line.organization_id = $1 AND line.invoice_zoho_id = $2) AS lines,
              coalesce(to_char(deleted_at, 'YYYY-MM-DD HH24:MI:SS'), '(lives)') AS deleted_at
         FROM tds_invoices WHERE organization_id = $1 AND zoho_id = $2`,
      [id],
    ),
  )
}

async function rowsOf(
  world: DemoWorld,
  statement: string,
  values: readonly unknown[],
): Promise<Record<string, unknown>[]> {
  const { rows } = await world.db.query(statement, [world.simulator.access.organizationId, ...values])
  return rows
}

async function countEvents(world: DemoWorld): Promise<string> {
  const [row] = await rowsOf(
    world,
    'SELECT count(*) AS events FROM tds_inbox_events WHERE organization_id = $1',
    [],
  )
  return String(row?.['events'])
}

interface HandMade {
  readonly status: number
  readonly body: { readonly reason?: string; readonly eventId?: string }
}

/** A webhook that Zoho itself would not send. */
async function post(world: DemoWorld, { body, secret }: { body: string; secret: string }): Promise<HandMade> {
  const response = await fetch(`${world.installation.apiUrl}/webhooks/products`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'X-Zoho-Webhook-Signature': signDelivery({ secret, query: [], form: [], body }),
    },
    body,
    signal: world.signal,
  })
  return { status: response.status, body: (await response.json()) as HandMade['body'] }
}

function answered({ status, word, eventId }: Told): string {
  return `${String(status)} ${word}, event ${eventId.slice(0, 8)}`
}
