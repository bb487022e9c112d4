import { startTestServer, type TestServer } from './test-server.ts'

declare global {
  /** How the teardown finds what the setup started: Jest runs both in one process. */
  var tdsTestServer: TestServer | undefined
}

/** Starts the Postgres of the run; the environment tells the tests where it is. */
export default async function startForTheRun(): Promise<void> {
  const server = await startTestServer(process.env)
  globalThis.tdsTestServer = server
  process.env['TDS_TEST_ADMIN_URL'] = server.adminUrl
  process.env['TDS_TEST_TEMPLATE'] = server.template
}
