import { fail, ok, readConfigFor, skip, type Check } from './check.ts';

/** Somebody outside is told that all is well, or the owner knows that nobody is. Nothing is called to find out. */
export const heartbeat: Check = {
  name: 'heartbeat',
  about: 'Somebody outside is told that all is well, or you know that nobody is.',
  async look(ports) {
    const config = readConfigFor(ports);
    if ('unusable' in config) return [skip(config.unusable)];
    const options = config.heartbeat;
    if (options === undefined)
      return [ok('off: nobody outside notices when this machine is gone (heartbeat: in config.yaml)')];
    const { url, urlEnv = '' } = options;
    if (url === undefined && ports.secrets().of(urlEnv) === undefined) {
      const why = 'No sign of life is sent, so whoever waits for it raises an alarm.';
      return [fail(`${urlEnv} is missing`, why, `Write ${urlEnv}=https://… to secrets.env`)];
    }
    return [ok('configured: an outside address is called while all is well')];
  },
};
