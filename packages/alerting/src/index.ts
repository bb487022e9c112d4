export { alertingService, alertingThresholds, type AlertingOptions } from './alerting-service.ts'
export { alerterWatch } from './emergency/alerter-watch.ts'
export { databaseGoneWatch } from './emergency/database-gone.ts'
export { deliveryLimits, type DeliveryParts } from './delivery/delivery-parts.ts'
export { receiverCondition } from './delivery/receiver-checks.ts'
export { testReceiver, type ReceiverTest } from './delivery/test-receiver.ts'
export { resetRouting, setRouting } from './dispatch/change-routing.ts'
export { readRouting } from './dispatch/read-routing.ts'
export { defaultRouting, routeAlert, routingSchema, type Routing } from './dispatch/routes.ts'
export { fingerprintOf, type Labels } from './labels.ts'
export { matcherSchema, matches, type Matcher } from './matchers.ts'
export { acknowledgeAlert, unacknowledgeAlert, type Acknowledgement } from './operator/acknowledge.ts'
export { matcherWords } from './operator/catches-everything.ts'
export { listAlerts, showAlert, type AlertStory, type AlertView } from './operator/list-alerts.ts'
export { addSilence, endSilence, type SilenceChange, type WantedSilence } from './operator/silence.ts'
export { tryReceiver, type TriedReceiver } from './operator/try-receiver.ts'
export { readMatchers } from './silences/mute.ts'
export { renderMessage, type RenderedMessage } from './messages/render.ts'
export { createReceivers } from './receivers/index.ts'
export {
  completeReceivers,
  receiverConfigFields,
  allowsLoopbackIn,
  type ReceiverSettings,
} from './receivers/receiver-config.ts'
export { integrations } from './receivers/receiver.ts'
export type { Delivery, DeliveryResult, Integration, Receiver } from './receivers/receiver.ts'
export { backtest, type Backtest, type Firing } from './rules/backtest.ts'
export { changeRule, findRule, resetRule, type RuleChange } from './rules/change-rule.ts'
export { describedSettings, type DescribedSetting } from './rules/described-settings.ts'
export { alertRules } from './rules/index.ts'
export {
  createRuleSettings,
  readStored,
  settleRule,
  type RuleSettings,
  type SettledRule,
} from './rules/rule-settings.ts'
export type { AlertRule, Measuring, RuleTiming, Sample } from './rules/rule.ts'
export { compareSeverity, highestSeverity, severities, type Severity } from './severity.ts'
