export { zohoHosts, type ZohoDataCenter, type ZohoHosts } from './client/hosts.ts'
export { callBudget } from './calls/call-budget.ts'
export { gatesInRow, type CallGate } from './calls/gate.ts'
export { zohoCircuit, type ZohoCircuit } from './calls/zoho-circuit.ts'
export { zohoClient } from './client/client.ts'
export { zohoDeliveryLedger } from './client/delivery-ledger.ts'
export { zohoRecordSource } from './client/record-source.ts'
export { zohoTokenCheck } from './client/token-check.ts'
export { tokenSource, type TokenSource } from './client/token.ts'
export {
  matchSignature,
  type SignatureMatch,
  type SignatureVariant,
  type SignedDelivery,
} from './signature.ts'
export type { WebhookAction } from './open-envelope.ts'
export type { QuarantineReason } from './unusable-envelope.ts'
export {
  judgeVersion,
  readDelivery,
  type Delivery,
  type ReadDelivery,
  type UnusableDelivery,
  type UsableDelivery,
} from './webhook-envelope.ts'
export { matchKey } from './webhook-key.ts'
