import { parseArgs, type ParseArgsConfig } from 'node:util'
import { readJson, type Json } from './exact/json.ts'
import { InvalidInputError } from './invalid-input-error.ts'
import { createSimulator, type Simulator } from './simulator.ts'
import { switches } from './switches/switches.ts'

const usage = `Runs the simulated Zoho alone, until Ctrl-C.
  --port <number>        default 8010; 0 takes a free one
  --host <address>       default 127.0.0.1; the control needs no authentication
  --seed <text>          the same seed makes the same records
  --size <name>          customer (default) or small
  --organization <id>    default 738204165
  --time-zone <name>     default Asia/Baghdad
  --secret <text>        signs webhooks; --secret "" sends them unsigned
  --set <switch>=<value> sets a switch, as often as needed: --set callsPerMinute=null
  --help                 shows this and every switch
`

const options = {
  port: { type: 'string', default: '8010' },
  host: { type: 'string', default: '127.0.0.1' },
  seed: { type: 'string' },
  size: { type: 'string', default: 'customer' },
  organization: { type: 'string' },
  'time-zone': { type: 'string' },
  secret: { type: 'string' },
  set: { type: 'string', multiple: true, default: [] },
  help: { type: 'boolean', default: false },
} as const satisfies ParseArgsConfig['options']

/** Reads the command line, starts the simulator and prints what a client needs to reach it. */
async function main(): Promise<void> {
  // pnpm hands on the two dashes that end its own options.
  const { values } = parseArgs({ options, args: process.argv.slice(2).filter((word) => word !== '--') })
  if (values.help) {
    console.log(`${usage}\nSwitches:\n${switchLines()}`)
    return
  }
  const simulator = createSimulator({
    ...Object.fromEntries(values.set.map(switchSetting)),
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

function switchLines(): string {
  return Object.entries(switches)
    .map(([name, { start, tells }]) => `  ${name}=${JSON.stringify(start)}\n      ${tells}`)
    .join('\n')
}

/** The value is JSON where it can be read as such, and text otherwise. */
function switchSetting(setting: string): [string, Json] {
  const [, name, value] = /^(\w+)=(.*)$/s.exec(setting) ?? []
  if (name === undefined || value === undefined) {
    throw new InvalidInputError(`--set wants <switch>=<value>, such as callsPerMinute=null, not ${setting}`)
  }
  if (!Object.hasOwn(switches, name)) {
    throw new InvalidInputError(`--set: there is no switch ${name}; --help lists them`)
  }
  try {
    return [name, readJson(value)]
  } catch {
    return [name, value]
  }
}

function sizeNamed(name: string): 'customer' | 'small' {
  if (name === 'customer' || name === 'small') return name
  throw new InvalidInputError(`--size is customer or small, not ${name}`)
}

function portNamed(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port < 65_536) return port
  throw new InvalidInputError(`--port is a number from 0 to 65535, not ${text}`)
}

/** The lines for an environment file: everything is made up, so nothing of it is secret. */
function settingsFor({ access }: Simulator, url: string): string {
  return [
    `# Zoho simulator at ${url} (control: ${url}/_control)`,
    `ZOHO_ACCOUNTS_URL=${url}`,
    `ZOHO_API_URL=${url}`,
    `ZOHO_CLIENT_ID=${access.credentials.clientId}`,
    `ZOHO_CLIENT_SECRET=${access.credentials.clientSecret}`,
    `ZOHO_REFRESH_TOKEN=${access.credentials.refreshToken}`,
    `ZOHO_ORGANIZATION_ID=${access.organizationId}`,
    `ZOHO_WEBHOOK_SECRETS=${access.webhookSecret ?? ''}`,
  ].join('\n')
}

/** What went wrong, and what to do: a port that is taken is no mistake in how the command is used. */
function explained(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    return `${message}\nThat port is taken. Choose another with --port, or a free one with --port 0.`
  }
  return `${message}\n\n${usage}`
}

try {
  await main()
} catch (error) {
  console.error(explained(error))
  process.exitCode = 1
}
