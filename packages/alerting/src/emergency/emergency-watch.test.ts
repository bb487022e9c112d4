import { captureLogs, manualClock, type ManualClock } from '@tds/runtime/testing'
import type { AlertMessage } from '../messages/message.ts'
import type { DeliveryResult, Integration, Receiver } from '../receivers/receiver.ts'
import { emergencyWatch } from './emergency-watch.ts'
import type { Emergency } from './emergency.ts'

const minute = 60_000

/** A way to people that takes or refuses what it is told to. */
interface Way {
  readonly receiver: Receiver
  readonly told: AlertMessage[]
  refuses: boolean
}

function wayBy(integration: Integration): Way {
  const told: AlertMessage[] = []
  const answer = (name: DeliveryResult['class']): DeliveryResult => ({
    class: name,
    providerStatus: null,
    detail: null,
    retryAfterMs: null,
  })
  const way: Way = {
    told,
    refuses: false,
    receiver: {
      integration,
      shownAddress: '…',
      settings: [],
      limits: [],
      deliver: ({ message }) => {
        if (!way.refuses) told.push(message)
        return Promise.resolve(answer(way.refuses ? 'retry' : 'success'))
      },
      close: () => Promise.resolve(),
    },
  }
  return way
}

describe('an emergency', () => {
  let clock: ManualClock
  let isWell: boolean
  let ended: Emergency[]
  let slack: Way
  let mail: Way
  let watch: ReturnType<typeof emergencyWatch>

  beforeEach(async () => {
    captureLogs()
    clock = manualClock()
    isWell = true
    ended = []
    slack = wayBy('slack')
    mail = wayBy('email')
    watch = emergencyWatch({
      receivers: [slack.receiver, mail.receiver],
      language: 'en',
      environment: 'test',
      runbookUrl: () => null,
      rule: 'database_unreachable',
      title: 'Postgres does not answer',
      probe: () => (isWell ? Promise.resolve() : Promise.reject(new Error('refused'))),
      afterMs: minute,
      repeatMs: 15 * minute,
      everyMs: 5_000,
      onEnd: (emergency) => {
        ended.push(emergency)
        return Promise.resolve()
      },
      clock,
    })
    await watch.start()
    await clock.advance(10_000)
  })

  afterEach(() => watch.stop())

  const kinds = ({ told }: Way) => told.map(({ kind }) => kind)

  it('AL-22: is nothing where it lasts twenty seconds', async () => {
    isWell = false
    await clock.advance(20_000)
    isWell = true
    await clock.advance(5 * minute)
    expect([...kinds(slack), ...kinds(mail), ...ended]).toEqual([])
  })

  it('AL-22: is told by every way within 60 to 76 s, not again within a quarter of an hour, and when it is over', async () => {
    isWell = false
    await clock.advance(minute)
    expect(kinds(slack)).toEqual([])
    await clock.advance(16_000)
    expect([kinds(slack), kinds(mail)]).toEqual([['emergency'], ['emergency']])
    await clock.advance(13 * minute)
    expect(kinds(slack)).toEqual(['emergency'])
    await clock.advance(3 * minute)
    expect(slack.told.map(({ repeat }) => repeat)).toEqual([0, 1])
    isWell = true
    await clock.advance(20_000)
    expect(kinds(slack)).toEqual(['emergency', 'emergency', 'resolved'])
    expect(ended).toHaveLength(1)
    expect(ended[0]?.endedAt).not.toBeNull()
  })

  it('is told again to the way that refused it, and to no other', async () => {
    isWell = false
    mail.refuses = true
    await clock.advance(2 * minute)
    expect([kinds(slack), kinds(mail)]).toEqual([['emergency'], []])
    mail.refuses = false
    await clock.advance(20_000)
    expect([kinds(slack), kinds(mail)]).toEqual([['emergency'], ['emergency']])
  })

  it('says that it is over to whoever was told, also where Postgres is back before everybody was', async () => {
    isWell = false
    mail.refuses = true
    await clock.advance(2 * minute)
    isWell = true
    await clock.advance(20_000)
    mail.refuses = false
    await clock.advance(20_000)
    expect([kinds(slack), kinds(mail)]).toEqual([['emergency', 'resolved'], ['resolved']])
  })
})
