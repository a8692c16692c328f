// The peer many GitHub apps are built on: @octokit/webhooks' own middleware, which checks the signature and calls a handler.
// Run inside a temporary directory that has the package. Prints its port.
import { createServer } from 'node:http';
import { createNodeMiddleware, Webhooks } from '@octokit/webhooks';

const webhooks = new Webhooks({ secret: process.argv[2] });
let count = 0;
webhooks.onAny(() => {
  count += 1;
});
const server = createServer(createNodeMiddleware(webhooks, { path: '/webhooks/github' }));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.once('SIGTERM', () => process.exit());
