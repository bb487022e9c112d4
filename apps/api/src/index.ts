export { createApi, type Api, type ApiOverrides } from './app.ts'
export { apiConfigSchema, publicUrl, type ApiConfig } from './config.ts'
export { openApiDocument } from './docs/openapi-document.ts'
export { apiThresholds } from './health/api-checks.ts'
