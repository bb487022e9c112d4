import { run } from '@tds/runtime'
import { workerFromEnvironment } from './app.ts'

await run('worker', workerFromEnvironment, { smallYoungHeap: true })
