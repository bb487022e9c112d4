export { testReceiver, type ReceiverTest } from './delivery/test-receiver.ts'
export { deliveryLimits, type DeliveryParts } from './delivery/delivery-parts.ts'
export { deliveryService, type DeliveryService } from './delivery/lanes.ts'
export { receiverChecks } from './delivery/receiver-checks.ts'
export { fingerprintOf, type Labels } from './labels.ts'
export { matcherSchema, matches, type Matcher } from './matchers.ts'
export { renderMessage, type RenderedMessage } from './messages/render.ts'
export type { Delivery, DeliveryResult, Integration, Receiver } from './receivers/receiver.ts'
export { createReceivers } from './receivers/index.ts'
export {
  completeReceivers,
  receiverConfigFields,
  type ReceiverSettings,
} from './receivers/receiver-config.ts'
export { compareSeverity, highestSeverity, severities, type Severity } from './severity.ts'
