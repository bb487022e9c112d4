import { openApiDocument } from '@tds/api'
import { entities } from '@tds/core'
import { readPage, rowsWith } from '../testing/docs/pages.ts'

const page = readPage('docs/reference/api.md')
const paths = openApiDocument('http://localhost').paths ?? {}
const webhookPaths = Object.keys(paths).filter((path) => path.startsWith('/webhooks/'))

describe('docs/reference/api.md', () => {
  it('lists every resource that webhooks are taken for, and no other', () => {
    const told = rowsWith(page, 'resource', 'aliases').map((row) => ({
      resource: row['resource'],
      aliases: row['aliases'],
      type: row['type'],
      wrapper: row['record under'],
      id: row['id'],
    }))
    const registered = entities.map(({ resource, aliases, type, source }) => ({
      resource,
      aliases: aliases.join(', '),
      type,
      wrapper: source.wrapper,
      id: source.id,
    }))
    expect(told).toEqual(registered)
  })

  it('names the actions that may stand behind a resource', () => {
    const actions = new Set(webhookPaths.map((path) => path.split('/')[3]))
    actions.delete(undefined)
    expect([...actions].filter((action) => !page.text.includes(`\`${String(action)}\``))).toEqual([])
    const names = entities.flatMap(({ resource, aliases }) => [resource, ...aliases])
    expect(webhookPaths).toHaveLength(names.length * (actions.size + 1))
  })

  it('lists every answer to a webhook, and no other', () => {
    const told = rowsWith(page, 'status', 'when').map((row) => row['status'] ?? '')
    for (const path of webhookPaths) {
      expect([...new Set(told)].sort()).toEqual(Object.keys(paths[path]?.post?.responses ?? {}).sort())
    }
  })

  it('lists every other route with its answers, and no other', () => {
    const told = rowsWith(page, 'path', 'answers').map(
      (row) => `${row['path'] ?? ''}: ${row['answers'] ?? ''}`,
    )
    const described = Object.entries(paths)
      .filter(([path]) => !path.startsWith('/webhooks/'))
      .map(([path, route]) => `${path}: ${Object.keys(route.get?.responses ?? {}).join(', ')}`)
    expect(told.sort()).toEqual(described.sort())
  })
})
