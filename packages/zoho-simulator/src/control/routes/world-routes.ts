import type { JsonObject } from '../../exact/json.ts'
import type { ControlRoute } from '../control-route.ts'
import { readType } from '../requests.ts'
import { asJson } from '../shown.ts'
import { truthLines } from '../truth.ts'

/** Where the simulator stands, and what it holds. */
export const worldRoutes: readonly ControlRoute[] = [
  {
    method: 'GET',
    path: '/state',
    tells: 'Organisation, clock, records by type, calls today, tokens handed out.',
    handle: ({ control }) => ({ body: asJson(control.state()) }),
  },
  {
    method: 'GET',
    path: '/access',
    tells: 'Credentials, organisation, webhook secret.',
    handle: ({ control }) => ({ body: asJson(control.access) }),
  },
  {
    method: 'GET',
    path: '/truth/:type',
    tells:
      'The whole current detail of every record, and the deleted ids; `?format=ndjson` gives a line each.',
    handle: ({ control, parameter, query, accepts }) => {
      const truth = control.truth(readType(parameter('type')))
      if (query.get('format') === 'ndjson' || accepts === 'application/x-ndjson') {
        return { lines: truthLines(truth) }
      }
      const records = truth.records.map((record): JsonObject => ({ ...record }))
      return { body: { type: truth.type, records, deleted: truth.deleted } }
    },
  },
  {
    method: 'GET',
    path: '/records/:type/:id',
    tells: 'One record; 404 if it is deleted.',
    handle: ({ control, parameter }) => {
      const record = control.record(readType(parameter('type')), parameter('id'))
      return record === null
        ? { status: 404, body: { error: 'That record is deleted, or never was' } }
        : { body: { ...record } }
    },
  },
]
