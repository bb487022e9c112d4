import { stat } from 'node:fs/promises'

import { findRun, makeRunDirectory } from './run-directory.ts'

describe('makeRunDirectory', () => {
  it('makes a folder of its own for every run, with a place for logs', async () => {
    const runs = await Promise.all([makeRunDirectory('test'), makeRunDirectory('test')])
    expect(new Set(runs.map(({ path }) => path)).size).toBe(2)
    for (const run of runs) expect((await stat(run.logs)).isDirectory()).toBe(true)
    await Promise.all(runs.map((run) => run.remove()))
    await expect(stat(runs[0].path)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('is found by its kind while its process lives, and by no other', async () => {
    const run = await makeRunDirectory('findable')
    expect(await findRun('findable')).toBe(run.path)
    expect(await findRun('never')).toBeNull()
    await run.remove()
    expect(await findRun('findable')).toBeNull()
  })
})
