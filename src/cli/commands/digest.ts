import type { Command } from 'commander';
import { createDigests } from '../../daemon/digest.ts';
import { readSecrets } from '../../daemon/secrets.ts';
import { systemClock } from '../../daemon/system.ts';
import { renderDigest } from '../../journal/digest.ts';
import { createRedactor } from '../../redact/redactor.ts';
import { timeZoneOf } from '../time-zone.ts';
import { withExamples, type Act } from '../define.ts';
import { plainBlock } from '../plain-block.ts';

export function define(command: Command, act: Act): void {
  command
    .description('Print the digest of a day: what failed, what waits, what came in. Works without a running daemon.')
    .argument('[date]', 'such as 2026-11-22, today or yesterday', 'today');
  withExamples(command, 'kairos digest', 'kairos digest yesterday', 'kairos digest 2026-11-22 --json').action(
    act(async (cli, [word = 'today']) => {
      const { redact } = createRedactor(readSecrets(cli.home, cli.env).all());
      const clock = { wallMs: () => cli.nowMs(), monoMs: () => systemClock.monoMs() };
      const digests = createDigests({ home: cli.home, timeZone: timeZoneOf(cli), clock, redact });
      const facts = await digests.facts(word, new AbortController().signal);
      cli.print(facts, () => plainBlock(renderDigest(facts)));
    }),
  );
}
