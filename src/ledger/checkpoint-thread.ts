import { workerData } from 'node:worker_threads';
import { copyLogBack } from './database.ts';

/** Thread entry: copies the write-ahead log back into the database while the main thread goes on committing. */
const { path, platform } = workerData as { path: string; platform: string };
copyLogBack(path, platform);
