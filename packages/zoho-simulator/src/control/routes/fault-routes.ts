import type { ControlRoute } from '../control-route.ts'
import { readDownRequest, readFaultRule } from '../fault-requests.ts'
import { asJson } from '../shown.ts'

/** What goes wrong. */
export const faultRoutes: readonly ControlRoute[] = [
  {
    method: 'POST',
    path: '/faults',
    tells:
      'A rule: `{fault, path?, method?, after?, next?, share?, seed?, forSeconds?}` and the fault’s own numbers.',
    handle: ({ control, body }) => ({ body: { id: control.faults.add(readFaultRule(body())) } }),
  },
  {
    method: 'GET',
    path: '/faults',
    tells: 'The rules that have not ended, with how many calls matched and how many met the fault.',
    handle: ({ control }) => ({ body: { rules: asJson(control.faults.rules()) } }),
  },
  {
    method: 'DELETE',
    path: '/faults',
    tells: 'Ends every rule, the one of `/down` included.',
    handle: ({ control }) => {
      control.faults.remove()
      return { body: { status: 'ended' } }
    },
  },
  {
    method: 'DELETE',
    path: '/faults/:id',
    tells: 'Ends one rule.',
    handle: ({ control, parameter }) => {
      control.faults.remove(parameter('id'))
      return { body: { status: 'ended' } }
    },
  },
  {
    method: 'PUT',
    path: '/down',
    tells:
      'Zoho is away: `{fault?, tokens?, seconds?}`; by default `html-page`, the token endpoint included, until told otherwise. Comes before every other rule.',
    handle: ({ control, body }) => {
      control.faults.goDown(readDownRequest(body()))
      return { body: { status: 'down' } }
    },
  },
  {
    method: 'DELETE',
    path: '/down',
    tells: 'Zoho is back.',
    handle: ({ control }) => {
      if (control.faults.rules().some(({ id }) => id === 'down')) control.faults.remove('down')
      return { body: { status: 'up' } }
    },
  },
]
