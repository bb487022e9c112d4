import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import { brokenPromises, happenings, playStory } from '../testing/alert-stories.ts'

const seed = Number(process.env['TDS_SEED'] ?? randomInt(1_000_000))

describe(`what people are told in hundreds of stories (TDS_SEED=${String(seed)})`, () => {
  it('tells nothing that is kept quiet, no end without its beginning, nothing twice, all that is grave, and why not', async () => {
    await fc.assert(
      fc.asyncProperty(happenings(), async (course) => {
        expect(brokenPromises(await playStory(course))).toEqual([])
      }),
      { seed, numRuns: 300 },
    )
  }, 1_800_000)
})
