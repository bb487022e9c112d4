import type { ControlRoute } from '../control-route.ts'
import { changeRoutes } from './change-routes.ts'
import { faultRoutes } from './fault-routes.ts'
import { journalRoutes } from './journal-routes.ts'
import { switchRoutes } from './switch-routes.ts'
import { timeRoutes } from './time-routes.ts'
import { webhookRoutes } from './webhook-routes.ts'
import { worldRoutes } from './world-routes.ts'

/** Every route of the control. */
export const controlRoutes: readonly ControlRoute[] = [
  ...worldRoutes,
  ...changeRoutes,
  ...switchRoutes,
  ...faultRoutes,
  ...journalRoutes,
  ...timeRoutes,
  ...webhookRoutes,
]
