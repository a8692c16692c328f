import { spawn, spawnSync, exec, fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import * as fs from 'node:fs';
import { connect, createServer } from 'node:net';
import { Worker } from 'node:worker_threads';

/**
 * Runs inside the jail of a dream and tries to get out. Each attempt says what it met: `did` something it must not, or how
 * it was refused. Reads one line: where things are.
 */
interface Given {
  readonly memory: string;
  readonly outside: string;
  readonly sibling: string;
  readonly link: string;
  readonly linkedFolder: string;
  readonly parentPid: number;
  readonly victimPid: number;
  readonly port: number;
}

type Attempt = () => unknown;

const given = JSON.parse(fs.readFileSync(0, 'utf8')) as Given;
const inside = `${given.memory}/probe.md`;
const kept = `${given.memory}/MEMORY.md`;

const attempts: Record<string, Attempt> = {
  'read inside': () => fs.readFileSync(kept, 'utf8'),
  'write a new file': () => fs.writeFileSync(inside, 'x'),
  'write over a file': () => fs.writeFileSync(kept, 'x'),
  'write with promises': () => fs.promises.writeFile(inside, 'x'),
  'append to a file': () => fs.appendFileSync(kept, 'x'),
  'open for writing': () => fs.openSync(kept, 'r+'),
  'truncate a file': () => fs.truncateSync(kept, 0),
  'rename a file': () => fs.renameSync(kept, inside),
  'remove a file': () => fs.unlinkSync(kept),
  'make a directory': () => fs.mkdirSync(`${given.memory}/made`),
  'make a symbolic link': () => fs.symlinkSync(given.outside, inside),
  'make a hard link': () => fs.linkSync(kept, inside),
  'change a mode': () => fs.chmodSync(kept, 0o777),
  'write to a temporary directory': () => fs.mkdtempSync('/tmp/probe-'),
  'copy a file out': () => fs.cpSync(kept, '/tmp/probe-copy'),
  'write a stream': () => ended(fs.createWriteStream(inside)),
  'read outside': () => fs.readFileSync(given.outside, 'utf8'),
  'read a sibling whose name begins alike': () => fs.readFileSync(given.sibling, 'utf8'),
  'read through ..': () => fs.readFileSync(`${given.memory}/../${given.outside.split('/').at(-1)}`, 'utf8'),
  'list outside': () => fs.readdirSync('/etc'),
  'read a link that leads out': () => fs.readFileSync(given.link, 'utf8'),
  'read through a linked directory': () => fs.readFileSync(given.linkedFolder, 'utf8'),
  'read its own environment': () => fs.readFileSync('/proc/self/environ', 'utf8'),
  "read the parent's environment": () => fs.readFileSync(`/proc/${given.parentPid}/environ`, 'utf8'),
  "read the parent's memory map": () => fs.readFileSync(`/proc/${given.parentPid}/maps`, 'utf8'),
  'spawn a process': () => ended(spawn('/bin/sh', ['-c', 'exit 0'])),
  'spawn a process and wait': () => failed(spawnSync('/bin/sh', ['-c', 'exit 0']).error),
  'run a command': () => ended(exec('exit 0')),
  'fork itself': () => ended(fork(import.meta.filename)),
  'start a thread': () => ended(new Worker('0', { eval: true })),
  'open a database': async () => new (await import('node:sqlite')).DatabaseSync(inside),
  'connect to the loopback': () => ended(connect(given.port, '127.0.0.1')),
  'fetch from the loopback': () => fetch(`http://127.0.0.1:${given.port}/`),
  'listen on a port': () => listening(),
  'send a datagram': () => datagram(given.port),
  'look up a name': async () => (await import('node:dns')).promises.lookup('localhost.example'),
  'load an add-on': () => process.dlopen({ exports: {} }, kept),
  'write a heap snapshot': async () => (await import('node:v8')).writeHeapSnapshot(inside),
  'open the inspector': async () => (await import('node:inspector')).open(0),
  'write a report': () => wrote(process.report.writeReport('probe.json')),
  'signal the parent': () => process.kill(given.parentPid, 0),
  'kill another process': () => process.kill(given.victimPid, 'SIGKILL'),
};

const outcomes: Record<string, string> = {};
// Some refusals come as an event that nobody can wait for.
process.on('uncaughtException', (error) => {
  outcomes['(uncaught)'] = nameOf(error);
});
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    const value = await Promise.race([Promise.resolve(attempt()), late()]);
    outcomes[name] = value === 'late' ? 'no answer' : `did: ${String(value).slice(0, 60)}`;
  } catch (error) {
    outcomes[name] = `refused: ${nameOf(error)}`;
  }
}
const environment = Object.keys(process.env).toSorted();
fs.writeSync(1, `${JSON.stringify({ outcomes, environment, descriptors: openDescriptors(), pid: process.pid })}\n`);
process.exit(0);

function nameOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

function failed(error: Error | undefined): string {
  if (error !== undefined) throw error;
  return 'ran';
}

function wrote(path: string): string {
  if (!fs.existsSync(path)) throw new Error('no file');
  return path;
}

interface Emitter {
  once(name: string, listener: (value: Error) => void): unknown;
}

function ended(emitter: Emitter): Promise<string> {
  return new Promise((resolve, reject) => {
    emitter.once('error', reject);
    for (const name of ['exit', 'connect', 'open', 'online']) emitter.once(name, () => resolve(name));
  });
}

function listening(): Promise<string> {
  return new Promise((resolve, reject) => {
    process.once('uncaughtException', reject);
    createServer()
      .once('error', reject)
      .listen(0, '127.0.0.1', () => resolve('listening'));
  });
}

function datagram(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.send('x', port, '127.0.0.1', (error) => (error === null ? resolve('sent') : reject(error)));
  });
}

/** Descriptors beyond the three pipes, found by trying: /proc is not to be read. */
function openDescriptors(): number[] {
  const found: number[] = [];
  for (let descriptor = 3; descriptor < 64; descriptor += 1) {
    try {
      const stats = fs.fstatSync(descriptor);
      if (stats.isFile() || stats.isSocket()) found.push(descriptor);
    } catch {}
  }
  return found;
}

function late(): Promise<'late'> {
  return new Promise((resolve) => {
    setTimeout(() => resolve('late'), 1_000).unref();
  });
}
