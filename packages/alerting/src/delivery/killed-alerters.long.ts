import { randomInt } from 'node:crypto'
import { runScript } from '../testing/killed-alerters.ts'

const seed = Number(process.env['TDS_SEED'] ?? randomInt(1_000_000))
const kills = 100
const hours = 6

describe(`AL-32: kill -9 of a hundred alerters during ${String(hours)} scripted hours (TDS_SEED=${String(seed)})`, () => {
  it('loses no message, repeats at most one a kill, and keeps the order', async () => {
    const undisturbed = await runScript({ hours, mostKills: 0, seed })
    const disturbed = await runScript({ hours, mostKills: kills, seed })
    const messages = Object.values(disturbed.told).flat().length
    process.stdout.write(
      `${String(disturbed.kills)} kills, ${String(messages)} messages, ${String(disturbed.duplicates)} twice\n`,
    )
    expect(disturbed.kills).toBe(kills)
    expect(disturbed.broken).toEqual([])
    expect(disturbed.told).toEqual(undisturbed.told)
    expect(disturbed.duplicates).toBeLessThanOrEqual(kills)
  }, 560_000)
})
