import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { assemble } from './assembly.ts'
import { createControl, type Control } from './control/control.ts'
import { createApp } from './http/app.ts'
import { settingsOf, type SimulatorOptions } from './options.ts'

/** A Zoho of one's own. */
export interface Simulator extends Control {
  /** Begins to listen, on the loopback interface and a free port unless told otherwise; throws if it listens already. */
  start(options?: ListenOptions): Promise<{ url: string }>
  /** Stops listening and sending; safe at any time, finished when it returns. The world stays as it is. */
  stop(): Promise<void>
}

/** Where to listen. */
export interface ListenOptions {
  /** Default 0: a free port. */
  port?: number | undefined
  /** Default 127.0.0.1. Other machines reach the simulator, its control included, only if this says so. */
  host?: string | undefined
}

/** Makes a simulator with a world in it; throws InvalidInputError on options that cannot be. */
export function createSimulator(options: SimulatorOptions = {}): Simulator {
  let server: Server | null = null
  let url = ''
  const { controlParts, api, serve, oauth } = assemble(settingsOf(options), () => url)
  const { post } = controlParts
  const control = createControl(controlParts)
  const app = createApp({ api, serve, oauth, control })

  return {
    ...control,
    start: async ({ port = 0, host = '127.0.0.1' } = {}) => {
      if (server !== null) throw new Error('The simulator listens already')
      post.open()
      server = createServer(app)
      url = await listen(server, port, host).catch((error: unknown) => {
        server = null
        throw error
      })
      return { url }
    },
    stop: async () => {
      const posted = post.close()
      const stopped = server
      server = null
      if (stopped !== null) await close(stopped)
      await posted
    },
  }
}

async function listen(server: Server, port: number, host: string): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${name}:${address.port}`
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
