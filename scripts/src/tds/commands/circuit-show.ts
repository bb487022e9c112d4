import { z } from 'zod'
import { listCircuits, type StoredCircuit } from '@tds/db'
import { defineCommand } from '../command.ts'

const states = ['closed', 'open', 'half_open', 'quota_exhausted', 'token_refused'] as const
const count = z.int().min(0)
const circuitSchema = z.strictObject({
  organizationId: z.string(),
  service: z.string(),
  state: z.enum(states),
  reason: z.string(),
  since: z.string(),
  downSince: z.string().nullable(),
  nextProbeSeconds: z.number().nullable(),
  probeIsOut: z.boolean(),
  failures: count,
  opened: count,
  probes: count,
})
type ShownCircuit = z.output<typeof circuitSchema>

/** `tds circuit show` */
export const circuitShow = defineCommand({
  description:
    'Shows the circuit to Zoho: closed where calls go out, half_open where they are let through step by step, else open (Zoho is down), quota_exhausted or token_refused; since when and why, and when the next probe goes out.',
  arguments: [],
  options: [],
  examples: ['circuit show', 'circuit show --json'],
  changes: false,
  input: z.object({}),
  data: z.strictObject({ circuits: z.array(circuitSchema) }),
  run: async (session) => {
    const circuits = await listCircuits(await session.database())
    return { data: { circuits: circuits.map(shownOf) } }
  },
  show: ({ circuits }) => ({
    blocks: [
      circuits.length === 0
        ? { kind: 'lines', lines: ['Zoho was not called yet.'] }
        : { kind: 'table', columns, rows: circuits.map((circuit) => rowOf(circuit)) },
    ],
    ids: circuits.map((circuit) => circuit.organizationId),
    records: circuits,
  }),
})

const columns = ['organisation', 'state', 'reason', 'since', 'next probe', 'failures', 'opened', 'probes']

function rowOf(circuit: ShownCircuit): (string | number)[] {
  const { organizationId, state, reason, since, failures, opened, probes } = circuit
  return [organizationId, state, reason, since, nextProbe(circuit), failures, opened, probes]
}

function nextProbe({ nextProbeSeconds: seconds, probeIsOut }: ShownCircuit): string {
  if (seconds === null) return ''
  if (probeIsOut) return 'is out'
  return seconds > 0 ? `in ${String(seconds)} s` : 'with the next call'
}

function shownOf(circuit: StoredCircuit): ShownCircuit {
  const { probe_in_ms: dueMs } = circuit
  return {
    organizationId: circuit.organization_id,
    service: circuit.service,
    state: circuit.state,
    reason: circuit.reason,
    since: circuit.changed_at,
    downSince: circuit.down_since,
    nextProbeSeconds: dueMs === null ? null : Math.max(0, Math.ceil(dueMs / 1000)),
    probeIsOut: circuit.probe_out_ms !== null,
    failures: circuit.failures,
    opened: Number(circuit.opened),
    probes: Number(circuit.probes),
  }
}
