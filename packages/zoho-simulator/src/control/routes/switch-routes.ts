import { isJsonObject } from '../../exact/json.ts'
import { InvalidInputError } from '../../invalid-input-error.ts'
import type { ControlRoute } from '../control-route.ts'
import { asJson } from '../shown.ts'

/** The switches. */
export const switchRoutes: readonly ControlRoute[] = [
  {
    method: 'GET',
    path: '/switches',
    tells: 'Where every switch stands.',
    handle: ({ control }) => ({ body: asJson(control.switchboard.values) }),
  },
  {
    method: 'PATCH',
    path: '/switches',
    tells: 'Sets some: `{name: value, …}`, all or none; answers where every switch stands.',
    handle: ({ control, body }) => {
      const changes = body()
      if (!isJsonObject(changes)) throw new InvalidInputError('Send a JSON object of switches')
      control.switchboard.set(changes)
      return { body: asJson(control.switchboard.values) }
    },
  },
  {
    method: 'DELETE',
    path: '/switches',
    tells: 'Puts every switch back to where it stood at the start.',
    handle: ({ control }) => {
      control.switchboard.reset()
      return { body: asJson(control.switchboard.values) }
    },
  },
]
