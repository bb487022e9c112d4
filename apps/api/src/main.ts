import { run } from '@tds/runtime'
import { apiFromEnvironment } from './app.ts'

await run('api', apiFromEnvironment)
