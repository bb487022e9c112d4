import { parseArgs } from 'node:util'
import { InvalidInputError } from './invalid-input-error.ts'
import { createSimulator, type Simulator } from './simulator.ts'

const usage = `Runs the simulator alone.
  --port <number>        default 8010
  --host <address>       default 127.0.0.1
  --seed <text>          the same seed makes the same records
  --size <name>          customer (default) or small
  --organization <id>    default 738204165
  --time-zone <name>     default Asia/Baghdad
  --secret <text>        signs webhooks; --secret "" sends them unsigned
`

/** Reads the command line, starts the simulator and prints what a client needs to reach it. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8010' },
      host: { type: 'string', default: '127.0.0.1' },
      seed: { type: 'string' },
      size: { type: 'string', default: 'customer' },
      organization: { type: 'string' },
      'time-zone': { type: 'string' },
      secret: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    return
  }
  const simulator = createSimulator({
    seed: values.seed,
    size: sizeNamed(values.size),
    organizationId: values.organization,
    timeZone: values['time-zone'],
    webhookSecret: values.secret === '' ? null : values.secret,
  })
  const { url } = await simulator.start({ port: portNamed(values.port), host: values.host })
  console.log(settingsFor(simulator, url))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void simulator.stop())
}

function sizeNamed(name: string): 'customer' | 'small' {
  if (name === 'customer' || name === 'small') return name
  throw new InvalidInputError(`--size is customer or small, not ${name}`)
}

function portNamed(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port
  throw new InvalidInputError(`--port is a number from 0 to 65535, not ${text}`)
}

/** The lines for an environment file: everything is made up, so nothing of it is secret. */
function settingsFor({ access }: Simulator, url: string): string {
  return [
    `# Zoho simulator at ${url} (control: ${url}/_control/state)`,
    `ZOHO_ACCOUNTS_URL=${url}`,
    `ZOHO_API_URL=${url}`,
    `ZOHO_CLIENT_ID=${access.credentials.clientId}`,
    `ZOHO_CLIENT_SECRET=${access.credentials.clientSecret}`,
    `ZOHO_REFRESH_TOKEN=${access.credentials.refreshToken}`,
    `ZOHO_ORGANIZATION_ID=${access.organizationId}`,
    `ZOHO_WEBHOOK_SECRETS=${access.webhookSecret ?? ''}`,
  ].join('\n')
}

try {
  await main()
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
  process.exitCode = 1
}
