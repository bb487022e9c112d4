import './global-setup.ts'

/** Stops what the setup started, with all that the tests left in it. */
export default async function stopAfterTheRun(): Promise<void> {
  await globalThis.tdsTestServer?.stop()
}
