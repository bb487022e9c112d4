import { run } from '@tds/runtime'

import { createDev } from './dev/create-dev.ts'

await run('dev', createDev)
