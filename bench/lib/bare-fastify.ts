import { createHmac, timingSafeEqual } from 'node:crypto';
import Fastify from 'fastify';

/** The floor: a Fastify that checks the signature and forgets the body. Prints its port. */
const app = Fastify({ logger: false, bodyLimit: 26_214_400 });
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
app.post('/webhooks/:source', (request, reply) => {
  const given = Buffer.from(String(request.headers['x-hub-signature-256']).slice(7), 'hex');
  const expected = createHmac('sha256', process.argv[2] ?? '')
    .update(request.body as Buffer)
    .digest();
  const same = given.length === expected.length && timingSafeEqual(given, expected);
  return reply.code(same ? 202 : 401).send({ id: 'e1', duplicate: false });
});
const url = await app.listen({ port: 0, host: '127.0.0.1' });
console.log(new URL(url).port);
// An orderly end, so that the compile cache is written.
process.once('SIGTERM', () => process.exit());
