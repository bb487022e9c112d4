import { entityOf } from '@tds/core'
import { readAnswer, type ZohoAnswer } from './answer.ts'
import { errorOf, faultOf, waitAfter } from './fault.ts'

/** What becomes of an answer: an error's code and disposition, `not-there`, or nothing. */
type Verdict = 'good' | 'not-there' | readonly [code: string, disposition: string, waitMs?: number]

const quota: Verdict = ['zoho_quota_exhausted', 'retry', 37_301_000]
const outage: Verdict = ['zoho_unavailable', 'retry']
const unreadable: Verdict = ['zoho_unreadable', 'retry']
// After the renewal that the client makes by itself: fault.ts only sees that the token was refused.
const permission: Verdict = ['zoho_permission', 'reject', 300_000]
const refused: Verdict = ['zoho_refused', 'dead-letter']
const path: Verdict = ['zoho_path', 'reject']

describe('an answer is judged by its code first and its status second', () => {
  it.each<[status: number, body: string, Verdict]>([
    [200, '{"code":0,"message":"success","item":{}}', 'good'],
    [201, '{"code":0,"message":"created"}', 'good'],
    [200, '{"code":"0","message":"success"}', 'good'],
    [400, '{"code":2,"message":"Invalid value passed for page"}', refused],
    [400, '{"code":2,"message":"Invalid value passed for organization_id"}', ['zoho_organization', 'reject']],
    [200, '{"code":2,"message":"Invalid value passed for page"}', refused],
    [404, '{"code":5,"message":"Invalid URL Passed"}', path],
    [404, '{"code":5,"message":"We couldn\'t find any resource for the given ID."}', 'not-there'],
    [200, '{"code":5,"message":"We couldn\'t find any resource for the given ID."}', path],
    [401, '{"code":14,"message":"Invalid value passed for authtoken"}', permission],
    [200, '{"code":14,"message":"Invalid value passed for authtoken"}', permission],
    [401, '{"code":57,"message":"You are not authorized to perform this operation"}', permission],
    [200, '{"code":57,"message":"You are not authorized to perform this operation"}', permission],
    [
      400,
      '{"code":57,"message":"You are not authorized to perform this operation"}',
      ['zoho_organization', 'reject', 300_000],
    ],
    [401, '<html>sign in</html>', permission],
    [405, '{"code":37,"message":"The HTTP method is not allowed"}', refused],
    [200, '{"code":43,"message":"?"}', rate(300_000)],
    [500, '{"code":43,"message":"?"}', rate(300_000)],
    [429, '{"code":44,"message":"blocked"}', rate(60_000)],
    [400, '{"code":44,"message":"blocked"}', rate(60_000)],
    [429, '{"code":45,"message":"exceeded the maximum call rate limit of 1,000."}', quota],
    [200, '{"code":45,"message":"exceeded the maximum call rate limit of 1000."}', quota],
    [429, '{"code":1070,"message":"Kindly try again after some time."}', rate(5_000)],
    [503, '{"code":1070,"message":"Kindly try again after some time."}', rate(5_000)],
    [429, '<html>slow down</html>', rate(60_000)],
    [500, '{"code":1000,"message":"Internal error"}', outage],
    [200, '{"code":1000,"message":"Internal error"}', outage],
    [500, '{"code":0,"message":"success"}', outage],
    [502, '<html>Bad Gateway</html>', outage],
    [503, '', outage],
    [504, '{"message":"no code"}', outage],
    [400, '{"code":1001,"message":"An item with that name exists already"}', refused],
    [404, '{"code":1002,"message":"Item does not exist."}', 'not-there'],
    [404, '{"code":1002,"message":"Item is not accessible."}', ['zoho_not_accessible', 'dead-letter']],
    [400, '{"code":1002,"message":"Item does not exist."}', refused],
    [400, '{"code":36004,"message":"A rule of the business"}', refused],
    [200, '{"code":36004,"message":"A rule of the business"}', refused],
    [404, '{"detail":"Not Found"}', refused],
    [200, '<html>welcome</html>', unreadable],
    [200, '', unreadable],
    [200, '[]', unreadable],
    [200, '{"message":"no code"}', unreadable],
    [204, '', unreadable],
    [302, '', unreadable],
    [301, '{"code":0,"message":"success","item":{}}', unreadable],
  ])('%i %s', (status, body, verdict) => {
    expect(verdictOn(answerOf(status, body))).toEqual(verdict)
  })

  it('waits as long as Zoho says where it says so', () => {
    const answer = answerOf(429, '{"code":44}', { 'retry-after': '7' })
    expect(waitAfter('rate', answer)).toBe(7_000)
    expect(
      waitAfter('rate', { ...answer, headers: { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' } }),
    ).toBe(60_000)
  })
})

function rate(waitMs: number): Verdict {
  return ['zoho_rate_limited', 'retry', waitMs]
}

const product = entityOf('product')

function verdictOn(answer: ZohoAnswer): Verdict {
  const fault = faultOf(answer)
  if (fault === null) return 'good'
  if (fault === 'not-there') return fault
  if (product === undefined) throw new Error('There is no product.')
  const { code, disposition, facts, nextStep } = errorOf(fault, answer, { entity: product, zohoId: '1' })
  expect(nextStep).not.toBe('')
  const waitMs = facts['retryAfterMs']
  return typeof waitMs === 'number' ? [code, disposition, waitMs] : [code, disposition]
}

function answerOf(status: number, body: string, headers: Record<string, string> = {}): ZohoAnswer {
  return readAnswer({
    status,
    body: Buffer.from(body),
    headers: { 'x-rate-limit-reset': '37301', ...headers },
  })
}
