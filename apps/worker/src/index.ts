export { createWorker, workerFromEnvironment, type WorkerOverrides, type WorkerService } from './app.ts'
export { workerConfigSchema, type WorkerConfig } from './config.ts'
