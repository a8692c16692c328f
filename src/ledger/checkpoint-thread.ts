import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase } from './database.ts';

/**
 * Thread entry: copies the write-ahead log back into the database while the main thread goes on committing. PASSIVE never
 * waits for a writer and never makes one wait.
 */
const { path, platform } = workerData as { path: string; platform: string };
const database = openDatabase(path, platform);
try {
  database.exec('PRAGMA wal_checkpoint(PASSIVE)');
} finally {
  database.close();
}
parentPort?.postMessage('done');
