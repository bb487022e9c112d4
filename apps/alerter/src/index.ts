export { alerterThresholds, createAlerter, type Alerter } from './app.ts'
export { alerterConfigSchema, type AlerterConfig } from './config.ts'
