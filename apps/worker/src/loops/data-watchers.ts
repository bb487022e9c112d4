import { checkQuality, entities, qualityRules, writeNoticedDrift } from '@tds/core'
import { openSchemaDrift, qualityStatus, type Database } from '@tds/db'
import { childLogger, gauge, poller, service, type Service } from '@tds/runtime'

const log = childLogger('worker:data')
const openFindings = gauge({
  name: 'tds_quality_findings',
  help: 'Open findings about mirrored data, by rule.',
  labelNames: ['rule'],
})
const driftedFields = gauge({
  name: 'tds_schema_drift_fields',
  help: 'Fields that come otherwise than the definitions say and that nobody has acknowledged, by type and kind.',
  labelNames: ['entity', 'kind'],
})

/** From the end of a pass to the next, with nothing to walk over. */
const passEveryMs = 5_000
/** Where a walk is in progress it takes at most this share of the time. */
const walkShare = 0.1

/**
 * Judges mirrored data in passes: what changed within seconds, everything within the hour. Any number of workers may run
 * it, one passes at a time. The busy path knows nothing of it.
 */
export function qualityChecker({ db }: { readonly db: Database }): Service {
  let restMs = passEveryMs
  return poller({
    name: 'quality-checker',
    everyMs: () => restMs,
    runOnce: async () => {
      const startedMs = performance.now()
      const counts = await checkQuality(db)
      const { open } = await qualityStatus(db)
      const found = new Map(open.map(({ rule, findings }) => [rule, findings]))
      for (const { name } of qualityRules) openFindings.set({ rule: name }, found.get(name) ?? 0)
      const tookMs = performance.now() - startedMs
      restMs =
        counts?.walking === 1 ? Math.min(passEveryMs, Math.max(20, tookMs / walkShare - tookMs)) : passEveryMs
      return counts ?? {}
    },
  })
}

/** Writes what this process noticed of unknown, missing and re-typed fields, every few seconds and once more at its end. */
export function driftRecorder({ db }: { readonly db: Database }): Service {
  const loop = poller({
    name: 'drift-recorder',
    everyMs: 10_000,
    runOnce: async () => {
      const written = await writeNoticedDrift(db)
      await showDrift(db)
      return written
    },
  })
  return service({
    name: 'drift-recorder',
    start: () => loop.start(),
    stop: async () => {
      await loop.stop()
      await writeNoticedDrift(db).catch((error: unknown) => {
        log.warn('What was noticed of fields in the last seconds was not written', { error })
      })
    },
  })
}

async function showDrift(db: Database): Promise<void> {
  const counts = new Map(
    (await openSchemaDrift(db)).map(({ entity_type: type, kind, fields }) => [`${type} ${kind}`, fields]),
  )
  for (const { type } of entities)
    for (const kind of ['unknown', 'missing', 'retyped'])
      driftedFields.set({ entity: type, kind }, counts.get(`${type} ${kind}`) ?? 0)
}
