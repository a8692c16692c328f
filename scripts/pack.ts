/** `npm run pack`: builds kairosd and packs it into the current directory, ready for `npm install --global`. */
import { statSync } from 'node:fs';
import { packProgram } from './package.ts';

const tarball = await packProgram(process.cwd());
console.log(`${tarball}  ${(statSync(tarball).size / 1_048_576).toFixed(1)} MiB`);
