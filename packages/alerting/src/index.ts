export { fingerprintOf, type Labels } from './labels.ts'
export { matcherSchema, matches, type Matcher } from './matchers.ts'
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
