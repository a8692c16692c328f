/**
 * Not a part of kairos: loads what a start loads, so that its compiled form is in the cache. `bin/launch` runs it once,
 * before the first start from a checkout.
 */
process.argv = [process.execPath, 'kairos', 'start', '--help'];
await import('./main.ts');
await import('./commands/start.ts');
await import('chokidar');
