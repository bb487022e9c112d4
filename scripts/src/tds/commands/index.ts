import type { AnyCommand } from '../command.ts'

/** A command by its name; the rest of it is loaded when it is asked for. */
export interface RegisteredCommand {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<AnyCommand>
}

/** Every command, in the order of the help: one line and one file each. */
export const commands: readonly RegisteredCommand[] = [
  {
    name: 'status',
    summary: 'how the installation is, in one line and by check',
    load: async () => (await import('./status.ts')).status,
  },
  {
    name: 'events list',
    summary: 'events of the inbox, newest first',
    load: async () => (await import('./events-list.ts')).eventsList,
  },
  {
    name: 'events show',
    summary: 'the life of one event',
    load: async () => (await import('./events-show.ts')).eventsShow,
  },
  {
    name: 'quarantine list',
    summary: 'deliveries that cannot be used, oldest first',
    load: async () => (await import('./quarantine-list.ts')).quarantineList,
  },
  {
    name: 'quarantine show',
    summary: 'one of them: its reason, and whether it would be accepted today',
    load: async () => (await import('./quarantine-show.ts')).quarantineShow,
  },
  {
    name: 'quarantine correct',
    summary: 'put a corrected copy into the inbox',
    load: async () => (await import('./quarantine-correct.ts')).quarantineCorrect,
  },
  {
    name: 'quarantine redrive',
    summary: 'read deliveries again as they came, and accept what is usable now',
    load: async () => (await import('./quarantine-redrive.ts')).quarantineRedrive,
  },
  {
    name: 'quarantine discard',
    summary: 'end a delivery for good, with a reason',
    load: async () => (await import('./quarantine-discard.ts')).quarantineDiscard,
  },
  {
    name: 'replay',
    summary: 'process dead letters again',
    load: async () => (await import('./replay.ts')).replay,
  },
  {
    name: 'dlq groups',
    summary: 'open dead letters by cause',
    load: async () => (await import('./dlq-groups.ts')).dlqGroups,
  },
  {
    name: 'dlq list',
    summary: 'dead letters, oldest first',
    load: async () => (await import('./dlq-list.ts')).dlqList,
  },
  {
    name: 'dlq show',
    summary: 'one of them: every attempt, its record now, and what a replay would do',
    load: async () => (await import('./dlq-show.ts')).dlqShow,
  },
  {
    name: 'dlq edit',
    summary: 'put an edited payload into the inbox',
    load: async () => (await import('./dlq-edit.ts')).dlqEdit,
  },
  {
    name: 'dlq discard',
    summary: 'end dead letters for good, with a reason',
    load: async () => (await import('./dlq-discard.ts')).dlqDiscard,
  },
  {
    name: 'dlq restore',
    summary: 'open discarded dead letters again, with a reason',
    load: async () => (await import('./dlq-restore.ts')).dlqRestore,
  },
  {
    name: 'dlq assign',
    summary: 'say who looks after dead letters',
    load: async () => (await import('./dlq-assign.ts')).dlqAssign,
  },
  {
    name: 'dlq export',
    summary: 'dead letters as NDJSON, with a manifest',
    load: async () => (await import('./dlq-export.ts')).dlqExport,
  },
  {
    name: 'dlq stats',
    summary: 'dead letters in numbers',
    load: async () => (await import('./dlq-stats.ts')).dlqStats,
  },
  {
    name: 'ops list',
    summary: 'operations, newest first',
    load: async () => (await import('./ops-list.ts')).opsList,
  },
  {
    name: 'ops show',
    summary: 'one operation: what became of each item',
    load: async () => (await import('./ops-show.ts')).opsShow,
  },
  {
    name: 'ops watch',
    summary: 'watch an operation until it is over',
    load: async () => (await import('./ops-watch.ts')).opsWatch,
  },
  {
    name: 'ops abort',
    summary: 'stop an operation',
    load: async () => (await import('./ops-abort.ts')).opsAbort,
  },
  {
    name: 'ops resume',
    summary: 'go on with an operation that was stopped',
    load: async () => (await import('./ops-resume.ts')).opsResume,
  },
  {
    name: 'sync',
    summary: 'ask for a run that reads a type from Zoho',
    load: async () => (await import('./sync.ts')).sync,
  },
  {
    name: 'sync runs',
    summary: 'runs, newest first',
    load: async () => (await import('./sync-runs.ts')).syncRuns,
  },
  {
    name: 'sync show',
    summary: 'one run: how far it is, and what is left',
    load: async () => (await import('./sync-show.ts')).syncShow,
  },
  {
    name: 'sync plan',
    summary: 'what first loads take, beforehand',
    load: async () => (await import('./sync-plan.ts')).syncPlan,
  },
  {
    name: 'sync cancel',
    summary: 'stop a run',
    load: async () => (await import('./sync-cancel.ts')).syncCancel,
  },
  {
    name: 'reconcile',
    summary: 'ask for a comparison of a type with Zoho',
    load: async () => (await import('./reconcile.ts')).reconcile,
  },
  {
    name: 'reconcile runs',
    summary: 'runs that compare, newest first',
    load: async () => (await import('./reconcile-runs.ts')).reconcileRuns,
  },
  {
    name: 'reconcile differences',
    summary: 'what differed from Zoho, why, and what became of it',
    load: async () => (await import('./reconcile-differences.ts')).reconcileDifferences,
  },
  {
    name: 'certificates',
    summary: 'the latest proof, by type, of how far all equals Zoho',
    load: async () => (await import('./certificates.ts')).certificates,
  },
  {
    name: 'records remap',
    summary: 'kept bodies, read again by the mapping of this version',
    load: async () => (await import('./records-remap.ts')).recordsRemap,
  },
  {
    name: 'circuit show',
    summary: 'whether Zoho may be called, since when not, and why',
    load: async () => (await import('./circuit-show.ts')).circuitShow,
  },
  {
    name: 'circuit reset',
    summary: 'let all calls to Zoho out at once',
    load: async () => (await import('./circuit-reset.ts')).circuitReset,
  },
  {
    name: 'fuse show',
    summary: 'whether deletions are held, how many, and which',
    load: async () => (await import('./fuse-show.ts')).fuseShow,
  },
  {
    name: 'fuse release',
    summary: 'let the deletions be done that are held',
    load: async () => (await import('./fuse-release.ts')).fuseRelease,
  },
  {
    name: 'alerts list',
    summary: 'what fires now, who has it in hand, and what keeps it quiet',
    load: async () => (await import('./alerts-list.ts')).alertsList,
  },
  {
    name: 'alerts show',
    summary: 'one alert: its story, its messages, and why nobody was told',
    load: async () => (await import('./alerts-show.ts')).alertsShow,
  },
  {
    name: 'alerts ack',
    summary: 'say that you have alerts in hand',
    load: async () => (await import('./alerts-ack.ts')).alertsAck,
  },
  {
    name: 'alerts unack',
    summary: 'give alerts back',
    load: async () => (await import('./alerts-unack.ts')).alertsUnack,
  },
  {
    name: 'alerts silence',
    summary: 'keep alerts quiet for a while, with a reason',
    load: async () => (await import('./alerts-silence.ts')).alertsSilence,
  },
  {
    name: 'alerts silences',
    summary: 'silences in force and to come',
    load: async () => (await import('./alerts-silences.ts')).alertsSilences,
  },
  {
    name: 'alerts unsilence',
    summary: 'end a silence now',
    load: async () => (await import('./alerts-unsilence.ts')).alertsUnsilence,
  },
  {
    name: 'alerts deliveries',
    summary: 'messages, and what became of each',
    load: async () => (await import('./alerts-deliveries.ts')).alertsDeliveries,
  },
  {
    name: 'alerts test',
    summary: 'send a test by one way to people',
    load: async () => (await import('./alerts-test.ts')).alertsTest,
  },
  {
    name: 'alerts receivers',
    summary: 'how each way to people is',
    load: async () => (await import('./alerts-receivers.ts')).alertsReceivers,
  },
  {
    name: 'alert-rules list',
    summary: 'what people are told of, and how each rule is set',
    load: async () => (await import('./alert-rules-list.ts')).alertRulesList,
  },
  {
    name: 'alert-rules show',
    summary: 'one rule: its settings, and what it measures now',
    load: async () => (await import('./alert-rules-show.ts')).alertRulesShow,
  },
  {
    name: 'alert-rules set',
    summary: 'change settings of a rule',
    load: async () => (await import('./alert-rules-set.ts')).alertRulesSet,
  },
  {
    name: 'alert-rules reset',
    summary: 'take a rule back to its defaults',
    load: async () => (await import('./alert-rules-reset.ts')).alertRulesReset,
  },
  {
    name: 'alert-rules backtest',
    summary: 'how often a rule would have fired lately',
    load: async () => (await import('./alert-rules-backtest.ts')).alertRulesBacktest,
  },
  {
    name: 'alert-routing show',
    summary: 'who is told of what, and where an alert would go',
    load: async () => (await import('./alert-routing-show.ts')).alertRoutingShow,
  },
  {
    name: 'alert-routing set',
    summary: 'set who is told of what',
    load: async () => (await import('./alert-routing-set.ts')).alertRoutingSet,
  },
  {
    name: 'alert-routing reset',
    summary: 'take that back to what holds without a setting',
    load: async () => (await import('./alert-routing-reset.ts')).alertRoutingReset,
  },
  {
    name: 'version',
    summary: 'version of the program, and whether the database fits it',
    load: async () => (await import('./version.ts')).version,
  },
]
