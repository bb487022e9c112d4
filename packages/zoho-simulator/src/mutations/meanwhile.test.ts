import { objectOf, objectsOf } from '../exact/fields.ts'
import { testBench } from '../testing/api-client.ts'

async function setup() {
  const bench = await testBench()
  const id = bench.simulator.truth('bill').records[0]?.id ?? ''
  const path = `/books/v3/bills/${id}`
  const notes = async () => objectOf((await bench.get(path)).body, 'bill')['notes']
  const meanwhile = (more: object) =>
    bench.control('POST', '/meanwhile', {
      path,
      mutation: { type: 'bill', kind: 'update', id, set: { notes: 'changed' } },
      ...more,
    })
  return Object.assign(bench, { id, path, notes, meanwhile })
}

describe('a change meanwhile', () => {
  it('happens while the answer is under way: the caller reads what was, the next one what is', async () => {
    await using bench = await setup()
    await bench.meanwhile({})
    expect(await bench.notes()).not.toBe('changed')
    expect(await bench.notes()).toBe('changed')
    const { body } = await bench.control('GET', '/meanwhile')
    const [entry] = objectsOf(body, 'meanwhile')
    expect(objectOf(entry ?? {}, 'outcome')).toMatchObject({ type: 'bill', kind: 'update', id: bench.id })
  })

  it('happens before the answer where asked, after so many calls, and once', async () => {
    await using bench = await setup()
    await bench.meanwhile({ when: 'before', after: 1 })
    expect(await bench.notes()).not.toBe('changed')
    expect(await bench.notes()).toBe('changed')
    bench.simulator.mutate({ type: 'bill', kind: 'update', id: bench.id, set: { notes: 'again' } })
    expect(await bench.notes()).toBe('again')
  })

  it('spoils nobody’s call where the world does not let it happen, and says why', async () => {
    await using bench = await setup()
    await bench.meanwhile({ when: 'before', mutation: { type: 'bill', kind: 'restore', id: bench.id } })
    expect((await bench.get(bench.path)).status).toBe(200)
    const [entry] = bench.simulator.meanwhile.entries()
    expect(entry?.outcome).toMatchObject({ error: expect.stringContaining('is not deleted') })
    await bench.control('DELETE', '/meanwhile')
    expect(bench.simulator.meanwhile.entries()).toEqual([])
  })

  it.each([
    [{ path: 'bills' }, 'path must begin with /'],
    [{ when: 'later' }, 'when must be one of before, during'],
    [{ mutation: { type: 'bill' } }, 'kind is missing'],
  ])('is refused with the reason: %j', async (more, message) => {
    await using bench = await setup()
    const answer = await bench.meanwhile(more)
    expect([answer.status, answer.body['error']]).toEqual([400, expect.stringContaining(message)])
  })
})
