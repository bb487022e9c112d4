import type { Texts } from './texts.ts'

/** English. */
export const english: Texts = {
  language: 'en',
  direction: 'ltr',
  kinds: {
    firing: 'Firing',
    update: 'Changed',
    repeat: 'Still firing',
    resolved: 'Resolved',
    combined: 'Fired and resolved',
    flapping: 'Flapping',
    stable: 'Stable again',
    digest: 'Several changes',
    internal: 'About the alerter',
    emergency: 'Emergency',
    test: 'TEST, nothing is wrong',
  },
  severities: { info: 'info', warning: 'warning', error: 'error', critical: 'CRITICAL' },
  states: { firing: 'firing', resolved: 'resolved', both: 'firing and resolved' },
  labels: {
    state: 'State',
    severity: 'Severity',
    rule: 'Rule',
    value: 'Value',
    threshold: 'Threshold',
    since: 'Since',
    duration: 'Duration',
    count: 'Alerts',
    reason: 'Why now',
    repeat: 'Repetition',
    environment: 'Environment',
    messageId: 'Message',
    about: 'About',
  },
  links: { runbook: 'What to do', alert: 'Look at it' },
  titles: {},
  reasons: {},
  none: 'none',
  counted: ({ firing, resolved }) => `${String(firing)} firing, ${String(resolved)} resolved`,
  more: (count) => `+ ${String(count)} more`,
  duration: ({ days, hours, minutes, seconds }) =>
    [
      days > 0 ? `${String(days)} d` : '',
      hours > 0 ? `${String(hours)} h` : '',
      minutes > 0 && days === 0 ? `${String(minutes)} min` : '',
      days === 0 && hours === 0 ? `${String(seconds)} s` : '',
    ]
      .filter((part) => part !== '')
      .join(' '),
}
