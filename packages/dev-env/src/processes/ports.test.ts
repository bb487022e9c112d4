import { once } from 'node:events'
import { createServer } from 'node:net'

import { claimPorts, preferPorts } from './ports.ts'

describe('claimPorts', () => {
  it('gives neighbouring ports that can be listened on, each once', async () => {
    const ports = await claimPorts(3)
    const row = [ports.take(), ports.take(), ports.take()]
    expect(row).toEqual([row[0], Number(row[0]) + 1, Number(row[0]) + 2])
    for (const port of row) await listenOnce(port)
    expect(() => ports.take()).toThrow(RangeError)
    await ports.release()
    await ports.release()
  })

  it('never gives a port twice while it is claimed', async () => {
    const claims = await Promise.all(Array.from({ length: 40 }, () => claimPorts(4)))
    const taken = claims.flatMap((ports) => [ports.take(), ports.take(), ports.take(), ports.take()])
    expect(new Set(taken).size).toBe(160)
    await Promise.all(claims.map((ports) => ports.release()))
  })
})

describe('preferPorts', () => {
  it('grants one wish at a time', async () => {
    const free = await claimPorts(1)
    const wished = [free.take()]
    const [first, second] = [await preferPorts(wished), await preferPorts(wished)]
    expect([first.take() === wished[0], second.take() === wished[0]]).toEqual([true, false])
    await Promise.all([first.release(), second.release(), free.release()])
  })

  it('gives the ports wished for when they are free, else others', async () => {
    const free = await claimPorts(2)
    const wished = [free.take(), free.take()]
    const preferred = await preferPorts(wished)
    expect([preferred.take(), preferred.take()]).toEqual(wished)
    const server = createServer().listen(wished[1], '127.0.0.1')
    await once(server, 'listening')
    await preferred.release()
    const others = await preferPorts(wished)
    expect(wished).not.toContain(others.take())
    await Promise.all([new Promise((closed) => server.close(closed)), others.release(), free.release()])
  })
})

async function listenOnce(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  await new Promise((closed) => server.close(closed))
}
