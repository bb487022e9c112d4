import { commands } from '../tds/commands/index.ts'
import { envelopeSchema, type Envelope } from '../tds/output/envelope.ts'
import type { Run } from './tds-world.ts'

/** Holds what a run with --json printed against the envelope and the command's own schema. */
export async function expectEnvelope(run: Run): Promise<Envelope> {
  expect(run.out.match(/\n/g)).toHaveLength(1)
  const envelope = envelopeSchema.parse(JSON.parse(run.out))
  expect(envelope.exitCode).toBe(run.exitCode)
  expect(envelope.ok).toBe(run.exitCode === 0)
  const command = commands.find(({ name }) => name === envelope.command)
  if (envelope.error === null) (await command?.load())?.data.parse(envelope.data)
  return envelope
}
