export { brokenReceivers, failingRules, type BrokenReceiver, type FailingRule } from './alerter-vitals.ts'
export { attemptCounts, type AttemptCounts } from './attempt-counts.ts'
export {
  acknowledgeEpisode,
  beginEpisode,
  endEpisode,
  episodeCounts,
  episodesOfGroup,
  endingAcknowledgements,
  expiredAcknowledgements,
  listEpisodes,
  lockEpisode,
  newestEpisode,
  recordPastEpisode,
  placeEpisode,
  renewEpisodes,
  unacknowledgeEpisode,
  type LockedEpisode,
  type NewEpisode,
  type StoredEpisode,
} from './alert-episodes.ts'
export { beginFlap, endFlaps, listFlaps, noteFlapTold, type StoredFlap } from './alert-flaps.ts'
export {
  hurryGroups,
  lockDueGroups,
  readGroup,
  settleGroup,
  stirGroup,
  type StoredAlertGroup,
} from './alert-groups.ts'
export { listRuleRuns, recordRuleRuns, type AlertRuleRun } from './alert-rule-runs.ts'
export {
  dropAlertStates,
  listAlertStates,
  saveAlertStates,
  type AlertSeverity,
  type NewAlertState,
  type StoredAlertState,
} from './alert-states.ts'
export { alertingPulse, type AlertingPulse } from './alerting-pulse.ts'
export {
  insertTimeline,
  lastReasons,
  listTimeline,
  type StoredTimelineEntry,
  type TimelineEntry,
} from './alert-timeline.ts'
export {
  noteTold,
  queueNotification,
  toldOfGroup,
  type GroupNotification,
  type ToldRow,
} from './notification-log.ts'
export {
  activeSilences,
  closeEndedSilences,
  endSilence,
  insertSilence,
  listSilences,
  lockSilence,
  type StoredSilence,
} from './silences.ts'
export {
  admitCalls,
  type CallAdmission,
  type CallObstacle,
  type CallTerms,
  type CallWishRow,
} from './admit-calls.ts'
export { callBudgetStatus, type CallBudgetStatus } from './call-budget-status.ts'
export { deleteSetting, lockSettings, writeSetting, type SettingWrite } from './change-setting.ts'
export {
  changeCircuit,
  listCircuits,
  lockCircuit,
  passRampCall,
  readCircuit,
  returnProbe,
  returnRampCall,
  takeProbe,
  takeRampCall,
  type CircuitChange,
  type CircuitKey,
  type CircuitState,
  type ProbeWish,
  type StoredCircuit,
} from './circuits.ts'
export {
  certificateAges,
  issueCertificate,
  listCertificates,
  type Certificate,
  type CertificateAge,
  type NewCertificate,
} from './certificates.ts'
export { claimWork, releaseWork, type ClaimedEvent, type WorkClaim } from './claim-work.ts'
export { unconservedEvents, type UnconservedEvents } from './conservation.ts'
export * from './count-duplicates.ts'
export { countLiving } from './count-living.ts'
export { databaseTime } from './database-time.ts'
export { databaseVitals, type DatabaseVitals } from './database-vitals.ts'
export {
  groupDeadLetters,
  listDeadLetters,
  readDeadLetters,
  selectOpenDeadLetters,
  type DeadLetterFilter,
  type DeadLetterGroup,
  type DeadLetterStatus,
  type StoredDeadLetter,
} from './dead-letters.ts'
export {
  letterAssignees,
  letterDays,
  openLetterStats,
  settledLetterStats,
  type LetterDay,
  type OpenLetterStats,
} from './dead-letter-stats.ts'
export { deadTuples, type DeadTuples } from './dead-tuples.ts'
export { countDeletion, deletionsLastHour } from './deletion-counts.ts'
export {
  blowFuse,
  closeFuse,
  findFuse,
  listFuses,
  lockFuse,
  type FuseKey,
  type FuseState,
  type FuseStatus,
  type StoredFuse,
} from './deletion-fuses.ts'
export { longestUnread, noteDetailRead, oldestDetailRead } from './detail-reads.ts'
export {
  countDifferences,
  differenceClasses,
  differenceStates,
  endDifference,
  endVanishedDifferences,
  insertDifferences,
  listDifferences,
  lockDifference,
  rememberFirstRead,
  type DifferenceClass,
  type DifferenceFilter,
  type DifferenceState,
  type NewDifference,
  type OpenDifference,
  type StoredDifference,
} from './differences.ts'
export { eventLife, lastActionOn, lastActionsOn, type LastAction, type LifeStep } from './event-life.ts'
export { finishCall, type CallEnd, type CallKey } from './finish-call.ts'
export {
  insertFirstSights,
  judgeFirstSights,
  sightGraceMinutes,
  type FirstSight,
  type JudgedSights,
  type SightPath,
} from './first-sights.ts'
export * from './fold-duplicate-tallies.ts'
export {
  countHeldDeletions,
  dropHeldDeletion,
  findHeldDeletion,
  heldDeletions,
  holdDeletion,
  holdLivingDeletions,
  releaseHeldDeletions,
  type DeletionToHold,
  type HeldDeletion,
} from './held-deletions.ts'
export { letHeldReads, oweHeldReads } from './held-reads.ts'
export { insertAuditEntries, type AuditEntryWrite } from './insert-audit-entries.ts'
export { insertDeadLetters, type DeadLetterClass, type DeadLetterWrite } from './insert-dead-letters.ts'
export * from './insert-inbox-events.ts'
export { insertOperatorActions, type OperatorActionWrite } from './insert-operator-actions.ts'
export { insertSyncLogs, type SyncLogWrite } from './insert-sync-logs.ts'
export { jsonObject, splitJson } from './json-rows.ts'
export { judgeRecords, type JudgedCounts, type Judgement } from './judge-records.ts'
export { lastOutcomes, type LastOutcomes } from './last-outcomes.ts'
export { livingKeysAfter, type LivingKey } from './living-keys.ts'
export {
  beginLedgerSweep,
  ledgerSweeps,
  moveLedgerSweep,
  type LedgerStep,
  type LedgerSweep,
} from './ledger-sweeps.ts'
export {
  lockEvents,
  lockEventsAwaitingRead,
  lockWaitingEvents,
  waitingEvents,
  type LockedEvent,
} from './lock-inbox-events.ts'
export { doesLiveWorkWait } from './live-work.ts'
export { listLengths, type ListLength } from './list-lengths.ts'
export type { ListPosition } from './list-position.ts'
export { listRuns, runStates, type RunFilter, type RunState, type StoredRun } from './list-runs.ts'
export { lockRawRecords, type RawRecord } from './lock-raw-records.ts'
export { lockRecords, readRecords, type StoredRecord } from './lock-records.ts'
export {
  adjustEventCounts,
  moveInboxEvents,
  type CountAdjustment,
  type EventMove,
  type Mover,
} from './move-inbox-events.ts'
export { absentRecords } from './absent-records.ts'
export { claimReads, type ClaimedRead } from './claim-reads.ts'
export { duePatientReads, dueRead, readsPerHour, type DueRead, type PatientKind } from './due-reads.ts'
export { dropArrivedReads, holdRead, postponeReads, readAlone } from './give-back-reads.ts'
export { seeOneMoment } from './one-moment.ts'
export { latestRun, planCalls, plannedCalls } from './planned-calls.ts'
export { readSingly } from './read-singly.ts'
export { finishedSince, openLettersSince, quarantinedSince, type FinishedCounts } from './recent-growth.ts'
export { recordEvidence, type RecordEvidence } from './record-evidence.ts'
export { recordMetrics } from './record-metrics.ts'
export {
  countItems,
  endedItems,
  insertItems,
  itemOutcomes,
  itemPredictions,
  listItems,
  moveItems,
  waitingItems,
  type ItemCounts,
  type ItemMove,
  type ItemOutcome,
  type ItemPrediction,
  type NewItem,
  type ShownItem,
  type StoredItem,
} from './operation-items.ts'
export {
  changeOperation,
  insertOperation,
  isCauseKnown,
  listOperations,
  lockOperation,
  openOperations,
  operationStates,
  type NewOperation,
  type OpenOperation,
  type OperationState,
  type StoredOperation,
} from './operations.ts'
export { owedReadCounts, type OwedReadCount } from './owed-read-counts.ts'
export { owedReadsByType, type OwedReadsOfType } from './owed-reads-by-type.ts'
export {
  patientReasons,
  readReasons,
  requestReads,
  type OwedReadKey,
  type ReadReason,
  type ReadRequest,
} from './owed-reads.ts'
export { forgetOldReads, settleRead } from './settle-read.ts'
export { pipelineStatus, type PipelineStatus } from './pipeline-status.ts'
export { closeOrphanedFindings, qualityStatus, type QualityStatus } from './quality-findings.ts'
export {
  advanceQualityProgress,
  holdQualityProgress,
  readFreshChanges,
  type ChangedRecord,
} from './quality-progress.ts'
export { awaitCompletion, takeCompleted } from './quality-waiting.ts'
export {
  ensureQualityWalks,
  finishQualityWalk,
  hastenQualityWalks,
  moveQualityWalk,
  nextQualityWalk,
  type QualityWalk,
} from './quality-walks.ts'
export { prunables, pruneOldRows, type Prunable } from './prune-old-rows.ts'
export { readKeysAfter } from './read-keys-after.ts'
export { readChildRows, type StoredChildRow } from './read-child-rows.ts'
export { readSettings, type StoredSetting } from './read-settings.ts'
export type { ChildTable, MirrorColumn, MirrorColumnType, RecordKey, RecordTable } from './record-table.ts'
export { openSchemaDrift, recordSchemaDrift, type DriftCount, type DriftSighting } from './schema-drift.ts'
export { recordsUnreadSince, type UnreadSince } from './records-unread-since.ts'
export { restoreEvents } from './restore-events.ts'
export { releaseCall } from './release-call.ts'
export { lockRedeliveredEvents, type RedeliveredEvent } from './redelivered-events.ts'
export {
  assignDeadLetters,
  attemptsAt,
  findDeadLetter,
  listWholeDeadLetters,
  lockDeadLetter,
  lockDeadLetters,
  openDeadLetters,
  otherLetterOf,
  reopenDeadLetter,
  settleDeadLetters,
  type DeadLetterAttempt,
  type DeadLetterEnd,
  type DeadLetterWithBody,
  type OpenDeadLetters,
} from './settle-dead-letters.ts'
export { noteSignsOfLife, type SignOfLife } from './signs-of-life.ts'
export { spoolStandings, type SpoolStanding } from './spool-standings.ts'
export { recordSample, storedSamples, type StoredSample } from './stored-samples.ts'
export { replaceChildRows, type ChildRowWrite } from './replace-child-rows.ts'
export {
  findDelivery,
  findEvent,
  listEvents,
  lockDelivery,
  type EventFilter,
  type StoredDelivery,
  type StoredEvent,
} from './stored-events.ts'
export {
  eventsWithoutJob,
  eventsWithoutRead,
  holdSweep,
  isolateEvents,
  planFreely,
  readsWithoutJob,
  takeAbandonedClaims,
  type AbandonedClaim,
} from './sweep.ts'
export { moveCursor, readCursor, type CursorKey, type SyncCursor } from './sync-cursors.ts'
export { hastenHeldReads } from './hasten-held-reads.ts'
export { dropOwedReads } from './drop-owed-reads.ts'
export { tokenStandings, type TokenStanding } from './token-standings.ts'
export { listReadStates, type ListReadState } from './list-read-states.ts'
export { noteScheduled, readSchedule, type StoredSchedule } from './run-schedules.ts'
export {
  addToRun,
  beginRun,
  cancelRun,
  endRun,
  expectRows,
  failRun,
  lastRunOfMode,
  openRuns,
  requestRun,
  takeRun,
  type NewRun,
  type OpenRun,
  type RunCounts,
  type RunStatus,
} from './sync-runs.ts'
export { markReplay, understandEvent, type EventUnderstanding } from './understand-event.ts'
export { waitingAges, type WaitingAges } from './waiting-ages.ts'
export { webhookCoverage, type WebhookCoverage } from './webhook-coverage.ts'
export { habitDays, webhookHabits, type WebhookHabit } from './webhook-habits.ts'
export { addRefusals, recentRefusals, type RecentRefusals, type RefusalCount } from './webhook-refusals.ts'
export { beginWebhookWatches, countWebhooks } from './webhook-watches.ts'
export { hostVitals, secondsSinceBeat, type HostVitals } from './worker-vitals.ts'
export { insertRecords, updateRecords, type RecordWrite } from './write-records.ts'
export {
  blockZohoToken,
  endTokenRests,
  noteZohoTokenAcceptance,
  noteZohoTokenRefusal,
  readZohoToken,
  saveZohoToken,
  type StoredZohoToken,
  type ZohoTokenState,
} from './zoho-tokens.ts'
export { listNotifications, notificationsOfEpisode, type StoredNotification } from './list-notifications.ts'
export { dueNotifications, type DueNotification } from './due-notifications.ts'
export {
  finishNotification,
  logNotified,
  noteInTimeline,
  type NotificationOutcome,
} from './finish-notification.ts'
export {
  episodesToldBy,
  leaseNotification,
  mergeNotifications,
  rewriteNotification,
  type NotificationLease,
} from './lease-notification.ts'
export {
  adoptReceiverSettings,
  listReceiverStates,
  lockReceiverState,
  noteReceiverFailure,
  noteReceiverSuccess,
  saveReceiverAddress,
  saveReceiverTokens,
  type ReceiverFailure,
  type StoredReceiverState,
  type StoredTokens,
} from './receiver-states.ts'
export {
  countTests,
  expireNotifications,
  insertFallbacks,
  insertNotification,
  type ExpiredNotification,
  type NewNotification,
} from './tend-notifications.ts'
