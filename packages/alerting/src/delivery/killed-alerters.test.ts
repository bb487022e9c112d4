import { randomInt } from 'node:crypto'
import { runScript } from '../testing/killed-alerters.ts'

const seed = Number(process.env['TDS_SEED'] ?? randomInt(1_000_000))

describe(`AL-32: kill -9 of alerters during a scripted hour (TDS_SEED=${String(seed)})`, () => {
  it('loses no message, repeats at most one a kill, and keeps the order', async () => {
    const undisturbed = await runScript({ hours: 1, mostKills: 0, seed })
    expect(undisturbed).toMatchObject({ kills: 0, duplicates: 0, broken: [] })
    const disturbed = await runScript({ hours: 1, mostKills: 6, seed })
    expect(disturbed.kills).toBeGreaterThan(2)
    expect(disturbed.broken).toEqual([])
    expect(disturbed.told).toEqual(undisturbed.told)
    expect(disturbed.duplicates).toBeLessThanOrEqual(disturbed.kills)
  }, 180_000)
})
