import { TdsError } from '@tds/runtime'

/** There is no episode of this id. */
export function alertNotFound(id: string): TdsError {
  return new TdsError(`There is no alert ${id}`, {
    code: 'alert_not_found',
    disposition: 'reject',
    nextStep: 'Look the id up with tds alerts list --all.',
    facts: { alertId: id },
  })
}

/** The episode is over: nobody can take it in hand any more. */
export function alertNotActive(id: string, rule: string, over: string): TdsError {
  return new TdsError(`The alert ${id} (${rule}) is over since ${over}`, {
    code: 'alert_not_active',
    disposition: 'reject',
    nextStep: 'Nothing has to be done; if it fires again, it is another alert: see tds alerts list.',
    facts: { alertId: id, rule, over },
  })
}

/** There is no silence of this id. */
export function silenceNotFound(id: string): TdsError {
  return new TdsError(`There is no silence ${id}`, {
    code: 'silence_not_found',
    disposition: 'reject',
    nextStep: 'Look the id up with tds alerts silences --expired.',
    facts: { silenceId: id },
  })
}

/** The silence has ended already. */
export function silenceOver(id: string, over: string): TdsError {
  return new TdsError(`The silence ${id} is over since ${over}`, {
    code: 'silence_over',
    disposition: 'reject',
    nextStep: 'Look at those in force with tds alerts silences.',
    facts: { silenceId: id, over },
  })
}

/** It would end before it begins, or at a time that is past. */
export function endsTooEarly(startsAt: Date, endsAt: Date): TdsError {
  return new TdsError(`A silence from ${startsAt.toISOString()} cannot end at ${endsAt.toISOString()}`, {
    code: 'silence_refused',
    disposition: 'reject',
    nextStep: 'Give an end that is after the beginning and still to come.',
    facts: { startsAt, endsAt },
  })
}

/** It would last too long. */
export function lastsTooLong(startsAt: Date, endsAt: Date): TdsError {
  return new TdsError(
    `A silence from ${startsAt.toISOString()} to ${endsAt.toISOString()} is longer than 30 days`,
    {
      code: 'silence_refused',
      disposition: 'reject',
      nextStep:
        'Give an end at most 30 days after the beginning, or switch the rule off with tds alert-rules set.',
      facts: { startsAt, endsAt },
    },
  )
}

/** Nobody said why. */
export function reasonMissing(): TdsError {
  return new TdsError('A silence needs a reason of at least three characters', {
    code: 'silence_refused',
    disposition: 'reject',
    nextStep: 'Say with --reason why nobody is to be told; whoever looks for an alert reads it.',
  })
}

/** Nobody said what. */
export function nothingNamed(): TdsError {
  return new TdsError('A silence must name what it catches', {
    code: 'silence_refused',
    disposition: 'reject',
    nextStep: 'Name a rule or another label, for example rule=queue_backlog; --everything is for all alerts.',
  })
}

/** It would catch every alert there can be. */
export function catchesEverything(words: string): TdsError {
  return new TdsError(`A silence of ${words} catches everything`, {
    code: 'silence_catches_everything',
    disposition: 'reject',
    nextStep:
      'Name a rule or another label more narrowly, or confirm with --everything that all alerts are meant.',
    facts: { matchers: words },
  })
}
