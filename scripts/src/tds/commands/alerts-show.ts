import { z } from 'zod'
import { showAlert, type AlertStory } from '@tds/alerting'
import { alertData, alertSchema, labelWords, mutedWords, type AlertData } from '../alerts/alert-data.ts'
import { deliveryData, deliverySchema, deliveryTable } from '../alerts/delivery-data.ts'
import { defineCommand } from '../command.ts'
import { oneAlertInput } from '../input/alert-input.ts'
import type { Block, Cell } from '../output/shown.ts'
import { isoTime, isoTimeOrNull } from './event-data.ts'

const stepSchema = z.strictObject({
  at: z.iso.datetime(),
  event: z.string(),
  receiver: z.string().nullable(),
  reason: z.string().nullable(),
  facts: z.record(z.string(), z.unknown()),
})

/** `tds alerts show` */
export const alertsShow = defineCommand({
  description:
    'Shows one alert: what is wrong, everything that happened to it and was decided about it, why a receiver was not told, and what became of each message.',
  arguments: [['<id>', 'the alert, as tds alerts list names it']],
  options: [],
  examples: [
    'alerts show 0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10',
    'alerts show 0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10 --json',
  ],
  changes: false,
  input: z.object({ args: oneAlertInput }),
  data: z.strictObject({
    alert: alertSchema,
    facts: z.record(z.string(), z.unknown()),
    /** When it is next decided what to tell; null where nothing is under way. */
    nextLookAt: z.iso.datetime().nullable(),
    /** Why people were not told, or are not. */
    quiet: z.array(z.strictObject({ receiver: z.string().nullable(), reason: z.string() })),
    timeline: z.array(stepSchema),
    messages: z.array(deliverySchema),
  }),
  run: async (session, { args: [id] }) => {
    const story = await showAlert(await session.database(), id)
    const alert = alertData(story)
    const { facts = {} } = JSON.parse(story.episode.alert_metadata) as { facts?: Record<string, unknown> }
    return {
      data: {
        alert,
        facts,
        nextLookAt: isoTimeOrNull(story.nextLookAt),
        quiet: quietOf(story, alert),
        timeline: story.timeline.map(({ at, event, receiver, reason, facts: text }) => ({
          at: isoTime(at),
          event,
          receiver,
          reason,
          facts: JSON.parse(text) as Record<string, unknown>,
        })),
        messages: story.messages.map(deliveryData),
      },
    }
  },
  show: ({ alert, facts, nextLookAt, quiet, timeline, messages }) => ({
    blocks: [
      { kind: 'facts', facts: factsOf(alert, facts, nextLookAt) },
      ...quietBlock(quiet),
      {
        kind: 'table',
        columns: ['at', 'event', 'receiver', 'reason', 'facts'],
        rows: timeline.map((step) => [
          step.at,
          step.event,
          step.receiver,
          step.reason,
          Object.keys(step.facts).length === 0 ? null : JSON.stringify(step.facts),
        ]),
      },
      deliveryTable(messages),
    ],
    ids: [alert.alertId],
    records: timeline,
  }),
})

interface Quiet {
  readonly receiver: string | null
  readonly reason: string
}

function quietBlock(quiet: readonly Quiet[]): Block[] {
  const lines = quiet.map(
    ({ receiver, reason }) => `not told${receiver === null ? '' : ` to ${receiver}`}: ${reason}`,
  )
  return lines.length === 0 ? [] : [{ kind: 'lines', lines }]
}

/** What keeps it quiet now, and for each receiver why it was not told when that was last decided. */
function quietOf({ notSent, messages, nextLookAt }: AlertStory, alert: AlertData): Quiet[] {
  const now = mutedWords(alert)
  const held = alert.acknowledged
  const quiet: Quiet[] = [
    ...(now === null ? [] : [{ receiver: null, reason: String(now) }]),
    ...(held === null
      ? []
      : [{ receiver: null, reason: `not repeated: ${held.by ?? 'somebody'} has it in hand` }]),
    ...[...notSent].map(([receiver, reason]) => ({ receiver, reason })),
  ]
  if (messages.length > 0 || quiet.length > 0) return quiet
  const reason = nextLookAt === null ? 'nothing is under way' : `not decided before ${isoTime(nextLookAt)}`
  return [{ receiver: null, reason }]
}

function factsOf(
  alert: AlertData,
  facts: Readonly<Record<string, unknown>>,
  nextLookAt: string | null,
): (readonly [string, Cell])[] {
  const { alertId, state, severity, rule, title, labels, value, threshold, since, resolvedAt, acknowledged } =
    alert
  const all: (readonly [string, Cell])[] = [
    ['alert', alertId],
    ['what is wrong', title],
    ['state', state],
    ['severity', severity],
    ['rule', rule],
    ['of', labelWords(labels)],
    ['value', value],
    ['threshold', threshold],
    ...Object.entries(facts).map(([name, fact]) => [name, String(fact)] as const),
    ['since', since],
    ['resolved', resolvedAt],
    ['acknowledged by', acknowledged?.by ?? null],
    ['acknowledged until', acknowledged?.until ?? null],
    ['looked at next', nextLookAt],
    ['what to do', `docs/operations/alerts/${rule}.md`],
  ]
  return all.filter(([, fact]) => fact !== null && fact !== '')
}
