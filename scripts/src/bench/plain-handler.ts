/**
 * The peer of the intake: what somebody writes on the first day. Checks the signature, hashes the body, inserts one row
 * for each request, answers after its commit. It keeps no job, folds no duplicate and reads nothing exactly.
 *
 * Under `/bare` it answers at once and does nothing: what of a waiting time belongs to the machine, HTTP and the sender.
 */
import { createHash, createHmac, randomUUID, timingSafeEqual } from 'node:crypto'
import express from 'express'
import pg from 'pg'

const [, , port = '0', secret = '', connectionString = ''] = process.argv
const pool = new pg.Pool({ connectionString, max: 10 })
await pool.query(`CREATE TABLE IF NOT EXISTS plain_inbox (id uuid PRIMARY KEY, content_hash text UNIQUE NOT NULL,
  source_entity_id text, raw_body bytea, payload jsonb, received_at timestamptz DEFAULT now())`)

const app = express()
app.use(express.raw({ type: () => true, limit: '1mb' }))
app.post('/bare/webhooks/:resource/:action', (_request, answer) => {
  answer.status(202).json({ status: 'accepted' })
})
app.post('/webhooks/:resource/:action', async (request, answer) => {
  const body = request.body as Buffer
  const query = Object.entries(request.query as Record<string, string>).map(
    ([key, value]) => `${key}${value}`,
  )
  const expected = createHmac('sha256', secret).update(query.join('')).update(body).digest()
  const given = Buffer.from(String(request.headers['x-zoho-webhook-signature']), 'hex')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    answer.status(401).end()
    return
  }
  const payload = JSON.parse(body.toString()) as { item: { item_id: string } }
  const id = randomUUID()
  await pool.query(
    `INSERT INTO plain_inbox (id, content_hash, source_entity_id, raw_body, payload) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (content_hash) DO NOTHING`,
    [id, createHash('sha256').update(body).digest('hex'), payload.item.item_id, body, body.toString()],
  )
  answer.status(202).json({ eventId: id, status: 'accepted' })
})
const server = app.listen(Number(port), '127.0.0.1', () => process.send?.('listening'))
process.on('disconnect', () => {
  server.close()
  server.closeAllConnections()
  void pool.end()
})
