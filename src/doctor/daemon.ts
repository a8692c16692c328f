import { asKairosError } from '../core/errors.ts';
import { fail, ok, readConfigFor, warn, type Check } from './check.ts';

interface Answer {
  readonly version: string;
  readonly ready: boolean;
  readonly notReady: readonly string[];
  readonly safeMode: boolean;
}

/** The daemon runs, answers, and is ready. */
export const daemon: Check = {
  name: 'daemon',
  about: 'The daemon runs, answers within two seconds, is ready and not in safe mode.',
  async look(ports) {
    const running = await ports.daemon();
    if (running === undefined) {
      const fix = 'unusable' in readConfigFor(ports) ? 'Correct the configuration, then: kairos start' : 'kairos start';
      return [warn('not running', 'Nothing is received or told.', fix)];
    }
    let status: Answer;
    try {
      status = await running.get<Answer>('/api/status');
    } catch (error) {
      const { message, hint } = asKairosError(error);
      return [fail(message, `Process ${running.pid} is there, but it does not answer as it should.`, hint)];
    }
    if (status.safeMode) {
      const why = 'The last three starts ended badly within ten minutes; jobs that could be the cause are not run.';
      return [
        fail('running in safe mode', why, 'kairos log shows what happened before; then kairos stop and kairos start.'),
      ];
    }
    if (!status.ready)
      return [
        fail(
          `not ready: ${status.notReady.join(', ')}`,
          'Events are refused until it is.',
          'kairos log, kairos status',
        ),
      ];
    return [ok(`version ${status.version} at ${running.url}, ready`)];
  },
};
