import fc from 'fast-check'
import { severities, type Severity } from '../severity.ts'
import { decideFlush, type FlushInput, type GroupMember, type Told } from './flush-decision.ts'

const second = 1_000_000
const untold: Told = { firing: new Map(), severity: null, repeats: 0, sentAt: null, isUnderWay: false }

function member(name: string, o: Partial<GroupMember> = {}): GroupMember {
  return {
    fingerprint: name,
    alertId: `${name}-1`,
    severity: 'warning',
    isFiring: true,
    isAcknowledged: false,
    muted: null,
    ...o,
  }
}

function told(names: readonly string[], o: Partial<Told> = {}): Told {
  const firing = new Map(names.map((name) => [name, `${name}-1`]))
  return { ...untold, firing, severity: 'warning', sentAt: 0, ...o }
}

function isGrave({ severity }: GroupMember): boolean {
  return severity === 'error' || severity === 'critical'
}

function decide(members: readonly GroupMember[], o: Partial<FlushInput> = {}) {
  return decideFlush({
    members,
    told: untold,
    repeatSeconds: 3600,
    reason: null,
    wantsResolved: true,
    now: 60 * second,
    ...o,
  })
}

describe('what a flush sends', () => {
  it('tells of the first alert, of one more, and of one that became more urgent', () => {
    expect(decide([member('a')])).toMatchObject({ kind: 'firing', alertIds: ['a-1'] })
    expect(decide([member('a'), member('b')], { told: told(['a']) })).toMatchObject({ kind: 'firing' })
    expect(decide([member('a', { severity: 'critical' })], { told: told(['a']) })).toMatchObject({
      kind: 'firing',
      reason: 'more urgent',
    })
  })

  it('tells that all is over, or that some are', () => {
    const over = member('a', { isFiring: false })
    expect(decide([over], { told: told(['a']) })).toMatchObject({ kind: 'resolved', alertIds: ['a-1'] })
    expect(decide([over, member('b')], { told: told(['a', 'b']) })).toMatchObject({ kind: 'update' })
    expect(decide([over], { told: told(['a']), wantsResolved: false })).toMatchObject({
      kind: null,
      reason: 'not_wanted',
      after: { firing: new Map() },
    })
  })

  it('AL-15: repeats after its interval, counts, and not what somebody has in hand', () => {
    const later = { told: told(['a'], { repeats: 2 }), now: 3600 * second }
    expect(decide([member('a')], later)).toMatchObject({ kind: 'repeat', after: { repeats: 3 } })
    expect(decide([member('a', { isAcknowledged: true })], later)).toMatchObject({
      kind: null,
      reason: 'nothing_new',
    })
    expect(decide([member('a')], { ...later, now: 3599 * second }).kind).toBeNull()
    expect(decide([member('a')], { ...later, repeatSeconds: null }).kind).toBeNull()
  })

  it('AL-16: says nothing of a warning that was over before anybody was told, and one thing of an error', () => {
    const brief = (severity: Severity) => member('a', { severity, isFiring: false })
    expect(decide([brief('warning')])).toMatchObject({ kind: null })
    expect(decide([brief('error')])).toMatchObject({ kind: 'combined', alertIds: ['a-1'] })
  })

  it('AL-16: tells of an error that began and ended unheard also where the end of another is told', () => {
    const [known, brief] = [
      member('a', { isFiring: false }),
      member('b', { isFiring: false, severity: 'error' }),
    ]
    expect(decide([known, brief], { told: told(['a']) })).toMatchObject({
      kind: 'resolved',
      alertIds: ['a-1', 'b-1'],
    })
  })

  it('puts one message in the place of a firing one that has not left yet when all is over', () => {
    const over = member('a', { isFiring: false })
    const decision = decide([over], { told: told(['a'], { isUnderWay: true, sentAt: null }) })
    expect(decision).toMatchObject({ kind: 'combined', replaces: true })
  })

  it('AL-17: says nothing of what is silenced, and tells of the next episode at once', () => {
    expect(decide([member('a', { muted: 'silenced' })])).toMatchObject({ kind: null, reason: 'silenced' })
    const second = member('a', { alertId: 'a-2' })
    expect(decide([second], { told: told(['a']) })).toMatchObject({ kind: 'firing' })
  })

  it('AL-18: tells in spite of a silence that what was told is over', () => {
    const over = member('a', { isFiring: false, muted: 'silenced' })
    expect(decide([over], { told: told(['a']) })).toMatchObject({ kind: 'resolved' })
  })

  it('AL-19: tells what still fires when a silence ends, and why', () => {
    const ended = { told: told(['a']), reason: 'silence ended' }
    expect(decide([member('a')], ended)).toMatchObject({ kind: 'firing', reason: 'silence ended' })
  })

  it('does not call over what is only muted', () => {
    const decision = decide([member('a', { muted: 'inhibited' })], { told: told(['a']) })
    expect(decision).toMatchObject({ kind: null, reason: 'inhibited' })
    expect([...decision.after.firing.keys()]).toEqual(['a'])
  })

  it('never tells of the muted as firing, never says resolved of what nobody was told, and says nothing twice', () => {
    const arbitraryMember = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      episode: fc.constantFrom('1', '2'),
      severity: fc.constantFrom(...severities),
      isFiring: fc.boolean(),
      isAcknowledged: fc.boolean(),
      muted: fc.constantFrom(null, 'silenced' as const, 'inhibited' as const, 'flapping' as const),
    })
    const members = fc
      .uniqueArray(arbitraryMember, { selector: ({ name }) => name, maxLength: 4 })
      .map((all) =>
        all.map(({ name, episode, ...rest }) => ({
          ...rest,
          fingerprint: name,
          alertId: `${name}-${episode}`,
        })),
      )
    fc.assert(
      fc.property(members, fc.subarray(['a', 'b', 'c', 'd']), (all, known) => {
        const before = told(known)
        const decision = decide(all, { told: before })
        const said = all.filter(({ alertId }) => decision.alertIds.includes(alertId))
        if (decision.kind !== null)
          expect(said.filter(({ isFiring, muted }) => isFiring && muted !== null)).toEqual([])
        if (decision.kind === 'resolved')
          expect(
            said.every((one) => isGrave(one) || before.firing.get(one.fingerprint) === one.alertId),
          ).toBe(true)
        const loud = all.filter(({ isFiring, muted }) => isFiring && muted === null)
        expect(loud.every((one) => decision.after.firing.get(one.fingerprint) === one.alertId)).toBe(true)
        const again = decide(
          all.filter(({ isFiring }) => isFiring),
          { told: { ...before, ...decision.after } },
        )
        expect(again.kind).toBeNull()
      }),
      { numRuns: 2000 },
    )
  })
})
