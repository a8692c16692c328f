/**
 * Loaded with `--import` before the daemon: seeds a leak while the file `leak` is in the home, at about 5 MiB a second. The
 * daemon itself knows nothing of it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const kept: Buffer[] = [];
const path = join(process.env['KAIROS_HOME'] ?? '', 'leak');
if (process.argv.includes('start')) {
  setInterval(() => {
    if (existsSync(path)) kept.push(Buffer.alloc(524_288, kept.length & 0xff));
  }, 100).unref();
}
