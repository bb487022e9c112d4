export { fingerprintOf, type Labels } from './labels.ts'
export { matcherSchema, matches, type Matcher } from './matchers.ts'
export { compareSeverity, highestSeverity, severities, type Severity } from './severity.ts'
