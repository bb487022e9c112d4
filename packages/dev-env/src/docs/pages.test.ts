import { existsSync, readdirSync } from 'node:fs'
import { posix } from 'node:path'
import {
  allPages,
  anchorsOf,
  checkout,
  fencesOf,
  linksOf,
  namesIn,
  purposeOf,
  readPage,
  readText,
  type Page,
} from '../testing/docs/pages.ts'

interface RootManifest {
  packageManager: string
  scripts: Record<string, string>
}

const pages = allPages()
const byPath = new Map(pages.map((page) => [page.path, page]))
const manifest = JSON.parse(readText('package.json')) as RootManifest
const operator = JSON.parse(readText('scripts/package.json')) as Pick<RootManifest, 'scripts'>

describe('every page', () => {
  it('says first what it is for', () => {
    const silent = pages.filter((page) => !isDecision(page) && purposeOf(page).length < 40)
    expect(silent.map((page) => page.path)).toEqual([])
  })

  it('links only to what is there', () => {
    const broken = pages.flatMap((page) =>
      linksOf(page)
        .filter(({ target }) => !/^(?:https?|mailto):/.test(target) && !leadsSomewhere(page, target))
        .map(({ target }) => `${page.path} → ${target}`),
    )
    expect(broken).toEqual([])
  })

  it('is reached from the map', () => {
    const found = new Set(['README.md', 'CHANGELOG.md', 'docs/index.md'])
    const open = ['docs/index.md']
    for (const path of open) {
      const page = byPath.get(path)
      if (page === undefined) continue
      for (const { target } of linksOf(page)) {
        const next = targetOf(page, target).path
        if (found.has(next) || !byPath.has(next)) continue
        found.add(next)
        open.push(next)
      }
    }
    expect(pages.map((page) => page.path).filter((path) => !found.has(path))).toEqual([])
  })

  it('names commands that exist, and the pnpm that the project pins', () => {
    const wrong = pages.flatMap((page) =>
      commandsOf(page)
        .filter((command) => !isCommand(command))
        .map((command) => `${page.path}: ${command}`),
    )
    expect(wrong).toEqual([])
  })

  it('names files that exist', () => {
    const missing = pages.flatMap((page) =>
      [...page.text.matchAll(/`((?:apps|packages|scripts|prisma|eslint|docs|\.ci)\/[\w./-]+)`/g)]
        .map(([, path = '']) => path)
        .filter((path) => !path.includes('/dist/') && !existsSync(`${checkout}${path}`))
        .map((path) => `${page.path}: ${path}`),
    )
    expect(missing).toEqual([])
  })
})

describe('a decision', () => {
  it('tells its context, the choice and what follows', () => {
    const untold = pages
      .filter(isDecision)
      .filter(
        ({ text }) => !/^Status: .+\n\n## Context\n[^]+\n## Choice\n[^]+\n## What follows\n/m.test(text),
      )
    expect(untold.map((page) => page.path)).toEqual([])
  })
})

describe('README.md', () => {
  it('lists every command of the project and no other', () => {
    const listed = namesIn(readPage('README.md'), 'command', 'does').map((name) => name.replace(/^pnpm /, ''))
    // postinstall is run by the install, not by people.
    const scripts = Object.keys(manifest.scripts).filter((name) => name !== 'postinstall')
    expect(listed.sort()).toEqual(scripts.sort())
  })
})

describe('comments in the code', () => {
  it('point to pages that exist', () => {
    const missing = sourceFiles().flatMap((file) =>
      [...readText(file).matchAll(/\bdocs\/[\w/-]+\.md\b/g)]
        .map(([path]) => path)
        .filter((path) => !existsSync(`${checkout}${path}`))
        .map((path) => `${file}: ${path}`),
    )
    expect(missing).toEqual([])
  })
})

function isDecision({ path }: Page): boolean {
  return path.startsWith('docs/decisions/')
}

function leadsSomewhere(page: Page, target: string): boolean {
  const { path, anchor } = targetOf(page, target)
  if (anchor === undefined) return existsSync(`${checkout}${path}`)
  const to = byPath.get(path)
  return to !== undefined && anchorsOf(to).includes(anchor)
}

function targetOf(page: Page, target: string): { path: string; anchor: string | undefined } {
  const [file = '', anchor] = target.split('#')
  return { path: file === '' ? page.path : posix.join(posix.dirname(page.path), file), anchor }
}

function commandsOf(page: Page): string[] {
  const shells = fencesOf(page).filter(({ language }) => language === 'sh')
  const lines = [...shells.flatMap(({ lines: inside }) => inside), ...inlineCodeOf(page)]
  return lines.filter((line) => /^(?:npx -y )?pnpm[@ ]/.test(line))
}

function inlineCodeOf({ text }: Page): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
}

function isCommand(line: string): boolean {
  const [, filtered] = /^(?:npx -y )?pnpm(?:@[\d.]+)? --filter scripts (\S+)/.exec(line) ?? []
  if (filtered !== undefined) return filtered === '<command>' || Object.hasOwn(operator.scripts, filtered)
  const [, version, script = ''] = /^(?:npx -y )?pnpm(?:@([\d.]+))? (?:-s )?(\S+)/.exec(line) ?? []
  if (version !== undefined && manifest.packageManager !== `pnpm@${version}`) return false
  return (
    ['install', 'exec', '<command>', '<script>'].includes(script) || Object.hasOwn(manifest.scripts, script)
  )
}

function sourceFiles(): string[] {
  return ['apps', 'packages', 'scripts', 'prisma', 'eslint'].flatMap(sourcesIn)
}

function sourcesIn(folder: string): string[] {
  return readdirSync(`${checkout}${folder}`, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory())
      return /^(?:node_modules|dist|generated)$/.test(entry.name) ? [] : sourcesIn(path)
    return /\.(?:ts|js|mjs|sql|sh)$/.test(entry.name) ? [path] : []
  })
}
