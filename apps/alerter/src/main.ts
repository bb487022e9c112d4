import { loadConfig, run } from '@tds/runtime'
import { createAlerter } from './app.ts'
import { alerterConfigSchema } from './config.ts'

await run('alerter', (env, control) => createAlerter(loadConfig(alerterConfigSchema, env), control))
