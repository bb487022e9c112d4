import { writeSchemaPage } from './schema-page/write-page.ts'

// eslint-disable-next-line no-restricted-properties -- the entry of a command, which has no run() around it
await writeSchemaPage(process.env['TDS_TEST_POSTGRES_BIN'])
console.log('docs/reference/schema.md is written.')
