import { createSyncWorld, exampleRecord, wrapped } from './testing/sync-world.ts'
import { entities } from './entities/index.ts'
import { exactStringify } from './json/index.ts'
import { processEvents } from './inbox/process-events.ts'
import { randomUUID } from 'node:crypto'
  const w = await createSyncWorld()
  for (const entity of entities) {
    const N = 10000
    const ids: string[] = [], payloads: string[] = [], zids: string[] = []
    for (let i = 0; i < N; i++) { const r = exampleRecord(entity, process.argv[2] === 'webhook' ? 'webhook' : 'detail', { [entity.source.id]: String(1e17 + i) }); ids.push(randomUUID()); zids.push(String(1e17 + i)); payloads.push(exactStringify(wrapped(entity, r))) }
    await w.db.query(`INSERT INTO tds_inbox_events (id, organization_id, source_type, entity_type, source_entity_id, operation_type, idempotency_key, content_hash, raw_body, payload, signature_verified)
      select a, '1', 'zoho', $4, b, 'update', a::text, 'x', convert_to(c,'UTF8'), c::jsonb, true from unnest($1::uuid[], $2::text[], $3::text[]) as t(a,b,c)`, [ids, zids, payloads, entity.type])
    const lane = async (l: number) => { const parts = { db: w.db, mover: { daemonId: '79000000-0000-4000-8000-000000000000', lane: l }, queue: { send: () => Promise.resolve() }, retry: () => ({ maxAttempts: 3, baseMs: 1, maxMs: 2 }) }
      for (;;) { const b = ids.splice(0, 250); if (!b.length) return; await processEvents(parts, b) } }
    const t = performance.now(); const c0 = process.cpuUsage()
    await Promise.all([lane(0), lane(1)])
    const s = (performance.now() - t) / 1000; const c = process.cpuUsage(c0)
    console.log(entity.type, 'events/s', Math.round(N / s), 'node cpu s', (c.user + c.system) / 1e6, 'wall', s, 'payload', payloads[0]?.length, process.memoryUsage().rss / 1e6)
  }
  await w.drop()
