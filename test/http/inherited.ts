import { listen } from '../../src/http/server.ts';
import { recordingLog } from '../ledger/make.ts';

/** A process of its own that serves the listening socket it was given as descriptor 3. */
const server = await listen(
  { host: '10.1.2.3', port: 1, hosts: [] },
  {
    log: recordingLog(),
    token: 'x',
    inheritedFd: 3,
    routes: [(app) => app.get('/healthz', async () => ({ pid: process.pid }))],
  },
);
process.stdout.write(`${process.pid} ${server.url}\n`);
// Should the test be gone, so is this.
setTimeout(() => process.exit(1), 20_000);
