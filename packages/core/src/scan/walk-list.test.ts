import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Database } from '@tds/db'
import { product } from '../entities/product.ts'
import { isExactObject, parseExactText, type ExactObject } from '../json/index.ts'
import type { AdmittedCall } from '../sync/record-source.ts'
import { rowsPerPage, walkList, type Walk } from './walk-list.ts'

describe('walkList', () => {
  it('remembers of a page its ids alone, not its text', async () => {
    const pages = 40
    const ids: string[] = []
    collectGarbage()
    const before = process.memoryUsage().heapUsed
    for await (const page of walkList(walkOver(pages))) ids.push(...page.rows.map(({ zohoId }) => zohoId))
    collectGarbage()
    const grown = process.memoryUsage().heapUsed - before
    expect(new Set(ids).size).toBe(pages * rowsPerPage)
    // Each page is a text of 240 kB.
    expect(grown).toBeLessThan((pages * rowsPerPage * rowBytes) / 3)
  })
})

const rowBytes = 1200

function walkOver(pages: number): Walk {
  const call: AdmittedCall = {
    read: () => Promise.reject(new Error('no details here')),
    readMany: () => Promise.reject(new Error('no details here')),
    readPage: ({ page }) => Promise.resolve({ rows: rowsOf(page), hasMore: page < pages }),
    release: () => Promise.resolve(),
  }
  const now = { query: () => Promise.resolve({ rows: [{ now: '2026-11-26 10:00:00+00' }], rowCount: 1 }) }
  return {
    db: {
      transaction: (work: (tx: typeof now) => unknown) => Promise.resolve(work(now)),
    } as unknown as Database,
    source: { admit: () => Promise.resolve(call) },
    organizationId: '1',
    entity: product,
    lane: 'incremental',
    signal: new AbortController().signal,
    modifiedSince: null,
  }
}

/** Rows as they come out of the text of an answer. */
function rowsOf(page: number): ExactObject[] {
  const rows = Array.from({ length: rowsPerPage }, (_, at) => ({
    item_id: String(573_914_000_000_000_000n + BigInt(page * rowsPerPage + at)),
    description: 'x'.repeat(rowBytes),
  }))
  const { value } = parseExactText(JSON.stringify(rows))
  return Array.isArray(value) ? value.filter(isExactObject) : []
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}
