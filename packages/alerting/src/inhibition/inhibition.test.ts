import type { Severity } from '../severity.ts'
import { type InhibitionPeer, type InhibitionRule, inhibitorOf } from './inhibition.ts'

function peer(
  rule: string,
  severity: Severity = 'warning',
  labels: Record<string, string> = {},
): InhibitionPeer {
  return { fingerprint: rule + JSON.stringify(labels), severity, labels: { rule, ...labels } }
}

describe('inhibition', () => {
  it('AL-21: keeps backlog and lag quiet while no worker lives', () => {
    const down = peer('worker_down', 'critical')
    expect(inhibitorOf(peer('queue_backlog'), [down])).toBe(down)
    expect(inhibitorOf(peer('sync_lag'), [down])).toBe(down)
    expect(inhibitorOf(peer('dlq_open', 'error'), [down])).toBeNull()
  })

  it('never keeps quiet what is more urgent, itself, or what the alerter says of itself', () => {
    expect(inhibitorOf(peer('failure_rate', 'critical'), [peer('zoho_quota', 'error')])).toBeNull()
    expect(inhibitorOf(peer('worker_down', 'critical'), [peer('worker_down', 'critical')])).toBeNull()
    expect(inhibitorOf(peer('receiver_broken'), [peer('worker_down', 'critical')])).toBeNull()
  })

  it('does not let two that explain each other keep both quiet', () => {
    const any: InhibitionRule = { source: [], target: [], equal: [] }
    expect(inhibitorOf(peer('a'), [peer('b')], [any])).toBeNull()
  })

  it('asks for the labels that both must share', () => {
    const rule: InhibitionRule = {
      source: [{ label: 'rule', op: '=', values: ['a'] }],
      target: [{ label: 'rule', op: '=', values: ['b'] }],
      equal: ['entity'],
    }
    const source = peer('a', 'error', { entity: 'product' })
    expect(inhibitorOf(peer('b', 'warning', { entity: 'product' }), [source], [rule])).toBe(source)
    expect(inhibitorOf(peer('b', 'warning', { entity: 'invoice' }), [source], [rule])).toBeNull()
  })
})
