export { createWorker, workerFromEnvironment, type WorkerOverrides } from './app.ts'
export { workerConfigSchema, type WorkerConfig } from './config.ts'
