import { pruneOldRows, type Database, type Prunable } from '@tds/db'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'

const kinds = ['notifications', 'alert_timeline', 'silences', 'alert_groups', 'notification_log'] as const

describe('retention of what people were told', () => {
  let database: TestDatabase
  let db: Database

  beforeEach(async () => {
    database = await createTestDatabase({ poolSize: 2 })
    db = database.db
  })
  afterEach(() => database.drop())

  it('deletes messages that were delivered, merged or given up long ago, and never one that waits', async () => {
    for (const state of ['delivered', 'merged', 'dead'])
      await notify({ state, group: state, createdDaysAgo: 182, finishedDaysAgo: 181 })
    await notify({ group: 'young', createdDaysAgo: 182, finishedDaysAgo: 179 })
    await notify({ group: 'queued', state: 'queued', createdDaysAgo: 400 })
    await notify({ group: 'waiting', state: 'waiting', createdDaysAgo: 400 })
    expect(await pruned('notifications')).toBe(3)
    expect(await column('SELECT group_key FROM tds_notifications')).toEqual(['queued', 'waiting', 'young'])
  })

  it('keeps a message that tells instead of another as long as that one, so that nothing is told anew', async () => {
    const original = await notify({
      group: 'original',
      state: 'dead',
      createdDaysAgo: 182,
      finishedDaysAgo: 179,
    })
    await notify({ group: 'fallback', createdDaysAgo: 182, finishedDaysAgo: 182, fallbackOf: original })
    const open = await notify({ group: 'open', state: 'queued', createdDaysAgo: 182 })
    await notify({
      group: 'merged',
      state: 'merged',
      createdDaysAgo: 182,
      finishedDaysAgo: 182,
      mergedInto: open,
    })
    expect(await pruned('notifications')).toBe(0)
    await db.query(
      `UPDATE tds_notifications SET state = 'dead', finished_at = tds_now() - interval '181 days' WHERE group_key IN ('original', 'open')`,
    )
    expect((await pruned('notifications')) + (await pruned('notifications'))).toBe(4)
  })

  it('deletes a story as a whole once its alert is gone, and what belongs to no alert', async () => {
    const living = await alert({ isActive: true })
    const over = await alert({ isActive: false })
    for (const id of [living, over, null, '0b0e7e5a-1111-4222-8333-444455556666']) {
      await db.query(
        `INSERT INTO tds_alert_timeline (alert_id, rule, event, at)
         SELECT $1, 'rule', 'fired', tds_now() - make_interval(days => days) FROM unnest(ARRAY[181, 179]) AS days`,
        [id],
      )
    }
    expect(await pruned('alert_timeline')).toBe(2)
    await db.query('DELETE FROM tds_alerts WHERE id = $1', [over])
    expect(await pruned('alert_timeline')).toBe(1)
    expect(
      await column('SELECT count(*)::text FROM tds_alert_timeline WHERE alert_id = $1', [living]),
    ).toEqual(['2'])
  })

  it('deletes silences that ended long ago and whose end was noticed', async () => {
    for (const [reason, ended, isClosed] of [
      ['long over', 181, true],
      ['over of late', 179, true],
      ['unnoticed', 181, false],
      ['in force', -1, false],
    ]) {
      await db.query(
        `INSERT INTO tds_silences (matchers, starts_at, ends_at, author, reason, closed_at)
         VALUES ('[{"label": "rule", "op": "=", "values": ["x"]}]', tds_now() - interval '1 year',
                 tds_now() - make_interval(days => $2), 'amal', $1, CASE WHEN $3 THEN tds_now() END)`,
        [reason, ended, isClosed],
      )
    }
    expect(await pruned('silences')).toBe(1)
    expect(await column('SELECT reason FROM tds_silences')).toEqual(['in force', 'over of late', 'unnoticed'])
  })

  it('deletes groups that were idle for long, then what receivers knew of them, and nothing that is under way', async () => {
    for (const group of ['idle', 'young', 'due', 'open', 'active', 'waited for']) {
      await db.query(
        `INSERT INTO tds_alert_groups (group_key, route, flush_at, flushed_at, is_open)
         VALUES ($1, 'default', CASE WHEN $1 = 'due' THEN tds_now() END,
                 tds_now() - make_interval(days => CASE WHEN $1 = 'young' THEN 179 ELSE 181 END), $1 = 'open')`,
        [group],
      )
      await db.query(
        `INSERT INTO tds_notification_log (group_key, receiver, sequence, sent_at)
         VALUES ($1, 'team/slack', 7, tds_now() - interval '181 days')`,
        [group],
      )
    }
    await alert({ isActive: true, group: 'active' })
    await notify({ group: 'waited for', state: 'waiting', createdDaysAgo: 181 })
    expect(await pruned('notification_log')).toBe(0)
    expect(await pruned('alert_groups')).toBe(1)
    expect(await pruned('notification_log')).toBe(1)
    const left = ['active', 'due', 'open', 'waited for', 'young']
    expect(await column('SELECT group_key FROM tds_alert_groups')).toEqual(left)
    expect(await column('SELECT group_key FROM tds_notification_log')).toEqual(left)
  })

  it.each(kinds)('finds nothing of %s to delete in an empty database', async (what) => {
    expect(await pruned(what)).toBe(0)
  })

  function pruned(what: Prunable): Promise<number> {
    return pruneOldRows(db, what, 100)
  }

  async function column(statement: string, values: readonly unknown[] = []): Promise<unknown[]> {
    const { rows } = await db.query(statement, values)
    return rows.flatMap((row) => Object.values(row)).sort()
  }

  async function alert(o: { readonly isActive: boolean; readonly group?: string }): Promise<string> {
    const { rows } = await db.query<{ id: string }>(
      `INSERT INTO tds_alerts (alert_type, severity, title, message, group_key, is_active, resolved, resolved_at)
       VALUES ('rule', 'warning', 'title', 'message', $2, $1, NOT $1, CASE WHEN NOT $1 THEN tds_now() END) RETURNING id`,
      [o.isActive, o.group ?? null],
    )
    return rows[0]?.id ?? ''
  }

  async function notify(o: {
    readonly group: string
    readonly createdDaysAgo: number
    readonly finishedDaysAgo?: number
    readonly state?: string
    readonly fallbackOf?: string
    readonly mergedInto?: string
  }): Promise<string> {
    const { rows } = await db.query<{ id: string }>(
      `INSERT INTO tds_notifications (receiver, integration, group_key, kind, severity, message, expires_at, state,
              created_at, finished_at, fallback_of, merged_into)
       VALUES ('team/slack', 'slack', $1, 'firing', 'critical', '{}', tds_now() + interval '1 day', $2,
               tds_now() - make_interval(days => $3), tds_now() - make_interval(days => $4::int), $5, $6)
       RETURNING id`,
      [
        o.group,
        o.state ?? 'delivered',
        o.createdDaysAgo,
        o.finishedDaysAgo ?? null,
        o.fallbackOf ?? null,
        o.mergedInto ?? null,
      ],
    )
    return rows[0]?.id ?? ''
  }
})
