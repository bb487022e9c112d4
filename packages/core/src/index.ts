export * from './json/index.ts'
export { zohoCircuitKey } from './circuit/circuit-key.ts'
export { resetCircuit, type CircuitReset } from './circuit/reset-circuit.ts'
export {
  ledgerUnavailable,
  type DeliveryLedger,
  type FailedDelivery,
  type LedgerPage,
} from './webhooks/delivery-ledger.ts'
export { sweepLedger, type LedgerReport, type LedgerSweepParts } from './webhooks/sweep-ledger.ts'
export { countWatchedWebhooks, judgeSights, type WebhookWatchParts } from './webhooks/watch-webhooks.ts'
export type { EntityDefinition, EntityType, SourceDefinition } from './entities/define-entity.ts'
export { entities, entityOf, entityOfResource } from './entities/index.ts'
export {
  mapRecord,
  type BodyShape,
  type ColumnValues,
  type Completeness,
  type MappedRecord,
} from './entities/map-record.ts'
export { UnreadableValue, type UnreadableCode } from './entities/unreadable-value.ts'
export { readZohoTime } from './entities/zoho-time.ts'
export { assignLetters } from './dead-letters/assign-letters.ts'
export { discardLetters, type LetterDiscard } from './dead-letters/discard-letters.ts'
export { editLetter } from './dead-letters/edit-letter.ts'
export { type LetterEdit } from './dead-letters/edited-body.ts'
export { healClasses } from './dead-letters/heal-classes.ts'
export { performReplays, type ReplayParts, type ReplayReport } from './dead-letters/perform-replays.ts'
export { replayPace } from './dead-letters/replay-pace.ts'
export { type LetterPrediction } from './dead-letters/predict-letters.ts'
export { requestReplay, type RequestedReplay, type WantedReplay } from './dead-letters/request-replay.ts'
export { restoreLetters, type LetterRestore } from './dead-letters/restore-letters.ts'
export { revealLetter, showLetter, type ShownLetter } from './dead-letters/show-letter.ts'
export { recordsNow, stalenesses, type RecordNow, type Staleness } from './dead-letters/staleness.ts'
export { findOperation, steerOperation } from './dead-letters/steer-operation.ts'
export { takeLettersOut, type LetterTakenOut } from './dead-letters/take-letters-out.ts'
export { carryEvents, retryPriority } from './inbox/carry-events.ts'
export { failureOf, type Failure } from './inbox/failure.ts'
export { eventId, unusableKey, type Operation } from './inbox/idempotency-key.ts'
export { unstorableReason, usableEvent, type IncomingEvent } from './inbox/incoming-event.ts'
export { createIntake, type Intake, type IntakeOptions } from './inbox/intake.ts'
export {
  processEvents,
  type ProcessedCounts,
  type ProcessingParts,
  type RetryPolicy,
} from './inbox/process-events.ts'
export { recordOf } from './inbox/record-of.ts'
export { type IntakeAnswer } from './inbox/store-deliveries.ts'
export { storeSpooled } from './inbox/store-spooled.ts'
export { sweepInbox, takeBackWork, type SweepParts } from './inbox/sweep.ts'
export { checkQuality, type QualityCounts, type QualityLimits } from './quality/check-quality.ts'
export { qualityRules } from './quality/index.ts'
export { writeNoticedDrift } from './schema-drift/write-drift.ts'
export { correctQuarantined } from './quarantine/correct.ts'
export { type Correction, type CorrectionResult } from './quarantine/corrected-event.ts'
export { discardQuarantined, type DiscardResult } from './quarantine/discard.ts'
export {
  notFound as eventNotFound,
  noteAction,
  type OperatorParts,
  type OperatorRequest,
} from './quarantine/operator-work.ts'
export {
  organizationUnclear,
  type DeliveryReading,
  type DeliveryToRead,
  type ReadDelivery,
  type UnusableReading,
  type UsableReading,
} from './quarantine/read-again.ts'
export { redriveEvents, type RedriveParts, type RedriveResult } from './quarantine/redrive.ts'
export { revealBody } from './quarantine/reveal.ts'
export { pruneOnce, type PruningParts, type PruningReport } from './retention/prune.ts'
export { type CallAllowance, type RunEstimate } from './runs/estimate.ts'
export { findRun } from './runs/find-run.ts'
export { nextRun, type NextRun, type RunSchedules, type RunsOfType } from './runs/next-run.ts'
export { performRun, type RunParts } from './runs/perform-run.ts'
export { planLoads, type LoadPlan, type PlannedLoad } from './runs/plan-loads.ts'
export {
  askForRun,
  stopRun,
  type CancelledRun,
  type RequestedRun,
  type WantedRun,
} from './runs/request-run.ts'
export { runOutlook, type RunOutlook } from './runs/run-outlook.ts'
export { mostIds, readRunRequest, type RunRequest } from './runs/run-request.ts'
export { type RunReport } from './scan/read-list.ts'
export {
  deletionAllowance,
  deletionsLeft,
  type DeletionAllowance,
} from './reconciliation/deletion-allowance.ts'
export { compareType, type ComparisonTask } from './reconciliation/compare-type.ts'
export { missRecords, type MissingOutcome, type MissingRecords } from './reconciliation/miss-records.ts'
export { noteListed } from './reconciliation/signs-of-life.ts'
export { releaseFuse, type FuseRelease, type FuseReleased } from './reconciliation/release-fuse.ts'
export {
  createSettings,
  readSetting,
  settingDefinitions,
  type SettingKey,
  type Settings,
} from './settings/settings.ts'
export { readInstant, writeInstant, type Instant } from './sync/instant.ts'
export { applyChanges, type ChangeResult, type RecordChange } from './sync/apply-changes.ts'
export type { ChangeCause, Decision, IncomingChange, Saying } from './sync/change.ts'
export { decide } from './sync/decide.ts'
export { performBulkRead } from './sync/perform-bulk-read.ts'
export { performRead } from './sync/perform-read.ts'
export { planPatientReads, type PatientTask } from './sync/patient-reads.ts'
export { eventPriority } from './sync/read-reasons.ts'
export { type ReadingParts, type ReadOutcome, type ReadReport } from './sync/reading.ts'
export {
  callLanes,
  type AdmittedCall,
  type CallLane,
  type CallWish,
  type ListPage,
  type PageWish,
  type RecordAnswer,
  type RecordSource,
} from './sync/record-source.ts'
export { remapRecords, type RemapOptions, type RemapProblem, type RemapReport } from './sync/remap-records.ts'
export { callBudgetChecks } from './status/call-budget-check.ts'
export { certificateThresholds } from './status/certificate-check.ts'
export { circuitCheck } from './status/circuit-check.ts'
export { listReadsCheck, listReadFailures } from './status/list-reads-check.ts'
export { dataChecks, dataThresholds } from './status/data-checks.ts'
export { databaseThresholds, watchDatabase, type DatabaseWatcher } from './status/database-watch.ts'
export { deletionFuseCheck } from './status/deletion-fuse-check.ts'
export { pipelineChecks, pipelineThresholds } from './status/pipeline-checks.ts'
export { hastenReads } from './sync/hasten-reads.ts'
export { queueUpkeepCheck } from './status/queue-upkeep-check.ts'
export { webhookChecks, webhookThresholds } from './status/webhook-checks.ts'
export { isWitnessedQuiet, silenceOf, type SilenceState } from './status/webhook-silence.ts'
