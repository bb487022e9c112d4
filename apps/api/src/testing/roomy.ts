import { measureSpace } from '../spool/spool-space.ts'
import type { SpoolOptions } from '../spool/spool.ts'

/** A volume with room, whatever the machine of the tests has left. */
export const roomy: Partial<SpoolOptions> = {
  measure: async (dir) => ({ ...(await measureSpace(dir)), freeShare: 0.5 }),
}
