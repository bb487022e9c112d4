import { TDS_VERSION } from './version.ts'

describe('TDS_VERSION', () => {
  it('is the version of the manifest', () => {
    expect(TDS_VERSION).toMatch(/^\d+\.\d+\.\d+/)
  })
})
