import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** In a home: the record of a restore that was decided. It goes when the last file is in its place. */
export const PENDING = 'restore.json';

/** Whether a restore has begun to exchange the contents of this home, and was killed. */
export function isRestoring(home: string): boolean {
  return existsSync(join(home, PENDING));
}
