import { measureSpace } from '../spool/spool-space.ts'
import type { SpoolOptions } from '../spool/spool.ts'

/** A volume with room, whatever the machine of the tests has left. */
export const roomy: Partial<SpoolOptions> = {
  measure: async (dir, ownFolder) => ({ ...(await measureSpace(dir, ownFolder)), freeShare: 0.5 }),
}
