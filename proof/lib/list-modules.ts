import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

/** Given to Node by `--import`: writes down what a process loads, a URL a line, into the file that KAIROS_PROOF_MODULES names. */
const file = process.env['KAIROS_PROOF_MODULES'];
if (file !== undefined && file !== '') {
  registerHooks({
    load(url, context, next) {
      appendFileSync(file, `${url}\n`);
      return next(url, context);
    },
  });
}
