import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import Fastify from 'fastify';
import { pino } from 'pino';

/** The floor for memory and processor time: fastify, pino and node:sqlite loaded, doing nothing. Prints its port. */
const database = new DatabaseSync(join(mkdtempSync(join(tmpdir(), 'bare-')), 'bare.db'));
database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT');
const log = pino({ level: 'silent' });
const app = Fastify({ logger: false });
app.get('/healthz', () => ({ status: 'ok' }));
const url = await app.listen({ port: 0, host: '127.0.0.1' });
log.info({}, 'listening');
console.log(new URL(url).port);
// An orderly end, so that the compile cache is written.
process.once('SIGTERM', () => process.exit());
