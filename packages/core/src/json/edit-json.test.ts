import fc from 'fast-check'
import { exactJson } from '../testing/arbitrary-json.ts'
import { exactStringify as write } from './canonical-json.ts'
import type { ExactJson } from './exact-json.ts'
import { mergePatch } from './merge-patch.ts'
import { parseExactText } from './parse-exact-json.ts'
import { changedPaths, readJsonPath, withValueAt } from './value-at-path.ts'

function read(text: string): ExactJson {
  return parseExactText(text).value
}

describe('mergePatch', () => {
  // The examples of RFC 7386, appendix A.
  it.each([
    ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
    ['{"a":"b"}', '{"a":null}', '{}'],
    ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
    ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
    ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
    ['["a","b"]', '["c","d"]', '["c","d"]'],
    ['{"a":"b"}', '["c"]', '["c"]'],
    ['{"a":"foo"}', 'null', 'null'],
    ['{"a":"foo"}', '"bar"', '"bar"'],
    ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
    ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
    ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ])('makes of %s by %s what RFC 7386 says: %s', (target, patch, result) => {
    expect(write(mergePatch(read(target), read(patch)))).toBe(result)
  })

  it('keeps every digit of what it brings and of what it leaves', () => {
    const target = read('{"id":460320000010006955123,"rate":1.10,"lines":[{"q":0.30000000000000001}]}')
    const merged = mergePatch(target, read('{"rate":14.500000000000000001}'))
    expect(write(merged)).toBe(
      '{"id":460320000010006955123,"rate":14.500000000000000001,"lines":[{"q":0.30000000000000001}]}',
    )
    expect(write(target)).toContain('"rate":1.10')
  })

  it('takes __proto__ for a key like any other', () => {
    const merged = mergePatch(read('{"a":1}'), read('{"__proto__":{"b":2},"constructor":3}'))
    expect(write(merged)).toBe('{"a":1,"__proto__":{"b":2},"constructor":3}')
    expect(({} as Record<string, unknown>)['b']).toBeUndefined()
  })

  it('applied twice is applied once', () => {
    fc.assert(
      fc.property(exactJson, exactJson, (target, patch) => {
        const once = mergePatch(target, patch)
        expect(write(mergePatch(once, patch))).toBe(write(once))
      }),
    )
  })
})

describe('withValueAt', () => {
  it.each([
    ['item.rate', '14.50', '{"item":{"rate":14.50,"lines":[{"n":1},{"n":2}],"a.b":0}}'],
    ['item.lines.1.n', '"x"', '{"item":{"rate":1,"lines":[{"n":1},{"n":"x"}],"a.b":0}}'],
    ['item.lines.2', 'null', '{"item":{"rate":1,"lines":[{"n":1},{"n":2},null],"a.b":0}}'],
    ['/item/a.b', '{}', '{"item":{"rate":1,"lines":[{"n":1},{"n":2}],"a.b":{}}}'],
    ['item.__proto__', '7', '{"item":{"rate":1,"lines":[{"n":1},{"n":2}],"a.b":0,"__proto__":7}}'],
  ])('puts at %s the value %s', (path, put, result) => {
    const value = read('{"item":{"rate":1,"lines":[{"n":1},{"n":2}],"a.b":0}}')
    expect(write(withValueAt(value, readJsonPath(path) ?? [], read(put)))).toBe(result)
    expect(write(value)).toBe('{"item":{"rate":1,"lines":[{"n":1},{"n":2}],"a.b":0}}')
  })

  it.each(['other.rate', 'item.rate.x', 'item.lines.3', 'item.lines.01', 'item.lines.-1', 'item.lines.x'])(
    'finds no place at %s',
    (path) => {
      const value = read('{"item":{"rate":1,"lines":[{"n":1},{"n":2}]}}')
      expect(withValueAt(value, readJsonPath(path) ?? [], true)).toBeNull()
    },
  )

  it.each(['', 'a..b', '.a', '/a//b'])('reads no path in "%s"', (path) => {
    expect(readJsonPath(path)).toBeNull()
  })
})

describe('changedPaths', () => {
  it('names the outermost places that differ, and no two spellings of one number', () => {
    const before = read('{"a":1,"b":{"c/d":1,"e":[1,2]},"f":[1],"g":1.0}')
    const after = read('{"a":1.00,"b":{"c/d":2,"e":[1,3]},"f":[1,2],"h":0,"g":1}')
    expect(changedPaths(before, after)).toEqual(['/b/c~1d', '/b/e/1', '/f', '/h'])
  })
})
