import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Labels } from '../labels.ts'

const program = '/usr/bin/prometheus-alertmanager'

/** Whether this machine has it: Debian's package `prometheus-alertmanager`, which `.ci/run` installs. */
export const hasAlertmanager = spawnSync(program, ['--version']).status === 0

/** How it is to group and hold back. Times in milliseconds. */
export interface AlertmanagerSettings {
  readonly groupBy: readonly string[]
  readonly waitMs: number
  readonly intervalMs: number
  /** While the source fires, nothing of its targets is told. */
  readonly inhibits: { readonly source: string; readonly targets: readonly string[] }
}

/** What it told: the labels of each alert, by whether it fires or is over. */
export interface AlertmanagerNotice {
  readonly group: Labels
  readonly firing: readonly Labels[]
  readonly resolved: readonly Labels[]
}

/** A real Alertmanager on the loopback, and what it has told. */
export interface Alertmanager {
  readonly notices: readonly AlertmanagerNotice[]
  /** Alerts that fire from now on, and alerts that are over. */
  feed(alerts: readonly { readonly labels: Labels; readonly isFiring: boolean }[]): Promise<void>
  /** Resolves with what ends the silence. */
  silence(labels: Labels): Promise<() => Promise<void>>
  stop(): Promise<void>
}

const noticeSchema = z.object({
  groupLabels: z.record(z.string(), z.string()),
  alerts: z.array(
    z.object({ status: z.enum(['firing', 'resolved']), labels: z.record(z.string(), z.string()) }),
  ),
})

/** Starts one that tells a receiver of the test's own. */
export async function startAlertmanager(settings: AlertmanagerSettings): Promise<Alertmanager> {
  const notices: AlertmanagerNotice[] = []
  const receiver = createServer((request, response) => {
    void text(request).then((body) => {
      const { groupLabels: group, alerts } = noticeSchema.parse(JSON.parse(body))
      const withStatus = (wanted: string) =>
        alerts.filter(({ status }) => status === wanted).map(({ labels }) => labels)
      notices.push({ group, firing: withStatus('firing'), resolved: withStatus('resolved') })
      response.end()
    })
  })
  receiver.listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const folder = await mkdtemp(join(tmpdir(), 'tds-alertmanager-'))
  const address = `127.0.0.1:${String(await freePort())}`
  // JSON is YAML as well.
  const configuration = configurationOf(settings, (receiver.address() as AddressInfo).port)
  await writeFile(join(folder, 'config.yml'), JSON.stringify(configuration))
  const child = spawn(
    program,
    [
      '--config.file=config.yml',
      '--storage.path=data',
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
    ],
    { cwd: folder, stdio: 'ignore' },
  )
  const ended = once(child, 'exit')
  const api = `http://${address}`
  await untilReady(api)
  return {
    notices,
    feed: async (alerts) => {
      const now = new Date().toISOString()
      const body = alerts.map(({ labels, isFiring }) => ({ labels, ...(isFiring ? {} : { endsAt: now }) }))
      await send(`${api}/api/v2/alerts`, 'POST', body)
    },
    silence: async (labels) => {
      const said = await send(`${api}/api/v2/silences`, 'POST', {
        matchers: Object.entries(labels).map(([name, value]) => ({ name, value, isRegex: false })),
        startsAt: new Date().toISOString(),
        endsAt: new Date(Date.now() + 3_600_000).toISOString(),
        createdBy: 'test',
        comment: 'we know',
      })
      const { silenceID } = z.object({ silenceID: z.string() }).parse(JSON.parse(said))
      return async () => {
        await send(`${api}/api/v2/silence/${silenceID}`, 'DELETE')
      }
    },
    stop: async () => {
      child.kill()
      await ended
      receiver.close()
      receiver.closeAllConnections()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function configurationOf({ groupBy, waitMs, intervalMs, inhibits }: AlertmanagerSettings, port: number) {
  return {
    route: {
      receiver: 'test',
      group_by: groupBy,
      group_wait: `${String(waitMs)}ms`,
      group_interval: `${String(intervalMs)}ms`,
      repeat_interval: '4h',
    },
    receivers: [
      {
        name: 'test',
        webhook_configs: [{ url: `http://127.0.0.1:${String(port)}/`, send_resolved: true }],
      },
    ],
    inhibit_rules: [
      {
        source_matchers: [`rule="${inhibits.source}"`],
        target_matchers: [`rule=~"${inhibits.targets.join('|')}"`],
      },
    ],
  }
}

async function freePort(): Promise<number> {
  const server = createSocketServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function untilReady(api: string): Promise<void> {
  for (let look = 0; look < 300; look += 1) {
    const answer = await fetch(`${api}/-/ready`).catch(() => null)
    if (answer?.ok) return
    await sleep(100)
  }
  throw new Error('the Alertmanager has not become ready within 30 s')
}

async function send(url: string, method: string, body?: unknown): Promise<string> {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const said = await answer.text()
  if (!answer.ok) throw new Error(`the Alertmanager answered ${String(answer.status)}: ${said}`)
  return said
}
