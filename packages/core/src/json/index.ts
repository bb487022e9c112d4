export { canonicalJson, exactStringify } from './canonical-json.ts'
export {
  answerLimits,
  deliveryLimits,
  ExactNumber,
  isExactObject,
  storedLimits,
  type ExactJson,
  type ExactObject,
  type JsonFlag,
  type JsonLimits,
} from './exact-json.ts'
export { mergePatch } from './merge-patch.ts'
export { normalDecimal } from './normal-decimal.ts'
export { parseExactJson, parseExactText, type ParsedJson } from './parse-exact-json.ts'
export { sha256Hex } from './sha256.ts'
export { shownKey, UnusableBody, type UnusableReason } from './unusable-body.ts'
export { changedPaths, readJsonPath, withValueAt, type JsonPath } from './value-at-path.ts'
