import { answered, failed } from '../testing/circuit-world.ts'
import { evidenceOf } from './circuit-evidence.ts'

describe('what a call says about Zoho', () => {
  it.each([
    ['5xx', answered(503, '{"message":"?"}'), 'server_error'],
    ['a page on 5xx', answered(502, '<html>Bad Gateway</html>'), 'server_error'],
    ['code 1000 with status 200', answered(200, '{"code":1000}'), 'server_error'],
    ['a page on 200', answered(200, '<html>maintenance</html>'), 'unreadable'],
    ['an empty answer', answered(200, ''), 'unreadable'],
    ['an answer cut off', answered(200, '{"code":0,"item":{'), 'unreadable'],
    ['a redirect', answered(302, ''), 'unreadable'],
    ['a time-out', failed('timeout'), 'timeout'],
    ['a refused connection', failed('refused'), 'refused'],
    ['a name that cannot be resolved', failed('dns'), 'dns'],
    ['a broken connection', failed('connection'), 'connection'],
    ['a refused certificate', failed('tls'), 'tls'],
  ])('counts against it: %s', (_, outcome, reason) => {
    expect(evidenceOf(outcome)).toEqual({ kind: 'failed', reason })
  })

  it.each([
    ['a record', answered(200, '{"code":0,"item":{}}')],
    ['a record that is not there', answered(404, '{"code":1002,"message":"Item does not exist."}')],
    ['a record hidden from us', answered(404, '{"code":1002,"message":"not accessible"}')],
    ['an unknown path', answered(404, '{"code":5,"message":"Invalid URL Passed"}')],
    ['the limit of a minute', answered(429, '{"code":44}')],
    ['too many in flight', answered(429, '{"code":1070}')],
    ['a short block', answered(400, '{"code":43}')],
    ['429 with a page', answered(429, '<html>slow down</html>')],
    ['an expired token', answered(401, '{"code":57}')],
    ['a token that is none', answered(401, '{"code":14}')],
    ['a refused request', answered(400, '{"code":2,"message":"Invalid value"}')],
    ['a wrong organisation', answered(400, '{"code":2,"message":"organization_id"}')],
    ['an answer that is too large', failed('', 'response_too_large')],
  ])('shows that it is there: %s', (_, outcome) => {
    expect(evidenceOf(outcome)).toEqual({ kind: 'passed' })
  })

  it('is of its own kind when the day has no calls left, with the time until it ends', () => {
    const told = answered(429, '{"code":45}', { 'x-rate-limit-reset': '3600' })
    expect(evidenceOf(told)).toEqual({ kind: 'quota', waitMs: 3_600_000 })
  })

  it.each([
    ['our own stopping', failed('aborted')],
    ['an address that is none', failed('', 'invalid_url')],
  ])('is nothing: %s', (_, outcome) => {
    expect(evidenceOf(outcome)).toEqual({ kind: 'nothing' })
  })
})
