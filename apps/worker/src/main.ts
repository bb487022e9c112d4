import { loadConfig, run } from '@tds/runtime'
import { createWorker } from './app.ts'
import { workerConfigSchema } from './config.ts'

await run('worker', (env, control) => createWorker(loadConfig(workerConfigSchema, env), control))
